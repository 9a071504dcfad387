import { HoldallError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { SourceFile } from "../base/ports.ts";
import { Semaphore } from "../base/semaphore.ts";
import { type Codec, type FileStretch, type SavedFile, type SaveJob, smallFileLimit } from "../codec/codec.ts";

/** Small files are read in groups of at most so many files and bytes: one read of a group is several times faster. */
const groupFiles = 64;
const groupBytes = 4 * 1024 * 1024;

interface Group {
  files: SourceFile[];
  length: number;
  saved: Promise<SavedFile[]>;
  resolve(saved: Promise<SavedFile[]>): void;
}

/**
 * Saves the contents of files through the codec. At most `codec.parallelism` groups or stretches are in flight, each of at
 * most one read window, whatever the sizes of the files: this is what bounds the memory of a backup.
 */
export class FileSaver {
  private readonly slots: Semaphore;
  private group = emptyGroup();

  /** `onRead` is told of bytes that were read and are stored, or known to be. */
  constructor(
    private readonly codec: Codec,
    private readonly job: SaveJob,
    private readonly onRead: (length: number) => void,
  ) {
    this.slots = new Semaphore(codec.parallelism);
  }

  /**
   * Waits for room and begins to save a file. `saved` resolves with its content, or with an error if this file alone cannot
   * be read; it rejects if the run must end. A small file may wait in its group until flush().
   */
  async begin(file: SourceFile): Promise<{ saved: Promise<SavedFile> }> {
    if (file.size === 0) return { saved: Promise.resolve({ content: [] }) };
    if (file.size <= smallFileLimit) return this.join(file);
    await this.slots.acquire(1, this.job.signal);
    return { saved: this.saveLarge(file) };
  }

  /** Begins to save the files that wait in a group. */
  async flush(): Promise<void> {
    const group = this.group;
    if (group.files.length === 0) return;
    this.group = emptyGroup();
    await this.slots.acquire(1, this.job.signal);
    group.resolve(this.saveGroup(group));
  }

  private async join(file: SourceFile): Promise<{ saved: Promise<SavedFile> }> {
    const { files, saved } = this.group;
    const position = files.push(file) - 1;
    this.group.length += file.size;
    if (files.length >= groupFiles || this.group.length >= groupBytes) await this.flush();
    return { saved: saved.then((results) => results[position] ?? { content: [] }) };
  }

  private async saveGroup(group: Group): Promise<SavedFile[]> {
    try {
      const saved = await this.codec.saveSmallFiles(group.files, this.job);
      this.onRead(group.length);
      return saved;
    } finally {
      this.slots.release(1);
    }
  }

  /** Called with a slot in hand for the first stretch; each further stretch waits for one of its own. */
  private async saveLarge(file: SourceFile): Promise<SavedFile> {
    const stretches: Promise<FileStretch>[] = [];
    try {
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
      if (error instanceof HoldallError && error.code === "source-unreadable") return { error };
      throw error;
    }
  }

  private saveStretch(
    file: SourceFile,
    offset: number,
  ): { stretch: Promise<FileStretch>; nextOffset: Promise<number> } {
    let onCut: (offset: number) => void = () => {};
    const cut = new Promise<number>((resolve) => {
      onCut = resolve;
    });
    const stretch = this.codec.saveStretch(file, offset, onCut, this.job).then(
      (saved) => {
        this.slots.release(1);
        this.onRead(saved.length);
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
  return { files: [], length: 0, saved, resolve };
}
