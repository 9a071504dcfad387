import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeProfile } from "../browser/fixture.ts";
import { requirePeer } from "../support/peers.ts";
import { BrowserDevice } from "./browser-device.ts";
import type { FaultWorld, Site } from "./fault-world.ts";
import { type ServerProgram, StoppableServer } from "./stoppable-server.ts";

/** The built server, which serves the app and keeps the repositories. */
const serverProgram = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));

/** The built app in Chromium, from Holdall's own server. The profile stays when the browser is killed. */
export class AppBench {
  private device: BrowserDevice | null = null;
  private sites = 0;

  private constructor(
    private readonly world: FaultWorld,
    readonly server: StoppableServer,
    private readonly data: string,
    private readonly profile: string,
  ) {}

  static async start(world: FaultWorld): Promise<AppBench> {
    const data = await world.emptyFolder();
    const program: ServerProgram = {
      program: process.execPath,
      args: (port) => [serverProgram, "--data", data, "--listen", `127.0.0.1:${port}`, "--no-auth"],
    };
    return new AppBench(world, await StoppableServer.start(program), data, await makeProfile());
  }

  /** Where the app is, with a slash at the end. */
  get address(): string {
    return `http://127.0.0.1:${this.server.port}/`;
  }

  async browser(): Promise<BrowserDevice> {
    if (this.device?.isAlive) return this.device;
    const chromium = requirePeer("chromium");
    if (chromium === null) throw new Error("Chromium is needed");
    this.device = await BrowserDevice.start(chromium, this.profile);
    return this.device;
  }

  async site(): Promise<Site> {
    const name = `site-${++this.sites}`;
    const directory = join(this.data, name);
    await this.world.copyBase(directory);
    return this.world.siteAt({ name, directory, server: `${this.address}repos/` });
  }

  async close(): Promise<void> {
    await this.device?.kill();
    await this.server.kill();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

const lockPatienceMs = 60_000;

/** Waits until a backup holds its lock: from then on it is under way. */
export async function untilLocked({ directory }: Site): Promise<void> {
  const deadline = performance.now() + lockPatienceMs;
  while ((await readdir(join(directory, "locks")).catch(() => [])).length === 0) {
    if (performance.now() > deadline) throw new Error("the backup takes no lock");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
