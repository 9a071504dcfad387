import { HoldallError, isAbort } from "../core/base/errors.ts";
import type { FolderPick } from "../workers/repository-api.ts";
import { isFolderEntry, keepDropped } from "./dropped-folders.ts";
import { type LooseFile, looseFiles } from "./loose-files.ts";
import type { PickedFolder } from "./picked-folder.ts";

/**
 * Opens the browser's picker, which needs a click; null when the user closes it. Throws "source-unreadable" or, for
 * writing, "sink-refused" when the browser refuses.
 */
export async function pickFolder(mode: "read" | "readwrite"): Promise<FileSystemDirectoryHandle | null> {
  const refusal = mode === "read" ? "source-unreadable" : "sink-refused";
  try {
    const handle = await window.showDirectoryPicker?.({ mode, id: `holdall-${mode}` });
    if (handle) return handle;
  } catch (error) {
    if (isAbort(error)) return null;
    throw new HoldallError(refusal, { reason: error instanceof Error ? error.name : "unknown" }, { cause: error });
  }
  throw new HoldallError(refusal, { reason: "no picker" });
}

/**
 * Asks for a folder that was picked before, if its permission has lapsed; needs a click. False if it is refused. Browsers
 * that know no permissions have none that lapse.
 */
export async function permitFolder(handle: FileSystemDirectoryHandle, mode: "read" | "readwrite"): Promise<boolean> {
  if (handle.queryPermission === undefined || handle.requestPermission === undefined) return true;
  if ((await handle.queryPermission({ mode })) === "granted") return true;
  return (await handle.requestPermission({ mode })) === "granted";
}

/**
 * What was dropped: its folders, and its loose files as one more. Must be called synchronously in the drop handler: later
 * the items are empty.
 */
export function foldersFromDrop(data: DataTransfer): Promise<PickedFolder[]> {
  const dropped = Array.from(data.items)
    .filter((item) => item.kind === "file")
    .map((item) => ({ handle: item.getAsFileSystemHandle?.().catch(() => null), entry: item.webkitGetAsEntry() }));
  return pickDropped(dropped);
}

interface DroppedItem {
  handle: Promise<FileSystemHandle | null> | undefined;
  /** For browsers without handles, for folders of which the browser gives none, and for the stats of a folder's files. */
  entry: FileSystemEntry | null;
}

async function pickDropped(items: readonly DroppedItem[]): Promise<PickedFolder[]> {
  const picked: PickedFolder[] = [];
  const loose: LooseFile[] = [];
  const fileHandles: FileSystemFileHandle[] = [];
  for (const { handle: taken, entry } of items) {
    const handle = await taken;
    if (isFolderHandle(handle)) {
      picked.push({ kind: "folder", name: handle.name, folder: { kind: "handle", handle, ...keepDropped(entry) } });
    } else if (isFileHandle(handle)) {
      loose.push({ name: handle.name, file: await handle.getFile().catch(() => null) });
      fileHandles.push(handle);
    } else if (isFolderEntry(entry)) {
      picked.push({ kind: "folder", name: entry.name, folder: await walkFolder(entry) });
    } else if (entry !== null && isFileEntry(entry)) {
      const [name, file] = await openEntry(entry);
      loose.push({ name, file });
    }
  }
  const files = looseFiles(loose, fileHandles);
  return files === null ? picked : [...picked, files];
}

function isFolderHandle(handle: FileSystemHandle | null | undefined): handle is FileSystemDirectoryHandle {
  return handle?.kind === "directory";
}

function isFileHandle(handle: FileSystemHandle | null | undefined): handle is FileSystemFileHandle {
  return handle?.kind === "file";
}

function isFileEntry(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

type FilesPick = Extract<FolderPick, { kind: "files" }>;

/** All files below a dropped folder. What cannot be opened is noted, so that it is reported and not just missing. */
export async function walkFolder(top: FileSystemDirectoryEntry): Promise<FilesPick> {
  const files: FilesPick["files"] = [];
  const emptyFolders: string[][] = [];
  const unreadable: string[][] = [];
  const waiting: { folder: FileSystemDirectoryEntry; path: string[] }[] = [{ folder: top, path: [] }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { folder, path } = next;
    const children = await childrenOf(folder).catch(() => null);
    if (children === null) unreadable.push(path);
    else if (children.length === 0) emptyFolders.push(path);
    for (const child of children ?? []) {
      if (isFolderEntry(child)) waiting.push({ folder: child, path: [...path, child.name] });
    }
    const entries = (children ?? []).filter(isFileEntry);
    for (let i = 0; i < entries.length; i += openedAtOnce) {
      for (const [name, file] of await Promise.all(entries.slice(i, i + openedAtOnce).map(openEntry))) {
        if (file) files.push({ path: [...path, name], file });
        else unreadable.push([...path, name]);
      }
    }
  }
  return { kind: "files", files, emptyFolders, unreadable };
}

const openedAtOnce = 64;

async function openEntry(entry: FileSystemFileEntry): Promise<[name: string, file: File | null]> {
  const file = new Promise<File>((resolve, reject) => entry.file(resolve, reject));
  return [entry.name, await file.catch(() => null)];
}

/** Browsers give a hundred at a time, and none at the end. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}

/**
 * What is in an <input webkitdirectory> or an <input type=file multiple>; null if it holds nothing. Browsers tell nothing of
 * empty folders here.
 */
export function folderFromInput(list: Iterable<File>): PickedFolder | null {
  const files = Array.from(list);
  const [first] = files;
  if (first === undefined) return null;
  // Where the browser picks files only, they have no folder.
  if (first.webkitRelativePath === "") return looseFiles(files.map((file) => ({ name: file.name, file })));
  const listed = files.map((file) => ({ path: file.webkitRelativePath.split("/").slice(1), file }));
  const folder = { kind: "files" as const, files: listed, emptyFolders: [], unreadable: [] };
  return { kind: "folder", name: first.webkitRelativePath.split("/")[0] ?? "", folder };
}

declare global {
  interface FileSystemHandle {
    queryPermission?(options: { mode: "read" | "readwrite" }): Promise<PermissionState>;
    requestPermission?(options: { mode: "read" | "readwrite" }): Promise<PermissionState>;
  }
  interface Window {
    showDirectoryPicker?(options: { mode: "read" | "readwrite"; id: string }): Promise<FileSystemDirectoryHandle>;
  }
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
}
