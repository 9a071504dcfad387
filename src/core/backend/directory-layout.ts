import { BackendError, HoldallError } from "../base/errors.ts";
import type { Handle, NamedFileType } from "./backend.ts";
import type { FolderItem, FolderPath, RepositoryFolder } from "./repository-folder.ts";

/**
 * restic's layout of a local folder: `config`, and a folder for each other type; packs lie in `data/<first two digits>/`.
 * A pack that lies in `data/` itself is seen by restic as little as here.
 */
const folders: Readonly<Record<NamedFileType, string>> = {
  key: "keys",
  data: "data",
  index: "index",
  snapshot: "snapshots",
  lock: "locks",
};

export function folderOf(type: NamedFileType): string {
  return folders[type];
}

export function pathOf(handle: Handle): FolderPath {
  if (handle.type === "config") return ["config"];
  const folder = folders[handle.type];
  return handle.type === "data" ? [folder, handle.id.slice(0, 2), handle.id] : [folder, handle.id];
}

export const topFolders: readonly FolderPath[] = Object.values(folders).map((name) => [name]);

export const dataFolders: readonly FolderPath[] = Array.from({ length: 256 }, (_, byte) => [
  folders.data,
  byte.toString(16).padStart(2, "0"),
]);

/** What systems put into any folder or onto any disk by themselves. */
const systemNames: ReadonlySet<string> = new Set([
  ".DS_Store",
  ".Spotlight-V100",
  ".Trashes",
  ".TemporaryItems",
  ".fseventsd",
  ".stfolder",
  "$RECYCLE.BIN",
  "System Volume Information",
  "lost+found",
]);

/** Folders in which a repository is looked for. */
const mostLookedInto = 200;

/**
 * Throws unless a folder without a config may become a repository: it is empty but for what systems put there and what a
 * creation that was cut off has left. "repository-inside" names the folder in it that is a repository, "folder-not-empty"
 * something else that is there, "folder-gone" says that it does not exist.
 */
export async function refuseOtherContents(folder: RepositoryFolder, signal: AbortSignal): Promise<void> {
  const [first, ...others] = (await itemsOf(folder, signal)).filter(isForeign);
  if (first === undefined) return;
  const inside = await repositoryAmong([first, ...others], folder, signal);
  if (inside !== null) throw new BackendError("repository-inside", { folder: folder.name, inside });
  throw new BackendError("folder-not-empty", { folder: folder.name, found: first.name });
}

async function itemsOf(folder: RepositoryFolder, signal: AbortSignal): Promise<FolderItem[]> {
  try {
    return await folder.items([], signal);
  } catch (cause) {
    if (!(cause instanceof HoldallError) || cause.code !== "not-found") throw cause;
    throw new BackendError("folder-gone", { folder: folder.name }, { cause });
  }
}

function isForeign({ kind, name }: FolderItem): boolean {
  if (systemNames.has(name) || name.startsWith(".Trash-")) return false;
  // What a cut-off write leaves beside the file; the browser's own ends in .crswap.
  if (kind === "file") return !/^config\.[0-9a-f]+\.tmp(?:\.crswap)?$/.test(name);
  return !topFolders.some(([top]) => top === name);
}

/** The name of the first folder that holds what every repository does. */
async function repositoryAmong(
  items: readonly FolderItem[],
  folder: RepositoryFolder,
  signal: AbortSignal,
): Promise<string | null> {
  for (const { name } of items.filter(({ kind }) => kind === "folder").slice(0, mostLookedInto)) {
    if (await isRepository(folder, name, signal)) return name;
  }
  return null;
}

async function isRepository(folder: RepositoryFolder, name: string, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  try {
    const config = await folder.open([name, "config"]);
    if (config.length === 0) return false;
    const names = new Set((await folder.items([name], signal)).map((item) => item.name));
    return names.has(folders.key) && names.has(folders.data);
  } catch (error) {
    // Looking is only a help: what cannot be looked into is none.
    if (error instanceof HoldallError) return false;
    throw error;
  }
}
