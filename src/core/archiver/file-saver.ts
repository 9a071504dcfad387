import type { Id } from "../base/id.ts";
import type { FileStat, SourceFile } from "../base/ports.ts";
import { Semaphore } from "../base/semaphore.ts";
import {
  type Codec,
  type FileStretch,
  type LargeFile,
  type SavedFile,
  type SaveJob,
  smallFileLimit,
} from "../codec/codec.ts";
import { blobOf } from "../codec/small-files.ts";
import { isOpened } from "./folder-reader.ts";
import { isSourceUnreadable, type OpenFile, readSteadily, type SteadyFile } from "./steady-file.ts";

/** Small files are read in groups of at most so many files and bytes: one read of a group is several times faster. */
const groupFiles = 256;
const groupBytes = 4 * 1024 * 1024;

/** So many files are being opened at once, of those that are not yet: they wait behind the listing, which asks for far more. */
const openingAtOnce = 256;

/** A file that may not be opened yet: its stat is known. */
export type UnsavedFile = Omit<OpenFile, "file"> & { file: SourceFile | FileStat };

type Begun = { saved: Promise<FinishedFile> };

interface Group {
  files: SourceFile[];
  length: number;
  saved: Promise<SavedFile[]>;
  /** How long the group took, once it is saved. */
  durationMs: number;
  resolve(saved: Promise<SavedFile[]>): void;
}

/** What became of a file, and how long reading and packing it took. */
export type FinishedFile = SteadyFile & { durationMs: number };

export interface FileSaverOptions {
  /** Is told of bytes that were read and are stored, or known to be. */
  onRead(length: number): void;
  /** Milliseconds of a clock. */
  now(): number;
}

/**
 * Saves the contents of files through the codec. At most `codec.parallelism` groups or stretches are in flight, each of at
 * most one read window, whatever the sizes of the files: this is what bounds the memory of a backup.
 */
export class FileSaver {
  private readonly slots: Semaphore;
  private readonly openings = new Semaphore(openingAtOnce);
  private group = emptyGroup();

  constructor(
    private readonly codec: Codec,
    private readonly job: SaveJob,
    private readonly options: FileSaverOptions,
  ) {
    this.slots = new Semaphore(codec.parallelism);
  }

  /**
   * Waits for room and begins to save a file. `saved` resolves with its content, or with an error if this file alone cannot
   * be read; it rejects if the run must end. A small file may wait in its group until flush(). A file that changes
   * meanwhile is read again: steady-file.ts.
   */
  async begin({ file, open }: UnsavedFile): Promise<Begun> {
    if (isOpened(file)) return this.beginOpened({ file, open });
    await this.openings.acquire(1, this.job.signal);
    return { saved: this.openAndBegin(open).then(({ saved }) => saved) };
  }

  private async openAndBegin(open: UnsavedFile["open"]): Promise<Begun> {
    try {
      return await this.beginOpened({ file: await open(this.job.signal), open });
    } catch (error) {
      if (!isSourceUnreadable(error)) throw error;
      return { saved: Promise.resolve({ error, durationMs: 0 }) };
    } finally {
      this.openings.release(1);
    }
  }

  private async beginOpened(opened: OpenFile): Promise<Begun> {
    const { file } = opened;
    if (file.size === 0) return { saved: Promise.resolve({ content: [], file, durationMs: 0 }) };
    if (file.size <= smallFileLimit) return this.join(opened);
    await this.slots.acquire(1, this.job.signal);
    const startMs = this.options.now();
    return { saved: this.finish(opened, this.saveLarge(file), () => this.options.now() - startMs) };
  }

  /** Begins to save the files that wait in a group, or are being opened. */
  async flush(): Promise<void> {
    // Whoever has all turns knows that nothing is being opened.
    await this.openings.with(openingAtOnce, this.job.signal, () => this.saveWaiting());
  }

  private async saveWaiting(): Promise<void> {
    const group = this.group;
    if (group.files.length === 0) return;
    this.group = emptyGroup();
    await this.slots.acquire(1, this.job.signal);
    group.resolve(this.saveGroup(group));
  }

  private async join(opened: OpenFile): Promise<Begun> {
    const { group } = this;
    const { size } = opened.file;
    const position = group.files.push(opened.file) - 1;
    group.length += size;
    if (group.files.length >= groupFiles || group.length >= groupBytes) await this.saveWaiting();
    const saved = group.saved.then((results) => results[position] ?? { content: [] });
    // What a group takes is shared out by size: none of its files took as long as all of them.
    return { saved: this.finish(opened, saved, () => (group.durationMs * size) / group.length) };
  }

  private async finish(
    opened: OpenFile,
    firstReading: Promise<SavedFile>,
    firstDurationMs: () => number,
  ): Promise<FinishedFile> {
    let againMs = 0;
    const readAgain = async (file: SourceFile) => {
      const startMs = this.options.now();
      const saved = await this.saveAlone(file);
      againMs += this.options.now() - startMs;
      return saved;
    };
    const steady = await readSteadily(opened, firstReading, readAgain, this.job.signal);
    return { ...steady, durationMs: firstDurationMs() + againMs };
  }

  private async saveAlone(file: SourceFile): Promise<SavedFile> {
    if (file.size === 0) return { content: [] };
    await this.slots.acquire(1, this.job.signal);
    if (file.size > smallFileLimit) return this.saveLarge(file);
    const [saved] = await this.saveSmall([file]);
    return saved ?? { content: [] };
  }

  private async saveGroup(group: Group): Promise<SavedFile[]> {
    const startMs = this.options.now();
    const saved = await this.saveSmall(group.files);
    group.durationMs = this.options.now() - startMs;
    return saved;
  }

  /** Called with a slot in hand. */
  private async saveSmall(files: readonly SourceFile[]): Promise<SavedFile[]> {
    try {
      const results = await this.codec.saveSmallFiles(files, this.job);
      let length = 0;
      for (const [i, result] of results.entries()) if ("content" in result) length += files[i]?.size ?? 0;
      this.options.onRead(length);
      return results;
    } finally {
      this.slots.release(1);
    }
  }

  /** Called with a slot in hand for the first stretch; each further stretch waits for one of its own. */
  private async saveLarge({ blob, size }: SourceFile): Promise<SavedFile> {
    const stretches: Promise<FileStretch>[] = [];
    try {
      const file = { blob: await this.blobOf(blob), size };
      for (let offset = 0; offset < file.size; ) {
        if (offset > 0) await this.slots.acquire(1, this.job.signal);
        const { stretch, nextOffset } = this.saveStretch(file, offset);
        stretches.push(stretch);
        offset = await nextOffset;
      }
      const content: Id[] = [];
      for (const stretch of stretches) content.push(...(await stretch).content);
      return { content };
    } catch (error) {
      await Promise.allSettled(stretches);
      if (isSourceUnreadable(error)) return { error };
      throw error;
    }
  }

  /** Called with a slot in hand, which is given back if there is nothing to be read. */
  private async blobOf(blob: SourceFile["blob"]): Promise<Blob> {
    try {
      return await blobOf(blob, this.job.signal);
    } catch (error) {
      this.slots.release(1);
      throw error;
    }
  }

  private saveStretch(file: LargeFile, offset: number): { stretch: Promise<FileStretch>; nextOffset: Promise<number> } {
    let onCut: (offset: number) => void = () => {};
    const cut = new Promise<number>((resolve) => {
      onCut = resolve;
    });
    const stretch = this.codec.saveStretch(file, offset, onCut, this.job).then(
      (saved) => {
        this.slots.release(1);
        this.options.onRead(saved.length);
        return saved;
      },
      (error: unknown) => {
        this.slots.release(1);
        throw error;
      },
    );
    const nextOffset = Promise.race([cut, stretch.then((saved) => offset + saved.length)]);
    return { stretch, nextOffset };
  }
}

function emptyGroup(): Group {
  let resolve: (saved: Promise<SavedFile[]>) => void = () => {};
  const saved = new Promise<SavedFile[]>((settle) => {
    resolve = settle;
  });
  return { files: [], length: 0, saved, durationMs: 0, resolve };
}
