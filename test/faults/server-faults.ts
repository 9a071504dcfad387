import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { injectIntoEngine } from "./engine-injection.ts";
import type { Fault, FaultContext, Injected } from "./fault.ts";
import type { Disturbance } from "./fault-proxy.ts";
import type { FaultWorld, Site } from "./fault-world.ts";
import { requestsOfRun } from "./request-faults.ts";
import { fileBytes } from "./sizes.ts";
import { type ServerProgram, StoppableServer } from "./stoppable-server.ts";

/** A real rest-server that is killed and comes back, and one that has no more room. */
export const serverFaults: readonly Fault[] = [
  {
    name: "server stopped and started",
    driver: "engine",
    least: { full: 20, quick: 2 },
    plan: async (context) => {
      const { extent, random, world } = context;
      const all = await requestsOfRun(world);
      const targets = random.spread(all, extent === "full" ? 20 : 2);
      return targets.map(({ n }) => ({ where: `request ${n}`, run: () => stopAt(context, n) }));
    },
  },
  {
    name: "server full (--max-size)",
    driver: "engine",
    least: { full: 8, quick: 1 },
    plan: async (context) => {
      const { extent, random } = context;
      const rooms = random.spread([1, 3, 5, 7, 9, 11, 13, 15], extent === "full" ? 8 : 1);
      return rooms.map((packs) => ({ where: `room for ${packs} packs`, run: () => fillUp(context, packs) }));
    },
  },
];

const repository = "apart";

/** So many requests have to find nobody before the server is back. */
const unanswered = 3;

async function stopAt(context: FaultContext, n: number): Promise<Injected> {
  const folder = await context.world.emptyFolder();
  await context.world.copyBase(join(folder, repository));
  const server = await StoppableServer.start(restServer(context.world, folder));
  let stopping: Promise<void> | null = null;
  let isBack = false;
  try {
    return await injectIntoEngine(context, {
      site: () => siteIn(context.world, folder, server),
      network: (scene) => ({
        decide: async (request): Promise<Disturbance> => {
          if (request.n === n) stopping = server.kill();
          await stopping;
          if (stopping === null || isBack || scene().proxy.refused < unanswered) return "none";
          isBack = true;
          await server.resume();
          return "none";
        },
      }),
      fired: ({ proxy }) => proxy.refused > 0,
      // While the repository is being opened somebody waits for the page, so a server that is away is told soon.
      mayEnd: ["stored", "network"],
      // A run that ended while the server was away finds it back.
      repair: () => (isBack ? Promise.resolve() : server.resume()),
    });
  } finally {
    await server.kill();
    await context.world.drop(folder);
  }
}

async function fillUp(context: FaultContext, packs: number): Promise<Injected> {
  const { world } = context;
  const folder = await world.emptyFolder();
  await world.copyBase(join(folder, repository));
  const room = (await sizeOnDisk(folder)) + packs * fileBytes;
  const server = await StoppableServer.start(restServer(world, folder, ["--max-size", String(room)]));
  let refused = 0;
  try {
    return await injectIntoEngine(context, {
      site: () => siteIn(world, folder, server),
      network: () => ({
        onAnswer: ({ status }) => {
          if (status === 507) refused++;
        },
      }),
      fired: () => refused > 0,
      mayEnd: ["storage-full"],
      // Not even an index has room.
      mostAgain: null,
      repair: async () => {
        await server.kill();
        await server.resume(restServer(world, folder));
      },
    });
  } finally {
    await server.kill();
    await world.drop(folder);
  }
}

function siteIn(world: FaultWorld, folder: string, { port }: StoppableServer): Promise<Site> {
  return world.siteAt({ name: repository, directory: join(folder, repository), server: `http://127.0.0.1:${port}/` });
}

function restServer({ peers }: FaultWorld, folder: string, options: readonly string[] = []): ServerProgram {
  const args = (port: number) => ["--no-auth", "--listen", `127.0.0.1:${port}`, "--path", folder, ...options];
  return { program: peers.restServer.path, args };
}

/** As rest-server counts when it starts: folders have a size, too. */
async function sizeOnDisk(folder: string): Promise<number> {
  let bytes = (await stat(folder)).size;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
