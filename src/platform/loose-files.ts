import { HoldallError, isAbort } from "../core/base/errors.ts";
import type { PickedFolder } from "./picked-folder.ts";

/** Loose files have no folder; this stands for it. */
export const looseFilesName = "Files";

/**
 * Opens the browser's picker for files, which needs a click; null when the user closes it or picks nothing. Throws
 * "source-unreadable" when the browser refuses.
 */
export async function pickFiles(): Promise<PickedFolder | null> {
  try {
    const handles = await window.showOpenFilePicker?.({ multiple: true, id: "holdall-files" });
    if (handles) return await pickOfHandles(handles);
  } catch (error) {
    if (isAbort(error)) return null;
    const reason = error instanceof Error ? error.name : "unknown";
    throw new HoldallError("source-unreadable", { reason }, { cause: error });
  }
  throw new HoldallError("source-unreadable", { reason: "no picker" });
}

/** A file that was picked or dropped; null where the browser could not open it. */
export interface LooseFile {
  name: string;
  file: File | null;
}

/** Loose files as one pick; null if there are none. Two of one name, from two folders, both get in. */
export function looseFiles(
  loose: readonly LooseFile[],
  fileHandles: readonly FileSystemFileHandle[] = [],
): PickedFolder | null {
  if (loose.length === 0) return null;
  const files: { path: string[]; file: File }[] = [];
  const unreadable: string[][] = [];
  const taken = new Set<string>();
  for (const { name, file } of loose) {
    const path = [freeName(name, taken)];
    if (file === null) unreadable.push(path);
    else files.push({ path, file });
  }
  const folder = { kind: "files" as const, files, emptyFolders: [], unreadable };
  const picked: PickedFolder = { kind: "files", name: looseFilesName, folder };
  // With fewer handles than files a later run would miss some of them.
  return fileHandles.length === loose.length ? { ...picked, fileHandles } : picked;
}

/** The files behind these handles as they are now. Those that are no longer there are left out; null if none is. */
export async function pickOfHandles(handles: readonly FileSystemFileHandle[]): Promise<PickedFolder | null> {
  const loose: LooseFile[] = [];
  const there: FileSystemFileHandle[] = [];
  for (const handle of handles) {
    const file = await fileOf(handle);
    if (file === "gone") continue;
    loose.push({ name: handle.name, file });
    there.push(handle);
  }
  return looseFiles(loose, there);
}

async function fileOf(handle: FileSystemFileHandle): Promise<File | null | "gone"> {
  try {
    return await handle.getFile();
  } catch (error) {
    // Whatever else it is, the backup names the file among those that it could not read.
    return error instanceof Error && error.name === "NotFoundError" ? "gone" : null;
  }
}

/** "photo.jpg", then "photo (2).jpg". */
function freeName(wanted: string, taken: Set<string>): string {
  const dot = wanted.lastIndexOf(".");
  const end = dot > 0 ? dot : wanted.length;
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted.slice(0, end)} (${number})${wanted.slice(end)}`;
  taken.add(name);
  return name;
}

declare global {
  interface Window {
    showOpenFilePicker?(options: { multiple: boolean; id: string }): Promise<FileSystemFileHandle[]>;
  }
}
