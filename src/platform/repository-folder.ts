import type { ByteRange } from "../core/backend/backend.ts";
import type { FolderItem, FolderPath, RepositoryFolder, StoredFile } from "../core/backend/repository-folder.ts";
import { type Bytes, hexOf, randomBytes } from "../core/base/bytes.ts";
import { BackendError, HoldallError, QuotaError, UnsupportedError } from "../core/base/errors.ts";

/** A local folder that the user picked with write permission, as a place for a repository; in the page or in a worker. */
export function repositoryFolderOf(root: FileSystemDirectoryHandle): RepositoryFolder {
  return new HandleFolder(root);
}

/** Chromium renames files of picked folders in this way; TypeScript's library does not know of it yet. */
interface MovableFile extends FileSystemFileHandle {
  move?(name: string): Promise<void>;
}

class HandleFolder implements RepositoryFolder {
  /** Handles are paths to the browser: one stays good when its folder goes and comes back. At most some 260 are kept. */
  private readonly folders = new Map<string, FileSystemDirectoryHandle>();

  constructor(private readonly root: FileSystemDirectoryHandle) {}

  get name(): string {
    return this.root.name;
  }

  async items(path: FolderPath, signal: AbortSignal): Promise<FolderItem[]> {
    const items: FolderItem[] = [];
    await named(path, async () => {
      for await (const handle of (await this.folderAt(path)).values()) {
        if (signal.aborted) break;
        items.push(itemOf(handle, [...path, handle.name]));
      }
    });
    signal.throwIfAborted();
    return items;
  }

  open(path: FolderPath): Promise<StoredFile> {
    return named(path, async () => {
      const folder = await this.folderAt(path.slice(0, -1));
      return openHandle(await folder.getFileHandle(path.at(-1) ?? ""), path);
    });
  }

  /**
   * Written under another name, then renamed: to ask for a handle makes an empty file, which nobody may see under the name
   * of a pack. A page that dies meanwhile leaves a file whose name is no id.
   */
  write(path: FolderPath, bytes: Bytes): Promise<void> {
    return named(path, async () => {
      const folder = await this.folderAt(path.slice(0, -1));
      const name = path.at(-1) ?? "";
      const partialName = `${name}.${hexOf(randomBytes(4))}.tmp`;
      const partial: MovableFile = await folder.getFileHandle(partialName, { create: true });
      try {
        await writeWhole(partial, bytes);
        await partial.move?.(name);
      } catch (error) {
        await folder.removeEntry(partialName).catch(() => {});
        throw error;
      }
    });
  }

  remove(path: FolderPath): Promise<void> {
    return named(path, async () => {
      const folder = await this.folderAt(path.slice(0, -1));
      await folder.removeEntry(path.at(-1) ?? "");
    });
  }

  makeFolder(path: FolderPath): Promise<void> {
    return named(path, async () => {
      let folder = this.root;
      for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true });
    });
  }

  private async folderAt(path: FolderPath): Promise<FileSystemDirectoryHandle> {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    const key = path.join("/");
    const known = this.folders.get(key);
    if (known !== undefined) return known;
    const folder = await (await this.folderAt(path.slice(0, -1))).getDirectoryHandle(name);
    this.folders.set(key, folder);
    return folder;
  }
}

function itemOf(handle: FileSystemDirectoryHandle | FileSystemFileHandle, path: FolderPath): FolderItem {
  if (handle.kind === "directory") return { kind: "folder", name: handle.name };
  return { kind: "file", name: handle.name, open: () => named(path, () => openHandle(handle, path)) };
}

async function openHandle(handle: FileSystemFileHandle, path: FolderPath): Promise<StoredFile> {
  const file = await handle.getFile();
  return {
    length: file.size,
    read: ({ offset, length }: ByteRange) =>
      named(path, async () => new Uint8Array(await file.slice(offset, offset + length).arrayBuffer())),
  };
}

async function writeWhole(file: MovableFile, bytes: Bytes): Promise<void> {
  // Without it a file could be seen before it is complete.
  if (file.move === undefined) throw new UnsupportedError("feature-missing", { feature: "FileSystemFileHandle.move" });
  const stream = await file.createWritable();
  try {
    await stream.write({ type: "write", position: 0, data: bytes });
    await stream.close();
  } catch (error) {
    // A stream that has failed already refuses to be aborted.
    await stream.abort().catch(() => {});
    throw error;
  }
}

async function named<T>(path: FolderPath, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderError(error, path);
  }
}

/** No signal reaches the platform here, so an AbortError is a refusal too: that is how a scanner of files says no. */
function folderError(error: unknown, path: FolderPath): HoldallError {
  if (error instanceof HoldallError) return error;
  const reason = error instanceof Error ? error.name : "unknown";
  const context = { file: path.join("/"), reason };
  switch (reason) {
    case "NotFoundError":
    // A folder where a file should be, or the other way round: what was asked for is not there.
    case "TypeMismatchError":
      return new BackendError("not-found", context, { cause: error });
    case "NotAllowedError":
    case "SecurityError":
      return new BackendError("permission-lapsed", context, { cause: error });
    case "NoModificationAllowedError":
      return new BackendError("folder-read-only", context, { cause: error });
    case "QuotaExceededError":
      return new QuotaError("quota-exceeded", context, { cause: error });
    default:
      return new BackendError("folder-failed", context, { cause: error });
  }
}
