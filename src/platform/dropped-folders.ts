import { isAbort } from "../core/base/errors.ts";
import type { FolderStatsApi, ListedFolder } from "../workers/api/folder-stats.ts";
import type { Served } from "../workers/rpc.ts";

/**
 * [Note: stats of dropped folders] A handle tells of a file only what it takes to open it: some half of a millisecond of
 * the processor, most of it in the browser's own process. A page that a folder was dropped on may also ask for its entries
 * and their metadata, which takes a third of that. It sees the same files, but also names that handles leave out.
 */
const dropped: DroppedFolder[] = [];

/** Keeps what was dropped for as long as the page is there; no number if the browser tells no metadata. */
export function keepDropped(entry: FileSystemEntry | null): { dropped?: number } {
  if (!isFolderEntry(entry) || entry.getMetadata === undefined) return {};
  return { dropped: dropped.push(new DroppedFolder(entry)) - 1 };
}

export const folderStats: Served<FolderStatsApi> = {
  listDropped({ dropped: number, paths }, { signal }) {
    return Promise.all(paths.map((path) => listOrNull(dropped[number], path, signal)));
  },
};

async function listOrNull(
  folder: DroppedFolder | undefined,
  path: readonly string[],
  signal: AbortSignal,
): Promise<ListedFolder | null> {
  try {
    return (await folder?.list(path, signal)) ?? null;
  } catch (error) {
    if (isAbort(error)) throw error;
    return null; // whoever lists it by its handle learns why
  }
}

class DroppedFolder {
  /** Folders that were found in others, by path, until they are listed themselves. */
  private readonly found = new Map<string, FileSystemDirectoryEntry>();

  constructor(private readonly top: FileSystemDirectoryEntry) {}

  async list(path: readonly string[], signal: AbortSignal): Promise<ListedFolder> {
    const listed: ListedFolder = { folders: [], files: [], sizes: [], modifiedMs: [] };
    const reader = (await this.find(path)).createReader();
    for (;;) {
      signal.throwIfAborted();
      // A hundred at a time: what is done with them never holds up the page.
      const entries = await promised<FileSystemEntry[]>((done, failed) => reader.readEntries(done, failed));
      if (entries.length === 0) return listed;
      for (const entry of entries.filter(isFolderEntry)) {
        listed.folders.push(entry.name);
        this.found.set(keyOf([...path, entry.name]), entry);
      }
      const files = entries.filter((entry) => entry.isFile);
      for (const [i, { size, modificationTime }] of (await Promise.all(files.map(metadataOf))).entries()) {
        listed.files.push(files[i]?.name ?? "");
        listed.sizes.push(size);
        listed.modifiedMs.push(modificationTime.getTime());
      }
    }
  }

  private async find(path: readonly string[]): Promise<FileSystemDirectoryEntry> {
    if (path.length === 0) return this.top;
    const key = keyOf(path);
    const entry = this.found.get(key);
    this.found.delete(key);
    if (entry !== undefined) return entry;
    return promised<FileSystemDirectoryEntry>((done, failed) =>
      this.top.getDirectory(key, {}, (found) => done(found as FileSystemDirectoryEntry), failed),
    );
  }
}

function keyOf(path: readonly string[]): string {
  return path.join("/");
}

export function isFolderEntry(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function metadataOf(entry: FileSystemEntry): Promise<EntryMetadata> {
  return promised((done, failed) => entry.getMetadata?.(done, failed));
}

function promised<Result>(
  ask: (done: (result: Result) => void, failed: (error: unknown) => void) => void,
): Promise<Result> {
  return new Promise(ask);
}

interface EntryMetadata {
  size: number;
  modificationTime: Date;
}

declare global {
  interface FileSystemEntry {
    /** Of no standard: Chromium and its kin have it. */
    getMetadata?(done: (metadata: EntryMetadata) => void, failed: (error: unknown) => void): void;
  }
}
