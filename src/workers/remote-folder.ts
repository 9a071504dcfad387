import { type Bytes, concatBytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import type { FileStat, RemoteBlob, RemoteReader, SourceEntry, SourceFile, SourceFolder } from "../core/base/ports.ts";
import { isPlainName, rawNameOf } from "../core/base/raw-name.ts";
import { isRenamed, portableNames } from "../core/restorer/name-policy.ts";
import type { ListedFolder } from "./api/folder-stats.ts";
import type { SourceWorker, SourceWorkers } from "./source-workers.ts";

/** Tells what is in the folder at a path below the picked one; null if it is not known. */
export type FolderLister = (path: string[], signal: AbortSignal) => Promise<ListedFolder | null>;

/** A picked folder, of which source workers have the files open. */
export class RemoteFolder implements SourceFolder {
  private worker: SourceWorker | null = null;
  private waiting: Waiting[] = [];

  /** The path leads from the picked folder to this one. */
  constructor(
    private readonly source: RemoteSource,
    private readonly path: string[] = [],
  ) {}

  async *entries(signal: AbortSignal): AsyncGenerator<SourceEntry> {
    signal.throwIfAborted();
    const worker = this.source.workers.forListing();
    const { path } = this;
    const { folders, files } = await worker.call(0, (api) => api.list({ path }, { signal }));
    worker.opened += (folders.length + files.length) / 2;
    this.worker = worker;
    for (const name of folders) {
      signal.throwIfAborted();
      yield this.folderOf(name);
    }
    for (const name of files) {
      signal.throwIfAborted();
      yield { kind: "file", name: rawNameOf(name), open: (signal) => this.open(name, signal) };
    }
  }

  /** Null too for a folder with names that handles leave out without a word: those are not to come and go. */
  async stats(signal: AbortSignal): Promise<SourceEntry[] | null> {
    const listed = (await this.source.lister?.(this.path, signal)) ?? null;
    if (listed === null || ![...listed.folders, ...listed.files].every(isListedByHandles)) return null;
    const { folders, files, sizes, modifiedMs } = listed;
    return [
      ...folders.map((name) => this.folderOf(name)),
      ...files.map((name, i): SourceEntry => {
        const stat = { size: sizes[i] ?? 0, modifiedMs: modifiedMs[i] ?? 0 };
        return { kind: "file", name: rawNameOf(name), stat, open: (signal) => this.open(name, signal) };
      }),
    ];
  }

  close(): void {
    this.source.workers.close();
  }

  private folderOf(name: string): SourceEntry {
    return { kind: "folder", name: rawNameOf(name), folder: new RemoteFolder(this.source, [...this.path, name]) };
  }

  /** All files that are asked for in one turn are opened by one call. */
  private open(name: string, signal: AbortSignal): Promise<SourceFile> {
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      if (this.waiting.length === 0) queueMicrotask(() => void this.openWaiting(signal));
      this.waiting.push({ name, resolve, reject });
    });
  }

  private async openWaiting(signal: AbortSignal): Promise<void> {
    const { path, source } = this;
    const files = this.waiting;
    this.waiting = [];
    try {
      const worker = source.workers.forOpening(this.worker);
      this.worker = worker;
      const names = files.map(({ name }) => name);
      const opened = await worker.call(names.length, (api) => api.open({ path, names }, { signal }));
      for (const [i, { name, resolve, reject }] of files.entries()) {
        const result = opened[i] as (typeof opened)[number];
        if ("reason" in result) reject(new HoldallError("source-unreadable", result));
        else resolve({ ...result, blob: source.blob(worker, { path, name, size: result.size }) });
      }
    } catch (error) {
      for (const { reject } of files) reject(error);
    }
  }
}

interface Waiting {
  name: string;
  resolve(file: SourceFile): void;
  reject(error: unknown): void;
}

interface FilePlace {
  path: string[];
  name: string;
  size: FileStat["size"];
}

interface FilesOfWorker {
  worker: SourceWorker;
  files: FilePlace[];
  /** How many of them it does not have open. */
  opens: number;
}

/** A file that was opened by one of the source's workers. */
class OpenedBlob implements RemoteBlob {
  constructor(
    readonly reader: RemoteReader,
    readonly worker: SourceWorker,
    readonly place: FilePlace,
  ) {}

  get size(): number {
    return this.place.size;
  }
}

/** What all folders of one pick have in common. */
export class RemoteSource implements RemoteReader {
  /** With a lister, files have stats where it knows them. */
  constructor(
    readonly workers: SourceWorkers,
    readonly lister: FolderLister | null = null,
  ) {}

  blob(worker: SourceWorker, place: FilePlace): RemoteBlob {
    return new OpenedBlob(this, worker, place);
  }

  /** Each file by the worker that has it open: a group may have been opened while another one took over. */
  async read(blobs: readonly RemoteBlob[], signal: AbortSignal): Promise<Bytes> {
    const parts = this.byWorker(blobs.map(ownBlob)).map(({ worker, files, opens }) =>
      worker.call(opens, (api) => api.read({ files }, { signal })),
    );
    const read = await Promise.all(parts);
    const [only] = read;
    return only !== undefined && read.length === 1 ? only : concatBytes(read);
  }

  blobOf(blob: RemoteBlob, signal: AbortSignal): Promise<Blob> {
    const opened = ownBlob(blob);
    return this.workers.forReading(opened.worker).call(0, (api) => api.file(opened.place, { signal }));
  }

  /** In their order, what follows one another in one worker together. */
  private byWorker(blobs: readonly OpenedBlob[]): FilesOfWorker[] {
    const parts: FilesOfWorker[] = [];
    for (const { worker: opener, place } of blobs) {
      const worker = this.workers.forReading(opener);
      let part = parts.at(-1);
      if (part?.worker !== worker) {
        part = { worker, files: [], opens: 0 };
        parts.push(part);
      }
      part.files.push(place);
      if (worker !== opener) part.opens++;
    }
    return parts;
  }
}

function ownBlob(blob: RemoteBlob): OpenedBlob {
  if (blob instanceof OpenedBlob) return blob;
  throw new HoldallError("bug", { reason: "a blob of another source" });
}

function isListedByHandles(name: string): boolean {
  const rawName = rawNameOf(name);
  return isPlainName(rawName) && !isRenamed(rawName, portableNames(rawName));
}
