import { join } from "node:path";
import { NodeTab } from "../support/node-tab.ts";
import { type Peer, requirePeer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { UploadGate } from "../support/upload-gate.ts";
import { test as base, type StartedServer } from "./fixture.ts";
import { locksIn } from "./lock-watch.ts";

/** restic's own rest-server with one repository, behind a gate for uploads, at `/up/gated/` of the app's server. */
export interface GatedServer {
  gate: UploadGate;
  /** As steps take it: its repositories are the gated ones. */
  server: StartedServer;
  /** The name of the repository, for steps. */
  repository: string;
  password: string;
  /** The app's own address. */
  home: string;
  locksFolder: string;
  /** The names of the lock files that are there now. */
  locks(): string[];
  restic: Restic;
}

const repository = "gated";
const password = "a door for packs alone";
/** Where the steps find it: they put "repos/" before the name. */
const place = `repos/${repository}`;

interface Fixtures {
  upstream: { rest: RestServer; gate: UploadGate };
  gated: GatedServer;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of a fixture's needs from this pattern.
  upstream: async ({}, use) => {
    const rest = await startRestServer(peer("rest-server"));
    await using gate = await UploadGate.before(new URL("/", rest.repositoryUrl(place)).href);
    await use({ rest, gate });
    await rest.close();
  },

  serverOptions: async ({ upstream }, use) => use(["--proxy", `gated=${upstream.gate.origin}`]),

  gated: async ({ upstream: { rest, gate }, server }, use) => {
    // Its key opens at once, which counts where it is opened fifty times.
    const tab = await NodeTab.create({ url: rest.repositoryUrl(place), login: null, password }, 2);
    await tab[Symbol.asyncDispose]();
    await new ResticKeys(rest, place).makeCheap([password]);
    const settings = { program: peer("restic-0.18"), repository: rest.resticRepository(place), password };
    const restic = await Restic.open(settings);
    const locksFolder = join(rest.directory(place), "locks");
    await use({
      gate,
      server: { ...server, address: `${server.address}up/gated/` },
      repository,
      password,
      home: server.address,
      locksFolder,
      locks: () => locksIn(locksFolder),
      restic,
    });
    await restic.close();
  },
});

function peer(name: "rest-server" | "restic-0.18"): Peer {
  const found = requirePeer(name);
  base.skip(found === null, `no ${name} on this machine`);
  if (found === null) throw new Error(`no ${name} on this machine`);
  return found;
}
