import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackupSource } from "../../src/workers/repository-api.ts";
import { NodeTab } from "../support/node-tab.ts";
import type { Peer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { SimulatedDays } from "../support/simulated-days.ts";
import { type TreeState, treeState } from "../support/tree-state.ts";
import { Engine } from "./engine.ts";
import { Dice, HomeFolder, PhotoPicks, WorkFolder } from "./household-folders.ts";

const repository = "household";
const password = "a house with many doors";

/** As the app proposes them: a word of one's own, unlike all others of the repository. */
export const amber = "amber-browser";
export const cobalt = "cobalt-browser";
export const laptop = "laptop";

interface ListedSnapshot {
  id: string;
  hostname: string;
  paths: string[];
}

/**
 * One repository and those who back up into it: a laptop with restic itself, and two browsers, each with a folder called
 * Documents and a pick of photos called Photos. One of the browsers has a second folder called Documents.
 */
export class Household implements AsyncDisposable {
  readonly home: WorkFolder;
  readonly amberDocuments: WorkFolder;
  readonly amberSecond: WorkFolder;
  readonly cobaltDocuments: WorkFolder;
  readonly amberPhotos: PhotoPicks;
  readonly cobaltPhotos: PhotoPicks;
  private readonly time = new SimulatedDays(Date.UTC(2026, 2, 1, 6));
  private folders = 0;

  private constructor(
    private readonly folder: string,
    private readonly server: RestServer,
    readonly restic: Restic,
    seed: number,
  ) {
    this.home = new HomeFolder(join(folder, "home"), new Dice(seed));
    this.amberDocuments = new WorkFolder(join(folder, "amber", "Documents"), new Dice(seed + 1));
    this.amberSecond = new WorkFolder(join(folder, "amber", "disk", "Documents"), new Dice(seed + 2));
    this.cobaltDocuments = new WorkFolder(join(folder, "cobalt", "Documents"), new Dice(seed + 3));
    this.amberPhotos = new PhotoPicks(new Dice(seed + 4));
    this.cobaltPhotos = new PhotoPicks(new Dice(seed + 5));
  }

  static async start(program: Peer, serverProgram: Peer, seed: number): Promise<Household> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-household-")));
    const server = await startRestServer(serverProgram);
    const settings = { program, repository: server.resticRepository(repository), password };
    const household = new Household(folder, server, await Restic.open(settings), seed);
    await (await NodeTab.create(household.place, 2))[Symbol.asyncDispose]();
    await new ResticKeys(server, repository).makeCheap([password]);
    return household;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.restic.close();
    await this.server.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A day on which everybody works; who backs up depends on the day. On odd days the sources come in another order. */
  async live(day: number): Promise<void> {
    const { date } = this.time;
    for (const folder of [this.home, this.amberDocuments, this.amberSecond, this.cobaltDocuments]) folder.work(date);
    await this.backUp(amber, (tab) => {
      const first = tab.folderSource("Documents", this.amberDocuments.path);
      const second = tab.folderSource("Documents 2", this.amberSecond.path);
      return day % 2 === 0 ? [first, second] : [second, first];
    });
    if (day % 2 === 1) {
      await this.backUp(cobalt, (tab) => [tab.folderSource("Documents", this.cobaltDocuments.path)]);
    }
    if (day % 4 === 1) await this.backUp(amber, () => [this.amberPhotos.pick(date)]);
    if (day % 5 === 2) await this.backUp(cobalt, () => [this.cobaltPhotos.pick(date)]);
    if (day % 3 === 2) await this.backUpHome();
    this.time.pass();
  }

  /** Host and paths of every snapshot, sorted. */
  async series(): Promise<string[]> {
    return (await this.snapshots()).map(({ hostname, paths }) => `${hostname} ${paths.join(" ")}`).sort();
  }

  /** The only snapshot of a series, restored by restic and by Holdall: two folders. */
  async restore(host: string, path: string): Promise<string[]> {
    const id = await this.onlySnapshot(host, path);
    const byRestic = await this.emptyFolder();
    await this.restic.succeed(["restore", id, "--target", byRestic]);
    const byHoldall = await this.emptyFolder();
    await using tab = await this.openTab();
    const { failures } = await tab.restore(id, byHoldall);
    if (failures.length > 0) throw new Error(`Holdall could not restore ${JSON.stringify(failures)}`);
    return [byRestic, byHoldall];
  }

  /** The laptop's home with modes and links: as restic restores it, and as GNU tar unpacks Holdall's archive. */
  async restoreHome(python: Peer, tar: Peer): Promise<Record<"byRestic" | "byHoldall", TreeState>> {
    const id = await this.onlySnapshot(laptop, this.home.path);
    const byRestic = await this.emptyFolder();
    await this.restic.succeed(["restore", id, "--target", byRestic]);
    const byHoldall = await this.emptyFolder();
    const archive = join(this.folder, "home.tar");
    const engine = await Engine.open(this.place);
    try {
      const { failures } = await engine.saveTar(id, archive);
      if (failures.length > 0) throw new Error(`Holdall could not save ${failures.join()}`);
    } finally {
      engine.close();
    }
    execFileSync(tar.path, ["--numeric-owner", "-xpf", archive, "-C", byHoldall]);
    return {
      byRestic: treeState(python, join(byRestic, "home")),
      byHoldall: treeState(python, join(byHoldall, "home")),
    };
  }

  private async backUp(hostname: string, sourcesOf: (tab: NodeTab) => BackupSource[]): Promise<void> {
    this.time.passMinutes(10);
    await using tab = await this.openTab();
    const { outcome, failures } = await tab.backup({ hostname, sources: sourcesOf(tab) });
    if (outcome !== "stored" || failures.length > 0) {
      throw new Error(`the backup of ${hostname} ended as ${outcome}: ${JSON.stringify(failures)}`);
    }
  }

  private async backUpHome(): Promise<void> {
    this.time.passMinutes(10);
    const args = ["backup", "--host", laptop, "--time", this.time.resticTime, "home"];
    await this.restic.succeed(args, { cwd: this.folder });
  }

  private openTab(): Promise<NodeTab> {
    return NodeTab.open(this.place, { clock: this.time.clock, fetch: this.time.fetch });
  }

  private get place() {
    return { url: this.server.repositoryUrl(repository), login: this.server.login, password };
  }

  private async snapshots(): Promise<ListedSnapshot[]> {
    return (await this.restic.json<ListedSnapshot[]>(["snapshots"])).flat();
  }

  private async onlySnapshot(host: string, path: string): Promise<string> {
    const ids = (await this.snapshots()).filter(({ hostname, paths }) => hostname === host && paths.includes(path));
    const [only] = ids;
    if (only === undefined || ids.length > 1) throw new Error(`${host} ${path} has ${ids.length} snapshots`);
    return only.id;
  }

  private async emptyFolder(): Promise<string> {
    const folder = join(this.folder, `restored-${this.folders++}`);
    await mkdir(folder);
    return folder;
  }
}
