import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import type { BackupResult } from "../../src/workers/repository-api.ts";
import { DrivenWorker, giveFolder, WorkerError } from "../browser/driven-worker.ts";
import { makeProfile } from "../browser/fixture.ts";
import { backupRequest } from "../support/backup-request.ts";
import { requirePeer } from "../support/peers.ts";
import { BrowserDevice } from "./browser-device.ts";
import type { FaultWorld, Site } from "./fault-world.ts";
import { connections, hostname, packSizeBytes, password, rootName } from "./sizes.ts";
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

/** How a backup of the app ended. */
export interface AppRun {
  ended: string;
  result: BackupResult | null;
}

/** A page of the app with a repository worker of its own, on one repository and one folder. */
export class AppTab {
  private constructor(
    readonly page: Page,
    private readonly worker: DrivenWorker,
  ) {}

  static async open(bench: AppBench, site: Site): Promise<AppTab> {
    const page = await (await bench.browser()).page(bench.address);
    return new AppTab(page, await openWorker(page, site));
  }

  /** The same page with a new worker, after the old one has died. */
  async reopen(site: Site): Promise<AppTab> {
    return new AppTab(this.page, await openWorker(this.page, site));
  }

  /** Ends when the backup does, or with what it is that ends it. Never rejects. */
  async backUp(source: string): Promise<AppRun> {
    try {
      const folder = await giveFolder(this.page, source);
      return await this.backUpGiven(folder);
    } catch (error) {
      return { ended: endOf(error), result: null };
    }
  }

  async backUpGiven(folder: object): Promise<AppRun> {
    try {
      const sources = [{ rootName, folder: { kind: "handle", handle: folder }, addsToParent: false }];
      const result = await this.worker.call("backup", { ...backupRequest({ hostname, packSizeBytes }), sources });
      return { ended: result.outcome, result };
    } catch (error) {
      return { ended: endOf(error), result: null };
    }
  }

  /** Ends the worker as a crash does; calls to it never end. */
  async killWorker(): Promise<void> {
    await this.page.evaluate(() => (Reflect.get(window, "drivenWorker") as Worker).terminate());
  }
}

async function openWorker(page: Page, site: Site): Promise<DrivenWorker> {
  const worker = await DrivenWorker.start(page);
  const location = { kind: "rest", url: `${site.server}${site.name}/`, login: null, connections };
  await worker.call("open", { location, password, keep: { kind: "device", budgetBytes: 1 << 24 } });
  return worker;
}

function endOf(error: unknown): string {
  return error instanceof WorkerError ? error.code : "killed";
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
