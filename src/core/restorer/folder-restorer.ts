import { isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { FileSink } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { OpenedBlob } from "../codec/codec.ts";
import type { DataSource } from "./content-reader.ts";
import { ExistingFiles, type FileDecision, type OverwriteMode } from "./existing-files.ts";
import type { PlannedFile, RestorePlan } from "./restore-plan.ts";
import { type FileToWrite, RestoringFile } from "./restoring-file.ts";

/** Files are restored in windows of at most so many bytes, and of as many files as the sink takes, two windows at a time. */
const windowBytes = 48 * 1024 * 1024;
const windowsAtOnce = 2;

export interface RestoreCounts {
  /** Files that are as the snapshot has them. */
  filesDone: number;
  /** Of these, the ones that were so already. */
  filesUnchanged: number;
  /** Files that were there and were left alone, as "never" wants it. */
  filesKept: number;
  foldersDone: number;
  /** Bytes of which nothing more is to be done, whatever came of them: what a progress bar shows. */
  bytesDone: number;
  /** Bytes of the files that are done. */
  bytesRestored: number;
  bytesWritten: number;
}

export function noCounts(): RestoreCounts {
  return {
    filesDone: 0,
    filesUnchanged: 0,
    filesKept: 0,
    foldersDone: 0,
    bytesDone: 0,
    bytesRestored: 0,
    bytesWritten: 0,
  };
}

export interface FolderRestorerPorts {
  data: DataSource;
  sink: FileSink;
  overwrite: OverwriteMode;
  counts: RestoreCounts;
  /** A file or folder that was not restored; the others are. */
  failed(path: readonly RawName[], error: unknown): void;
}

/** A chunk of a file and where in the file it goes. */
interface Placement {
  file: RestoringFile;
  position: number;
  length: number;
}

/** Some files, or a part of a large one, whose chunks are loaded together. */
interface Window {
  chunks: Map<Id, Placement[]>;
  /** Files of which no chunk is to be written. */
  readyFiles: RestoringFile[];
  files: number;
  length: number;
}

/** Restores the files of a plan through a sink that can write anywhere in a file, pack by pack. */
export class FolderRestorer {
  /** Files that have chunks left to be written. */
  private readonly unfinished = new Set<RestoringFile>();

  constructor(private readonly ports: FolderRestorerPorts) {}

  /** Resolves when every file is restored or reported. An abort discards the files that are not complete. */
  async restore(plan: RestorePlan, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const running = AbortSignal.any([signal, stop.signal]);
    await this.makeFolders(plan, signal);
    const room = new Semaphore(windowsAtOnce);
    const work: Promise<void>[] = [];
    try {
      for await (const window of this.windows(plan.files, running)) {
        await room.acquire(1, running);
        const restoring = this.restoreWindow(window, running)
          .catch((error: unknown) => stop.abort(error))
          .finally(() => room.release(1));
        work.push(restoring);
      }
    } finally {
      await Promise.all(work);
      await Promise.all([...this.unfinished].map((file) => file.discard()));
    }
    running.throwIfAborted();
  }

  private async makeFolders(plan: RestorePlan, signal: AbortSignal): Promise<void> {
    for (const folder of plan.folders) {
      signal.throwIfAborted();
      try {
        await this.ports.sink.folder(folder.target);
        this.ports.counts.foldersDone++;
      } catch (error) {
        if (isAbort(error)) throw error;
        this.ports.failed(folder.path, error);
      }
    }
  }

  private async *windows(files: readonly PlannedFile[], signal: AbortSignal): AsyncGenerator<Window, void, undefined> {
    const existing = new ExistingFiles(this.ports.sink, this.ports.overwrite);
    let window = emptyWindow();
    for await (const decision of existing.decide(files, signal)) {
      if (!this.isToWrite(decision)) continue;
      const file = new RestoringFile(decision, this);
      window.files++;
      if (decision.chunks.length === 0) window.readyFiles.push(file);
      else this.unfinished.add(file);
      for (const { id, position, length } of chunksOf(decision)) {
        const placements = window.chunks.get(id) ?? [];
        placements.push({ file, position, length });
        window.chunks.set(id, placements);
        window.length += length;
        if (window.length < windowBytes) continue;
        yield window;
        window = emptyWindow();
      }
      if (window.files < this.ports.sink.filesAtOnce / windowsAtOnce) continue;
      yield window;
      window = emptyWindow();
    }
    yield window;
  }

  /** Counts what needs no writing. */
  private isToWrite(decision: FileDecision): decision is FileDecision & { action: "write" } {
    const { counts } = this.ports;
    const { planned } = decision;
    if (decision.action === "write") {
      const missing = decision.chunks.reduce((sum, position) => sum + (planned.lengths[position] ?? 0), 0);
      counts.bytesDone += planned.size - missing;
      return true;
    }
    counts.bytesDone += planned.size;
    if (decision.action === "keep") counts.filesKept++;
    if (decision.action === "fail") this.failed(planned, decision.error);
    if (decision.action === "unchanged") {
      counts.filesUnchanged++;
      this.done(planned);
    }
    return false;
  }

  private async restoreWindow({ chunks, readyFiles }: Window, signal: AbortSignal): Promise<void> {
    await Promise.all(readyFiles.map((file) => file.finish()));
    await this.ports.data.loadEach(chunks.keys(), (id, opened) => this.place(chunks.get(id) ?? [], opened), signal);
  }

  /** Resolves with true: sinks are only lent what they write. */
  private async place(placements: readonly Placement[], opened: OpenedBlob): Promise<boolean> {
    await Promise.all(
      placements.map(async ({ file, position, length }) => {
        if ("error" in opened) await file.fail(opened.error);
        else if (await file.write(position, opened.plain)) this.ports.counts.bytesWritten += length;
        this.ports.counts.bytesDone += length;
        if (file.isOver) this.unfinished.delete(file);
      }),
    );
    return true;
  }

  // What a RestoringFile asks of its surroundings.

  done({ size }: PlannedFile): void {
    this.ports.counts.filesDone++;
    this.ports.counts.bytesRestored += size;
  }

  failed(file: PlannedFile, error: unknown): void {
    this.ports.failed(file.path, error);
  }
}

function* chunksOf({ planned, chunks }: FileToWrite): Generator<{ id: Id; position: number; length: number }> {
  const wanted = chunks[Symbol.iterator]();
  let next = wanted.next();
  let position = 0;
  for (const [i, id] of planned.content.entries()) {
    const length = planned.lengths[i] ?? 0;
    if (next.value === i) {
      yield { id, position, length };
      next = wanted.next();
    }
    position += length;
  }
}

function emptyWindow(): Window {
  return { chunks: new Map(), readyFiles: [], files: 0, length: 0 };
}
