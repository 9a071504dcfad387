import type { RawName } from "../base/raw-name.ts";

export interface FailedEntry {
  /** Raw names from the root name of the source downwards. */
  path: readonly RawName[];
  error: unknown;
}

/** Everything that a run counts, for its progress and for the snapshot's summary. Lengths in bytes. */
export class BackupCounts {
  filesNew = 0;
  filesChanged = 0;
  filesUnmodified = 0;
  dirsNew = 0;
  dirsChanged = 0;
  dirsUnmodified = 0;
  filesFound = 0;
  filesDone = 0;
  bytesFound = 0;
  bytesDone = 0;
  /** Sum of the sizes of the files in the snapshot. */
  totalBytes = 0;
  /** Files that seemed unchanged and were read all the same. */
  rereadFiles = 0;
  /** How many of those had changed. */
  hiddenChanges = 0;
  /** Files and folders that the rules left out; what is in those folders is not counted. */
  excluded = 0;
  foundAll = false;
  currentPath: readonly RawName[] = [];
  readonly failures: FailedEntry[] = [];

  /** What earlier walks of the same run have read stays read, whatever else is counted anew. */
  constructor(public bytesRead = 0) {}

  get totalFiles(): number {
    return this.filesNew + this.filesChanged + this.filesUnmodified;
  }

  found(size: number): void {
    this.filesFound++;
    this.bytesFound += size;
  }

  done(size: number): void {
    this.filesDone++;
    this.bytesDone += size;
  }

  /** A file whose node is the parent's. */
  unmodified(size: number): void {
    this.filesUnmodified++;
    this.totalBytes += size;
  }

  /** The run goes on without this file or folder. */
  failed(path: readonly RawName[], error: unknown): void {
    this.failures.push({ path, error });
  }
}
