import type { RawName } from "../base/raw-name.ts";

export interface SlowFile {
  /** Raw names from the root name of the source downwards. */
  path: readonly RawName[];
  bytes: number;
  durationMs: number;
}

const mostFiles = 10;
const leastMs = 2000;

/** The files of a run that took longest to be read and packed. */
export class SlowFiles {
  private readonly files: SlowFile[] = [];

  /** Slowest first. */
  get list(): readonly SlowFile[] {
    return this.files;
  }

  /** True if a file that took so long belongs on the list: asked first, since it has a path only then. */
  isSlow(durationMs: number): boolean {
    if (durationMs < leastMs) return false;
    const last = this.files[mostFiles - 1];
    return last === undefined || durationMs > last.durationMs;
  }

  note(file: SlowFile): void {
    if (!this.isSlow(file.durationMs)) return;
    const at = this.files.findIndex(({ durationMs }) => durationMs < file.durationMs);
    this.files.splice(at === -1 ? this.files.length : at, 0, file);
    this.files.length = Math.min(this.files.length, mostFiles);
  }
}
