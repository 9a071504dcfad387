import { randomBytes } from "node:crypto";
import type { NodePath } from "../../src/workers/repository-api.ts";
import { type DrivenCall, type DrivenWorker, type KeptFolder, WorkerError } from "../browser/driven-worker.ts";
import { SeededRandom } from "../faults/seeded-random.ts";
import { backupRequest } from "../support/backup-request.ts";
import { untilIdle } from "./connection-figures.ts";
import { type ConnectionSource, rootName } from "./connection-source.ts";
import type { ConnectionTab } from "./connection-tab.ts";
import type { CountedSite } from "./counted-site.ts";

const repository = "counted";
const password = "a password of many connections";
const smallestPack = 4 * 1024 * 1024;
const lanes = 8;
const readingsInRound = 800;
const cancelsInRound = 25;
const probesInRound = 20;
/** Longer than any file. */
const whole = 32 * 1024 * 1024;
/** So much of what is read goes on to the test. */
const shown = 1000;
const mebibyte = 1024 * 1024;

/** What the faults of the server may end a call with, in a page that waits for no server for long. */
const bearable: ReadonlySet<string> = new Set(["server-busy", "not-found", "blob-missing", "aborted"]);

export interface WorkSettings {
  /** Requests at once, by the product's own setting. */
  limit: number;
  /** The work goes on until so many were made. */
  requests: number;
  seed: number;
}

interface SeenFile {
  path: NodePath;
  bytes: number;
}

/** So many calls at once ask for what goes beside the limit: the backup its locks and lists, and the page one list. */
export const callsBesideLimit = 2;

/** What a person does with a repository in a long day, all of it through the contract of the app's worker. */
export class ConnectionWork {
  /** Jobs that were cancelled under way: each may leave as many bodies as run at once. */
  cancelledJobs = 0;
  /** Connections on which a body was still left when the call was over that had asked for it. */
  leftBusy = 0;
  /** Calls that ended with an error, by its code. */
  readonly failures = new Map<string, number>();
  private readonly random: SeededRandom;
  private snapshot = "";
  private files: readonly SeenFile[] = [];

  constructor(
    private readonly site: CountedSite,
    private readonly tab: ConnectionTab,
    private readonly source: ConnectionSource,
    private readonly settings: WorkSettings,
  ) {
    this.random = new SeededRandom(settings.seed);
  }

  /** Ends with the repository closed. */
  async run(): Promise<void> {
    const folder = await this.tab.folder(this.source.folder);
    for (let round = 0; !this.isEnough; round++) {
      this.source.change(2 * round);
      await this.enter(round === 0 ? "create" : "open");
      await this.backUp(folder);
      await this.restore();
      await this.look();
      if (this.files.length === 0) this.files = await this.findFiles();
      await this.cancelReadings();
      this.source.change(2 * round + 1);
      await this.cancelJobs(folder);
      await this.readFiles();
    }
    await this.worker.call("close", {});
    await untilIdle(this.site.counts);
    this.leftBusy += this.site.counts.running;
  }

  private get worker(): DrivenWorker {
    return this.tab.worker;
  }

  private get isEnough(): boolean {
    return this.site.counts.requests >= this.settings.requests;
  }

  private get location(): object {
    const { limit: connections } = this.settings;
    return { kind: "rest", url: this.site.repositoryUrl(repository), login: null, connections };
  }

  private async enter(how: "create" | "open"): Promise<void> {
    const { location } = this;
    const request = { location, password, keep: { kind: "nothing" }, ...(how === "create" && { formatVersion: 2 }) };
    await this.untilDone(() => this.worker.call(how, request));
  }

  /** With the lists that a page asks for meanwhile, one at a time. */
  private async backUp(folder: KeptFolder): Promise<void> {
    let isOver = false;
    const backUp = async () => {
      const { snapshot } = await this.untilDone(() => this.worker.call("backup", this.backupOf(folder)));
      this.snapshot = snapshot?.id ?? "";
      isOver = true;
    };
    const lookBeside = async () => {
      while (!isOver) {
        await this.borne(this.worker.call("listLocks", {}));
        await this.borne(this.worker.call("listSnapshots", {}));
      }
    };
    await Promise.all([backUp(), lookBeside()]);
    await this.borne(this.worker.call("verifyUpload", { extent: "all" }));
  }

  private async restore(): Promise<void> {
    await this.borne(this.worker.call("restore", this.restoreTo(await this.tab.emptyFolder())));
  }

  private async look(): Promise<void> {
    const { snapshot } = this;
    // The connection form's, which knows no limit of the open repository's: nothing else runs.
    for (let done = 0; done < probesInRound; done++) {
      await this.borne(this.worker.call("probe", { location: this.location }));
    }
    await this.borne(this.worker.call("measureFolders", { snapshot, path: [] }));
    await this.borne(this.worker.call("planArchive", { snapshot, paths: [[]], format: "zip" }));
    await this.borne(this.worker.call("removeLock", { id: randomBytes(32).toString("hex") }));
  }

  /** Each file in turn, whole. */
  private async readFiles(): Promise<void> {
    let at = 0;
    const readNext = async () => {
      while (at < readingsInRound && !this.isEnough) {
        await this.borne(this.readingOf(this.fileAt(at++, isSmall), shown).ended);
      }
    };
    await Promise.all(Array.from({ length: lanes }, readNext));
  }

  /** Of little that is still to come: it is read to its end, and its connection is used again. */
  private async cancelReadings(): Promise<void> {
    for (let done = 0; done < cancelsInRound; done++) {
      const file = this.fileAt(this.random.below(1000), isMedium);
      await this.cancelAtHalf(() => this.readingOf(file, shown), isPackRead);
    }
  }

  private async cancelJobs(folder: KeptFolder): Promise<void> {
    const target = await this.tab.emptyFolder();
    const large = this.files.reduce((a, b) => (b.bytes > a.bytes ? b : a));
    const jobs: [() => DrivenCall<unknown>, typeof isPackRead][] = [
      [() => this.readingOf(large, whole), isPackRead],
      [() => this.worker.begin("restore", this.restoreTo(target)), isPackRead],
      [() => this.worker.begin("backup", this.backupOf(folder)), isPackUpload],
    ];
    for (const [begin, isHeld] of jobs) {
      this.cancelledJobs++;
      await this.cancelAtHalf(begin, isHeld);
    }
  }

  private async cancelAtHalf(begin: () => DrivenCall<unknown>, isHeld: typeof isPackRead): Promise<void> {
    const held = this.site.holdNext(isHeld);
    const call = begin();
    const ended = this.borne(call.ended);
    // A fault can end it before.
    await Promise.race([held.reached, ended]);
    await call.abort();
    held.release();
    await ended;
    await untilIdle(this.site.counts);
    this.leftBusy += this.site.counts.running;
  }

  /** The places of the files, which are the same in all snapshots. */
  private async findFiles(): Promise<SeenFile[]> {
    const { snapshot } = this;
    const files: SeenFile[] = [];
    const folders: NodePath[] = [[]];
    for (const path of folders) {
      const { entries } = await this.untilDone(() => this.worker.call("listFolder", { snapshot, path }));
      for (const { type, position, sizeBytes } of entries) {
        const below = [...path, position];
        if (type === "dir") folders.push(below);
        else files.push({ path: below, bytes: sizeBytes });
      }
    }
    return files;
  }

  private readingOf({ path }: SeenFile, maxBytes: number): DrivenCall<unknown> {
    return this.worker.begin("preview", { snapshot: this.snapshot, path, maxBytes });
  }

  private backupOf(folder: KeptFolder): object {
    const sources = [{ rootName, folder: { kind: "handle", handle: folder }, addsToParent: false }];
    return { ...backupRequest({ hostname: "counted-browser", packSizeBytes: smallestPack }), sources };
  }

  private restoreTo(target: KeptFolder): object {
    return { snapshot: this.snapshot, paths: [[]], target, overwrite: "always" };
  }

  /** One of those; after the last comes the first. */
  private fileAt(number: number, isWanted: (file: SeenFile) => boolean): SeenFile {
    const files = this.files.filter(isWanted);
    const file = files[number % files.length];
    if (file === undefined) throw new Error("the snapshot does not show the files that were backed up");
    return file;
  }

  /** Tries again what a fault has ended. */
  private async untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const result = await this.borne(work());
      if (result !== null) return result;
    }
  }

  /** Null if a fault has ended it; whatever no fault explains is thrown on. */
  private async borne<T>(work: Promise<T>): Promise<T | null> {
    try {
      return await work;
    } catch (error) {
      if (!(error instanceof WorkerError) || !bearable.has(error.code)) throw error;
      this.failures.set(error.code, (this.failures.get(error.code) ?? 0) + 1);
      return null;
    }
  }
}

function isSmall({ bytes }: SeenFile): boolean {
  return bytes < mebibyte / 16;
}

function isMedium({ bytes }: SeenFile): boolean {
  return bytes >= mebibyte / 16 && bytes < mebibyte;
}

function isPackRead(method: string, path: string): boolean {
  return method === "GET" && path.includes("/data/") && !path.endsWith("/");
}

function isPackUpload(method: string, path: string): boolean {
  return method === "POST" && path.includes("/data/");
}
