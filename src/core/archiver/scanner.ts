import { HoldallError } from "../base/errors.ts";
import type { Source } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import type { FailedEntry } from "./backup-counts.ts";
import { FolderReader, type FolderReaderPorts, ReadAhead, type ReadEntry } from "./folder-reader.ts";
import { type FolderTotal, LargestFolders } from "./largest-folders.ts";
import type { Exclusion, Selection } from "./selection.ts";

/** How far below a root folders are told of, and how many of them. */
const deepestFolders = 3;
const toldFolders = 1000;
const toldExclusions = 500;
const toldFailures = 1000;

/**
 * Walks through sources as a backup does and reads no content: what would be in it, how much, and what is left out. Its
 * memory is bounded whatever the sources hold. To be looked at while it runs, too.
 */
export class Scanner {
  files = 0;
  bytes = 0;
  excludedFiles = 0;
  /** What is in them is not known. */
  excludedFolders = 0;
  /** The first 500. */
  readonly excluded: Exclusion[] = [];
  /** What cannot be read, be it a whole source: the first thousand. */
  readonly failures: FailedEntry[] = [];
  isComplete = false;
  private readonly finished = new LargestFolders(toldFolders);
  private unfinished: readonly FolderTotal[] = [];

  constructor(
    private readonly sources: readonly Source[],
    private readonly selection: Selection,
  ) {}

  /** Folders from the roots to the third below them: the largest thousand, largest first. */
  get folders(): FolderTotal[] {
    return this.finished.list(this.unfinished);
  }

  /** Runs once. Throws the signal's reason. */
  async run(signal: AbortSignal): Promise<void> {
    const ahead = new ReadAhead(
      () => {},
      () => {},
    );
    const ports: FolderReaderPorts = {
      ahead,
      selection: this.selection,
      onExcluded: (exclusion) => this.leftOut(exclusion),
      opensFew: true,
      signal,
    };
    for (const { rootName, folder } of this.sources) {
      await this.scan(new FolderReader(folder, [rootName], ports), ports, []);
    }
    this.isComplete = true;
  }

  /** Adds what a folder holds to the totals of itself and of the folders above it. */
  private async scan(reader: FolderReader, ports: FolderReaderPorts, above: readonly FolderTotal[]): Promise<void> {
    ports.signal.throwIfAborted();
    const own = reader.path.length <= deepestFolders + 1 ? { path: reader.path, files: 0, bytes: 0 } : null;
    const totals = own === null ? above : [...above, own];
    this.unfinished = totals;
    try {
      const entries = await this.read(reader);
      this.count(entries, reader.path, totals);
      for (const entry of entries) if (entry.kind === "folder") await this.scan(entry.folder, ports, totals);
    } finally {
      ports.ahead.release(reader);
      this.unfinished = above;
      if (own !== null) this.finished.add(own);
    }
  }

  private async read(reader: FolderReader): Promise<readonly ReadEntry[]> {
    try {
      return await reader.read();
    } catch (error) {
      if (!(error instanceof HoldallError) || error.code !== "source-unreadable") throw error;
      this.failed(reader.path, error);
      return [];
    }
  }

  private count(entries: readonly ReadEntry[], path: readonly RawName[], totals: readonly FolderTotal[]): void {
    let files = 0;
    let bytes = 0;
    for (const entry of entries) {
      if (entry.kind === "failed") this.failed([...path, entry.name], entry.error);
      if (entry.kind !== "file") continue;
      files++;
      bytes += entry.file.size;
    }
    for (const total of [this, ...totals]) {
      total.files += files;
      total.bytes += bytes;
    }
  }

  private leftOut(exclusion: Exclusion): void {
    if (exclusion.kind === "file") this.excludedFiles++;
    else this.excludedFolders++;
    if (this.excluded.length < toldExclusions) this.excluded.push(exclusion);
  }

  private failed(path: readonly RawName[], error: unknown): void {
    if (this.failures.length < toldFailures) this.failures.push({ path, error });
  }
}
