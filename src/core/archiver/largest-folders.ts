import type { RawName } from "../base/raw-name.ts";

/** A folder with all that it holds, at any depth. */
export interface FolderTotal {
  /** Raw names from the root name of the source downwards. */
  path: readonly RawName[];
  files: number;
  bytes: number;
}

/** The largest of any number of folders, in bounded memory. */
export class LargestFolders {
  private kept: FolderTotal[] = [];

  constructor(private readonly limit: number) {}

  /** The total is final. */
  add(total: FolderTotal): void {
    this.kept.push(total);
    if (this.kept.length >= 2 * this.limit) this.kept = this.largest(this.kept);
  }

  /** The largest first, those that are still being measured among them. No folder comes before one that it lies in. */
  list(unfinished: readonly FolderTotal[] = []): FolderTotal[] {
    return this.largest([...this.kept, ...unfinished]);
  }

  private largest(totals: readonly FolderTotal[]): FolderTotal[] {
    const bySize = (a: FolderTotal, b: FolderTotal) =>
      b.bytes - a.bytes || b.files - a.files || a.path.length - b.path.length;
    return [...totals].sort(bySize).slice(0, this.limit);
  }
}
