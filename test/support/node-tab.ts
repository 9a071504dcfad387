import { basename } from "node:path";
import { connectRest } from "../../src/core/backend/connect-rest.ts";
import type { Clock } from "../../src/core/base/clock.ts";
import type { LockJournal } from "../../src/core/base/ports.ts";
import { folderOfFiles } from "../../src/platform/folder-source.ts";
import type {
  BackupProgress,
  BackupRequest,
  BackupResult,
  BackupSource,
  FolderPick,
  OpenRequest,
  RestoreResult,
} from "../../src/workers/repository-api.ts";
import { RepositoryService } from "../../src/workers/repository-service.ts";
import { backupRequest } from "./backup-request.ts";
import { never, quiet } from "./device.ts";
import { nodeKernels } from "./kernels.ts";
import { MemoryPackSpool } from "./memory-pack-spool.ts";
import { impatientClock, memoryJournal } from "./memory-repository.ts";
import { MemoryBrowser } from "./memory-tabs.ts";
import { NodeFolderSink } from "./node-folder-sink.ts";
import { NodeFolderSource } from "./node-folder-source.ts";

/** A repository on a REST server, and what opens it. */
export interface TabPlace {
  url: string;
  login: { username: string; password: string } | null;
  password: string;
}

/** What surrounds the tab; what is absent is plain: the machine's own time, no memory of other tabs. */
export interface TabSurroundings {
  clock?: Clock;
  fetch?: typeof fetch;
  journal?: LockJournal;
}

/**
 * A tab of Holdall in Node: the repository worker's service behind its contract, with folders of this machine where a
 * browser has handles. Names of files are text and links are not seen, as in a browser.
 */
export class NodeTab implements AsyncDisposable {
  private readonly folders = new WeakMap<FileSystemDirectoryHandle, string>();
  readonly service: RepositoryService;

  private constructor({ clock = impatientClock, fetch, journal = memoryJournal() }: TabSurroundings) {
    this.service = new RepositoryService({
      connect: (location, retry) => {
        if (location.kind === "folder") throw new RangeError("this tab knows REST servers only");
        const { url, login } = location;
        return connectRest({ url, login, clock, ...(fetch && { fetch }) }, retry);
      },
      kernels: nodeKernels,
      clock,
      openJournal: () => journal,
      openOfflineStore: () => {
        throw new RangeError("nothing is to be kept");
      },
      sourceFolderOf: (pick) => this.sourceOf(pick),
      sinkOf: (target) => new NodeFolderSink(this.pathOf(target), "text"),
      openPackSpool: () => new MemoryPackSpool(),
      openSetStore: () => {
        throw new RangeError("nothing is to be kept");
      },
      tabs: new MemoryBrowser().openTab(),
      programVersion: "holdall test",
    });
  }

  static async open(place: TabPlace, surroundings: TabSurroundings = {}): Promise<NodeTab> {
    const tab = new NodeTab(surroundings);
    await tab.service.open(openRequest(place), quiet);
    return tab;
  }

  static async create(place: TabPlace, formatVersion: 1 | 2): Promise<NodeTab> {
    const tab = new NodeTab({});
    await tab.service.create({ ...openRequest(place), formatVersion }, quiet);
    return tab;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.service.close();
  }

  /** What a picker would give for a folder of this machine. */
  handle(path: string): FileSystemDirectoryHandle {
    const handle = { kind: "directory", name: basename(path) } as FileSystemDirectoryHandle;
    this.folders.set(handle, path);
    return handle;
  }

  folderSource(rootName: string, path: string): BackupSource {
    return { rootName, folder: { kind: "handle", handle: this.handle(path) }, addsToParent: false };
  }

  backup(
    changes: Partial<BackupRequest> & Pick<BackupRequest, "sources" | "hostname">,
    signal: AbortSignal = never,
    onProgress: (progress: BackupProgress) => void = () => {},
  ): Promise<BackupResult> {
    return this.service.backup(backupRequest(changes), { signal, onProgress });
  }

  /** Restores a whole snapshot into a folder that is there. */
  restore(snapshot: string, target: string): Promise<RestoreResult> {
    const request = { snapshot, paths: [[]], target: this.handle(target), overwrite: "never" } as const;
    return this.service.restore({ ...request, paths: [[]] }, quiet);
  }

  private sourceOf(pick: FolderPick) {
    return pick.kind === "files" ? folderOfFiles(pick) : new NodeFolderSource(this.pathOf(pick.handle));
  }

  private pathOf(handle: FileSystemDirectoryHandle): string {
    const path = this.folders.get(handle);
    if (path === undefined) throw new RangeError(`no handle of this tab: ${handle.name}`);
    return path;
  }
}

function openRequest({ url, login, password }: TabPlace): OpenRequest {
  return { location: { kind: "rest", url, login, connections: null }, password, keep: { kind: "nothing" } };
}
