import { HoldallError, isAbort } from "../base/errors.ts";
import type { FileStat, SourceEntry, SourceFile, SourceFolder } from "../base/ports.ts";
import { isPlainName, type RawName } from "../base/raw-name.ts";
import type { Exclusion, FolderSelection, Selection } from "./selection.ts";

export type ReadEntry =
  /** Of a file that is not opened yet, the stat is known. `open` gives it as it is by then; throws "source-unreadable". */
  | { kind: "file"; name: RawName; file: SourceFile | FileStat; open(signal: AbortSignal): Promise<SourceFile> }
  | { kind: "folder"; name: RawName; folder: FolderReader }
  | { kind: "failed"; name: RawName; error: unknown };

/** How many files of a folder are opened at once, and how many folders are listed at once if they are small. */
const openAtOnce = 32;
const readAtOnce = 16;
/** Folders that begin to be listed together: where listing is to ask another thread, one question does for all of them. */
const begunTogether = 8;
/** Entries that were read and are not saved yet: an open file takes some 23 KiB of a browser, in two of its processes. */
const heldAtMost = 30_000;
const openedWeight = 25;

export interface FolderReaderPorts {
  ahead: ReadAhead;
  selection: Selection;
  /** Told once of everything that the rules leave out. */
  onExcluded(exclusion: Exclusion): void;
  /** Gives all entries of one name, for whoever names them apart; else all but the first are failures. */
  keepsNamesakes?: boolean;
  /** Most files need not be opened, since their stats say enough. */
  opensFew?: boolean;
  signal: AbortSignal;
}

/**
 * A folder that can be read ahead of time. `read` may be called more than once until the folder is released; it is listed
 * once. What is not selected is not among its entries: such a folder is never listed, such a file opened only if its size decides.
 */
export class FolderReader {
  /** How many entries the folder lists, before the rules and whatever their names; 0 until `read` has settled. */
  listedEntries = 0;
  private reading: Promise<ReadEntry[]> | null = null;
  private isForgotten = false;

  /** The path leads from the root name of the source to the folder, both included. */
  constructor(
    private readonly folder: SourceFolder,
    readonly path: readonly RawName[],
    private readonly ports: FolderReaderPorts,
  ) {}

  /** The folder's selected entries, ascending by raw name. Throws "source-unreadable" if the folder cannot be listed. */
  read(): Promise<ReadEntry[]> {
    this.reading ??= this.readOnce();
    return this.reading;
  }

  /** Lets go of the entries: the reader itself is held by the folder above for as long as that is walked through. */
  forget(): void {
    this.isForgotten = true;
    this.reading = null;
  }

  /** Begins to read; a failure shows when `read` is awaited. */
  start(): void {
    if (!this.isForgotten) this.read().catch(() => {});
  }

  private async readOnce(): Promise<ReadEntry[]> {
    const { ahead } = this.ports;
    let entries: ReadEntry[] = [];
    ahead.begin();
    try {
      entries = await this.list();
      return entries;
    } finally {
      ahead.finished(this, entries);
    }
  }

  private async list(): Promise<ReadEntry[]> {
    const { selection, signal } = this.ports;
    const listed = await this.listAll();
    this.listedEntries = listed.length;
    const selected = await selection.inFolder(this.path, listed, signal);
    const entries = await this.openAll(listed, selected);
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return this.ports.keepsNamesakes ? entries : entries.map(oncePerName());
  }

  private async listAll(): Promise<readonly SourceEntry[]> {
    const { opensFew, signal } = this.ports;
    try {
      const known = opensFew ? await this.folder.stats?.(signal) : null;
      if (known) return known;
      const listed: SourceEntry[] = [];
      for await (const entry of this.folder.entries(signal)) listed.push(entry);
      return listed;
    } catch (cause) {
      throw unreadable(cause);
    }
  }

  private async openAll(listed: readonly SourceEntry[], selected: FolderSelection): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = [];
    const wanted = listed.filter((entry) => this.isWanted(entry, selected));
    for (let i = 0; i < wanted.length; i += openAtOnce) {
      this.ports.signal.throwIfAborted();
      const opening = wanted.slice(i, i + openAtOnce).map((entry) => this.open(entry, selected));
      for (const entry of await Promise.all(opening)) if (entry !== null) entries.push(entry);
    }
    return entries;
  }

  private isWanted(entry: SourceEntry, selected: FolderSelection): boolean {
    const reason = isPlainName(entry.name) ? selected.reasonFor(entry) : null;
    if (reason !== null) this.excluded(entry, null, reason);
    return reason === null;
  }

  /** Null for a file that is not selected. */
  private async open(entry: SourceEntry, selected: FolderSelection): Promise<ReadEntry | null> {
    const { name } = entry;
    const { signal } = this.ports;
    if (!isPlainName(name)) return failed(name, "name");
    if (entry.kind === "folder") {
      return { kind: "folder", name, folder: new FolderReader(entry.folder, [...this.path, name], this.ports) };
    }
    try {
      const open = (signal: AbortSignal) => openFile(entry, signal);
      const file = entry.stat ?? (await open(signal));
      const reason = selected.reasonForSize(file.size);
      if (reason === null) return { kind: "file", name, file, open };
      this.excluded(entry, file.size, reason);
      return null;
    } catch (error) {
      if (isAbort(error)) throw error;
      return { kind: "failed", name, error };
    }
  }

  private excluded({ kind, name }: SourceEntry, sizeBytes: number | null, reason: Exclusion["reason"]): void {
    this.ports.onExcluded({ path: [...this.path, name], kind, sizeBytes, reason });
  }
}

/**
 * Reads folders ahead of the one that is saved, so that totals are known early and listing does not wait for saving. What
 * was read and is not saved yet is bounded. A folder that is being read is taken to be as large as the last one was, and
 * few are read at once until some are known.
 */
export class ReadAhead {
  private readonly unread: FolderReader[] = [];
  private readonly held = new Map<FolderReader, number>();
  private heldWeight = 0;
  private reading = 0;
  private read = 0;
  private lastWeight = 0;

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
    this.read++;
    const weight = entries.reduce((sum, entry) => sum + weightOf(entry), 0);
    this.lastWeight = weight;
    this.held.set(folder, weight);
    this.heldWeight += weight;
    this.onRead(entries);
    // Folders are saved depth first by name: the first subfolder is needed next, so it goes on top.
    for (const entry of [...entries].reverse()) if (entry.kind === "folder") this.unread.push(entry.folder);
    this.readNext();
  }

  /** To be called by who is done with a folder's entries: it is not read again. */
  release(folder: FolderReader): void {
    folder.forget();
    this.heldWeight -= this.held.get(folder) ?? 0;
    this.held.delete(folder);
    this.readNext();
  }

  private readNext(): void {
    if (this.reading > Math.min(readAtOnce - begunTogether, this.read)) return;
    while (this.hasRoom) {
      const folder = this.unread.pop();
      if (!folder) break;
      folder.start();
    }
    if (this.reading === 0 && this.unread.length === 0) this.onReadAll();
  }

  private get hasRoom(): boolean {
    const { reading, read, heldWeight, lastWeight } = this;
    return reading < Math.min(readAtOnce, read + 1) && heldWeight + reading * lastWeight < heldAtMost;
  }
}

export function isOpened(file: SourceFile | FileStat): file is SourceFile {
  return "blob" in file;
}

function weightOf(entry: ReadEntry): number {
  return entry.kind === "file" && isOpened(entry.file) ? openedWeight : 1;
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

async function openFile(entry: SourceEntry & { kind: "file" }, signal: AbortSignal): Promise<SourceFile> {
  try {
    return await entry.open(signal);
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(cause: unknown): unknown {
  // What is wrong with the program and not with the folder ends the run.
  if (isAbort(cause) || cause instanceof HoldallError) return cause;
  return new HoldallError("source-unreadable", { reason: cause instanceof Error ? cause.name : "unknown" }, { cause });
}
