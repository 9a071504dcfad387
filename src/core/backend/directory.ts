import { type Bytes, equalBytes } from "../base/bytes.ts";
import { BackendError, HoldallError } from "../base/errors.ts";
import { parseId } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import {
  type Backend,
  type BeforeSending,
  type ByteRange,
  describeHandle,
  type Handle,
  type ListedFile,
  type NamedFileType,
} from "./backend.ts";
import { checkRange } from "./byte-range.ts";
import { dataFolders, folderOf, pathOf, refuseOtherContents, topFolders } from "./directory-layout.ts";
import { bytesOf, type FileContent } from "./file-content.ts";
import type { FolderItem, FolderPath, RepositoryFolder, StoredFile } from "./repository-folder.ts";

export interface DirectoryOptions {
  /** How many operations may run at once; the caller keeps to it with withLimit. */
  connections?: number;
}

const defaultConnections = 5;

/** No repository has larger files, so none of this length is taken into memory. */
const largestFileLength = 512 * 1024 * 1024;

/** A file's length costs a question of its own. */
const questionsAtOnce = 64;
const foldersAtOnce = 16;

/**
 * A repository in a local folder, as restic lays it out (directory-layout.ts). Whatever fails here fails at once: a disk
 * does not come back by waiting, so nothing says `retry: "later"`. Errors of its own: "folder-gone", "folder-not-empty",
 * "repository-inside".
 *
 * [Note: unplugged disks] Where a disk was there is nothing, or an empty folder. Neither may look like a repository
 * without files: locks of others would seem gone, and a new file would land on another disk. So whenever something is
 * absent that could be anybody's (a folder, a file that was asked for), it is looked whether the repository is there.
 */
export class DirectoryBackend implements Backend {
  readonly location: string;
  readonly connections: number;

  constructor(
    private readonly folder: RepositoryFolder,
    options: DirectoryOptions = {},
  ) {
    this.location = folder.name;
    this.connections = options.connections ?? defaultConnections;
  }

  /** Throws "folder-not-empty" or "repository-inside" if the folder is used for something else. */
  async create(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if ((await this.find({ type: "config" })) === null) await refuseOtherContents(this.folder, signal);
    for (const path of topFolders) await this.folder.makeFolder(path);
    signal.throwIfAborted();
    await Promise.all(dataFolders.map((path) => this.folder.makeFolder(path)));
  }

  /** For a config that is absent: null only where a repository may be made; else what `create` throws. */
  async stat(handle: Handle, signal: AbortSignal): Promise<number | null> {
    signal.throwIfAborted();
    const file = await this.find(handle);
    signal.throwIfAborted();
    if (file === null) await this.refuseAbsence(handle, signal);
    return file?.length ?? null;
  }

  async list(type: NamedFileType, signal: AbortSignal): Promise<ListedFile[]> {
    signal.throwIfAborted();
    const items = await this.itemsOf([folderOf(type)], signal);
    if (items === null) await this.refuseAbsentRepository(type, signal);
    if (type !== "data") return measured(items ?? [], signal);
    return this.listPacks(items ?? [], signal);
  }

  async load(handle: Handle, signal: AbortSignal, range?: ByteRange): Promise<Bytes> {
    signal.throwIfAborted();
    if (range) checkRange(range);
    const file = await this.find(handle);
    signal.throwIfAborted();
    const context = { file: describeHandle(handle) };
    if (file === null) {
      await this.refuseAbsence(handle, signal);
      throw new BackendError("not-found", context);
    }
    const { offset, length } = range ?? { offset: 0, length: file.length };
    if (offset + length > file.length) {
      throw new BackendError("range-refused", { ...context, end: offset + length, length: file.length });
    }
    if (length > largestFileLength) throw new BackendError("folder-failed", { ...context, reason: "too long", length });
    const bytes = await file.read({ offset, length });
    signal.throwIfAborted();
    if (bytes.length === length) return bytes;
    throw new BackendError("short-body", { ...context, expected: length, received: bytes.length });
  }

  async save(handle: Handle, content: FileContent, signal: AbortSignal, beforeSending?: BeforeSending): Promise<void> {
    signal.throwIfAborted();
    const bytes = await bytesOf(content);
    if (await this.isStored(handle, bytes)) return;
    await beforeSending?.();
    signal.throwIfAborted();
    const path = pathOf(handle);
    try {
      await this.folder.write(path, bytes);
    } catch (error) {
      if (!isNotFound(error) || handle.type === "config") throw error;
      await this.refuseAbsentRepository(handle.type, signal);
      // Programs that copy folders leave out the empty ones.
      await this.folder.makeFolder(path.slice(0, -1));
      await this.folder.write(path, bytes);
    }
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    try {
      await this.folder.remove(pathOf(handle));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (handle.type !== "config") await this.refuseAbsentRepository(handle.type, signal);
    }
  }

  private async find(handle: Handle): Promise<StoredFile | null> {
    return orNull(this.folder.open(pathOf(handle)));
  }

  private async itemsOf(path: FolderPath, signal: AbortSignal): Promise<FolderItem[] | null> {
    return orNull(this.folder.items(path, signal));
  }

  /** Packs are looked for in the folders of their first two digits alone, where restic looks too. */
  private async listPacks(items: readonly FolderItem[], signal: AbortSignal): Promise<ListedFile[]> {
    const places = new Semaphore(foldersAtOnce);
    const listings = items
      .filter(({ kind, name }) => kind === "folder" && /^[0-9a-f]{2}$/.test(name))
      .map(({ name }) =>
        places.with(1, signal, async () => {
          const packs = (await this.itemsOf([folderOf("data"), name], signal)) ?? [];
          return measured(
            packs.filter((pack) => pack.name.startsWith(name)),
            signal,
          );
        }),
      );
    return (await Promise.all(listings)).flat();
  }

  /** Throws "already-exists" if another file has the name. */
  private async isStored(handle: Handle, bytes: Bytes): Promise<boolean> {
    const file = await this.find(handle);
    // A machine that lost its power leaves empty files behind; there is nothing in them to be kept.
    if (file === null || (file.length === 0 && bytes.length > 0)) return false;
    const { length } = file;
    if (length === bytes.length && equalBytes(await file.read({ offset: 0, length }), bytes)) return true;
    throw new BackendError("already-exists", { file: describeHandle(handle), length, expected: bytes.length });
  }

  private async refuseAbsence(handle: Handle, signal: AbortSignal): Promise<void> {
    if (handle.type !== "config") await this.refuseAbsentRepository(handle.type, signal);
    else await refuseOtherContents(this.folder, signal);
  }

  /** [Note: unplugged disks] */
  private async refuseAbsentRepository(type: NamedFileType, signal: AbortSignal): Promise<void> {
    const items = await this.itemsOf([], signal);
    if (items?.some(({ name }) => name === "config" || name === folderOf(type))) return;
    throw new BackendError("folder-gone", { folder: this.folder.name });
  }
}

/** The files whose names are ids, with their lengths; what vanishes meanwhile is left out. */
async function measured(items: readonly FolderItem[], signal: AbortSignal): Promise<ListedFile[]> {
  const places = new Semaphore(questionsAtOnce);
  const files: ListedFile[] = [];
  const measure = async (item: FolderItem) => {
    const id = parseId(item.name);
    if (id === null || item.kind !== "file") return;
    const file = await places.with(1, signal, () => orNull(item.open()));
    if (file !== null) files.push({ id, length: file.length });
  };
  await Promise.all(items.map(measure));
  signal.throwIfAborted();
  return files;
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof HoldallError && error.code === "not-found";
}
