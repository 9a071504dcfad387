import { HoldallError, isAbort } from "../base/errors.ts";
import type { SourceEntry, SourceFile, SourceFolder } from "../base/ports.ts";
import { isPlainName, type RawName } from "../base/raw-name.ts";

export type ReadEntry =
  | { kind: "file"; name: RawName; file: SourceFile }
  | { kind: "folder"; name: RawName; folder: FolderReader }
  | { kind: "failed"; name: RawName; error: unknown };

/** How many files of a folder are opened at once, and how many folders are listed at once. */
const openAtOnce = 32;
const readAtOnce = 6;
/** Entries that were read and are not saved yet: about 1 KiB each in a browser. */
const heldAtMost = 50_000;

/** A folder that can be read ahead of time. `read` may be called more than once; the folder is listed once. */
export class FolderReader {
  private reading: Promise<ReadEntry[]> | null = null;

  constructor(
    private readonly folder: SourceFolder,
    private readonly ahead: ReadAhead,
    private readonly signal: AbortSignal,
  ) {}

  /** The folder's entries, ascending by raw name. Throws "source-unreadable" if the folder cannot be listed. */
  read(): Promise<ReadEntry[]> {
    this.reading ??= this.readOnce();
    return this.reading;
  }

  /** Begins to read; a failure shows when `read` is awaited. */
  start(): void {
    this.read().catch(() => {});
  }

  private async readOnce(): Promise<ReadEntry[]> {
    let entries: ReadEntry[] = [];
    this.ahead.begin();
    try {
      entries = await this.list();
      return entries;
    } finally {
      this.ahead.finished(this, entries);
    }
  }

  private async list(): Promise<ReadEntry[]> {
    const listed: SourceEntry[] = [];
    try {
      for await (const entry of this.folder.entries(this.signal)) listed.push(entry);
    } catch (cause) {
      throw unreadable(cause);
    }
    const entries = await this.openAll(listed);
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return entries.map(oncePerName());
  }

  private async openAll(listed: readonly SourceEntry[]): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = [];
    for (let i = 0; i < listed.length; i += openAtOnce) {
      this.signal.throwIfAborted();
      entries.push(...(await Promise.all(listed.slice(i, i + openAtOnce).map((entry) => this.open(entry)))));
    }
    return entries;
  }

  private async open(entry: SourceEntry): Promise<ReadEntry> {
    const { name } = entry;
    if (!isPlainName(name)) return failed(name, "name");
    if (entry.kind === "folder") {
      return { kind: "folder", name, folder: new FolderReader(entry.folder, this.ahead, this.signal) };
    }
    try {
      return { kind: "file", name, file: await entry.open(this.signal) };
    } catch (error) {
      if (isAbort(error)) throw error;
      return { kind: "failed", name, error: unreadable(error) };
    }
  }
}

/**
 * Reads folders ahead of the one that is saved, so that totals are known early and listing does not wait for saving. What
 * was read and is not saved yet is bounded.
 */
export class ReadAhead {
  private readonly unread: FolderReader[] = [];
  private readonly held = new Map<FolderReader, number>();
  private heldEntries = 0;
  private reading = 0;

  /** `onRead` is told of each folder's entries once; `onReadAll` when no folder is left to be read. */
  constructor(
    private readonly onRead: (entries: readonly ReadEntry[]) => void,
    private readonly onReadAll: () => void,
  ) {}

  begin(): void {
    this.reading++;
  }

  /** A folder was listed, or could not be (no entries). */
  finished(folder: FolderReader, entries: readonly ReadEntry[]): void {
    this.reading--;
    this.held.set(folder, entries.length);
    this.heldEntries += entries.length;
    this.onRead(entries);
    // Folders are saved depth first by name: the first subfolder is needed next, so it goes on top.
    for (const entry of [...entries].reverse()) if (entry.kind === "folder") this.unread.push(entry.folder);
    this.readNext();
  }

  /** To be called when the saver is done with a folder's entries. */
  release(folder: FolderReader): void {
    this.heldEntries -= this.held.get(folder) ?? 0;
    this.held.delete(folder);
    this.readNext();
  }

  private readNext(): void {
    while (this.reading < readAtOnce && this.heldEntries < heldAtMost) {
      const folder = this.unread.pop();
      if (!folder) break;
      folder.start();
    }
    if (this.reading === 0 && this.unread.length === 0) this.onReadAll();
  }
}

/** A tree holds a name once: what comes second is reported, not left out in silence. */
function oncePerName(): (entry: ReadEntry) => ReadEntry {
  const names = new Set<RawName>();
  return (entry) => {
    if (entry.kind === "failed") return entry;
    if (names.has(entry.name)) return failed(entry.name, "name-taken");
    names.add(entry.name);
    return entry;
  };
}

function failed(name: RawName, reason: string): ReadEntry {
  return { kind: "failed", name, error: new HoldallError("source-unreadable", { reason }) };
}

function unreadable(cause: unknown): unknown {
  if (isAbort(cause) || (cause instanceof HoldallError && cause.code === "source-unreadable")) return cause;
  return new HoldallError("source-unreadable", { reason: cause instanceof Error ? cause.name : "unknown" }, { cause });
}
