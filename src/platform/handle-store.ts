import { get, set } from "idb-keyval";
import { briefDatabase, databaseExists, removeBeginningWith } from "./brief-database.ts";

/** The handles of one source, as the browser's storage keeps them: of a folder, or of loose files. */
export type StoredHandles =
  | { kind: "folder"; folder: FileSystemDirectoryHandle }
  | { kind: "files"; files: readonly FileSystemFileHandle[] };

const databaseName = "holdall-handles";
const withDatabase = briefDatabase(databaseName, "by-source");

/** Beyond it a browser would ask for each single file before the next run. */
export const mostFileHandles = 100;

/** A key is made of ids, ending with the source's; reading makes no database. */
export async function loadHandles(key: string): Promise<StoredHandles | null> {
  return (await databaseExists(databaseName)) ? handlesIn(await get<unknown>(key, withDatabase)) : null;
}

export async function storeHandles(key: string, handles: StoredHandles): Promise<void> {
  await set(key, handles, withDatabase);
}

/** Removes all keys that begin so. */
export async function removeHandles(prefix: string): Promise<void> {
  await removeBeginningWith(prefix, { databaseName, withDatabase });
}

/** Storage is outside data: what is no handle is none. */
function handlesIn(stored: unknown): StoredHandles | null {
  if (typeof stored !== "object" || stored === null) return null;
  const { kind, folder, files } = stored as Record<string, unknown>;
  if (kind === "folder" && folder instanceof FileSystemDirectoryHandle) return { kind, folder };
  if (kind !== "files" || !Array.isArray(files) || files.length > mostFileHandles) return null;
  const usable = files.filter((file): file is FileSystemFileHandle => file instanceof FileSystemFileHandle);
  return usable.length === files.length && files.length > 0 ? { kind, files: usable } : null;
}
