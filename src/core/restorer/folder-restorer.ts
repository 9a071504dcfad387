import { isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { FileSink } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { OpenedBlob } from "../codec/codec.ts";
import type { DataSource } from "./content-reader.ts";
import type { PlannedFile, RestorePlan } from "./restore-plan.ts";
import { RestoringFile } from "./restoring-file.ts";

/** Files are restored in windows of at most so many bytes and files, two windows at a time. */
const windowBytes = 48 * 1024 * 1024;
const windowFiles = 128;

export interface RestoreCounts {
  filesDone: number;
  foldersDone: number;
  bytesDone: number;
}

export interface FolderRestorerPorts {
  data: DataSource;
  sink: FileSink;
  /** Replace files that are already there; otherwise each is an "exists-already" failure. */
  overwrite: boolean;
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
  emptyFiles: RestoringFile[];
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
    const twoWindows = new Semaphore(2);
    const work: Promise<void>[] = [];
    try {
      for (const window of this.windows(plan.files)) {
        await twoWindows.acquire(1, running);
        const restoring = this.restoreWindow(window, running)
          .catch((error: unknown) => stop.abort(error))
          .finally(() => twoWindows.release(1));
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

  private *windows(files: readonly PlannedFile[]): Generator<Window> {
    let window = emptyWindow();
    for (const planned of files) {
      const file = new RestoringFile(planned, this);
      window.files++;
      if (planned.content.length === 0) window.emptyFiles.push(file);
      else this.unfinished.add(file);
      for (const { id, position, length } of chunksOf(planned)) {
        const placements = window.chunks.get(id) ?? [];
        placements.push({ file, position, length });
        window.chunks.set(id, placements);
        window.length += length;
        if (window.length < windowBytes) continue;
        yield window;
        window = emptyWindow();
      }
      if (window.files < windowFiles) continue;
      yield window;
      window = emptyWindow();
    }
    yield window;
  }

  private async restoreWindow({ chunks, emptyFiles }: Window, signal: AbortSignal): Promise<void> {
    await Promise.all(emptyFiles.map((file) => file.makeEmpty()));
    await this.ports.data.loadEach(chunks.keys(), (id, opened) => this.place(chunks.get(id) ?? [], opened), signal);
  }

  private async place(placements: readonly Placement[], opened: OpenedBlob): Promise<void> {
    const last = placements.length - 1;
    await Promise.all(
      placements.map(async ({ file, position, length }, i) => {
        if ("error" in opened) await file.fail(opened.error);
        // The sink takes over what it is given, so all but the last of several places get a copy.
        else await file.write(position, i === last ? opened.plain : opened.plain.slice());
        this.ports.counts.bytesDone += length;
        if (file.isOver) this.unfinished.delete(file);
      }),
    );
  }

  // What a RestoringFile asks of its surroundings.

  get sink(): FileSink {
    return this.ports.sink;
  }

  get overwrite(): boolean {
    return this.ports.overwrite;
  }

  done(): void {
    this.ports.counts.filesDone++;
  }

  failed(file: PlannedFile, error: unknown): void {
    this.ports.failed(file.path, error);
  }
}

function* chunksOf(planned: PlannedFile): Generator<{ id: Id; position: number; length: number }> {
  let position = 0;
  for (const [i, id] of planned.content.entries()) {
    const length = planned.lengths[i] ?? 0;
    yield { id, position, length };
    position += length;
  }
}

function emptyWindow(): Window {
  return { chunks: new Map(), emptyFiles: [], files: 0, length: 0 };
}
