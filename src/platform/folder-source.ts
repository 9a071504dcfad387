import { HoldallError } from "../core/base/errors.ts";
import type { SourceFile, SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import type { FolderPick } from "../workers/repository-api.ts";

type FilesPick = Extract<FolderPick, { kind: "files" }>;

interface ListedFolder {
  /** null: the browser could not open it. A pick from several places may have several files of one name. */
  files: { name: string; file: File | null }[];
  folders: Map<string, ListedFolder>;
}

/**
 * Listed files as the archiver's source. Whatever the browser lists is given on, also an entry without a name or one that
 * cannot be opened, so that the archiver can report it.
 */
export function folderOfFiles(pick: FilesPick): SourceFolder {
  let root: ListedFolder | null = null;
  return {
    entries(signal) {
      root ??= listFiles(pick);
      return folderOfListed(root).entries(signal);
    },
  };
}

function listFiles(pick: FilesPick): ListedFolder {
  const root = emptyFolder();
  for (const path of pick.emptyFolders) folderAt(root, path);
  for (const { path, file } of pick.files) addFile(root, path, file);
  for (const path of pick.unreadable ?? []) addFile(root, path, null);
  return root;
}

function addFile(root: ListedFolder, path: readonly string[], file: File | null): void {
  folderAt(root, path.slice(0, -1)).files.push({ name: path.at(-1) ?? "", file });
}

function folderAt(root: ListedFolder, path: readonly string[]): ListedFolder {
  let folder = root;
  for (const name of path) {
    const child = folder.folders.get(name) ?? emptyFolder();
    folder.folders.set(name, child);
    folder = child;
  }
  return folder;
}

function emptyFolder(): ListedFolder {
  return { files: [], folders: new Map() };
}

function folderOfListed({ files, folders }: ListedFolder): SourceFolder {
  return {
    async *entries(signal) {
      signal.throwIfAborted();
      for (const [name, folder] of folders) {
        yield { kind: "folder", name: rawNameOf(name), folder: folderOfListed(folder) };
        signal.throwIfAborted();
      }
      for (const { name, file } of files) {
        yield { kind: "file", name: rawNameOf(name), open: () => openListed(file) };
        signal.throwIfAborted();
      }
    },
  };
}

async function openListed(file: File | null): Promise<SourceFile> {
  if (file === null) throw new HoldallError("source-unreadable", { reason: "not opened by the browser" });
  return { size: file.size, modifiedMs: file.lastModified, blob: file };
}
