import { createHash, type Hash } from "node:crypto";
import { type FileHandle, lstat, open, readdir, rm, stat, unlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  errorCode,
  FileExists,
  isAbandonedUpload,
  makeDurableFolder,
  syncFolder,
  writeDurableFile,
} from "./durable-file.ts";
import type { Quota } from "./quota.ts";
import { isId, type ObjectType, objectTypes, type RepositoryName, type StoredName } from "./repository-target.ts";

export interface ListedFile {
  readonly name: string;
  readonly size: number;
}

/** An open file; whoever got it closes the handle. */
export interface OpenedFile {
  readonly handle: FileHandle;
  readonly size: number;
}

export interface Upload {
  readonly body: AsyncIterable<Uint8Array>;
  /** From Content-Length; undefined for a chunked body. */
  readonly length: number | undefined;
}

export type SaveResult = "stored" | "exists" | "hash-mismatch";

const hexPairs = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, "0"));

/**
 * Repositories as folders in restic's own layout (`data/<first two digits>/<id>`, everything else flat), so that
 * `restic -r FOLDER` works on each of them. Files are write-once.
 */
export class RepositoryStore {
  constructor(
    private readonly root: string,
    private readonly quota?: Quota,
  ) {}

  /** Makes the folders of a repository; those that are there stay. */
  async create(repository: RepositoryName): Promise<void> {
    const folder = this.folderOf(repository);
    for (const type of objectTypes) await makeDurableFolder(join(folder, type));
    for (const pair of hexPairs) await makeDurableFolder(join(folder, "data", pair));
  }

  /** Undefined if there is no such file. */
  async open(repository: RepositoryName, file: StoredName): Promise<OpenedFile | undefined> {
    const handle = await orMissing(open(this.pathOf(repository, file), "r"));
    if (handle === undefined) return undefined;
    try {
      const stats = await handle.stat();
      if (stats.isFile()) return { handle, size: stats.size };
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return undefined;
  }

  /** Undefined if there is no such file. */
  async sizeOf(repository: RepositoryName, file: StoredName): Promise<number | undefined> {
    const stats = await orMissing(stat(this.pathOf(repository, file)));
    return stats?.isFile() ? stats.size : undefined;
  }

  /** All files of a type, by name; undefined if its folder is not there. */
  async list(repository: RepositoryName, type: ObjectType): Promise<ListedFile[] | undefined> {
    const folder = join(this.folderOf(repository), type);
    const names = await orMissing(readdir(folder));
    if (names === undefined) return undefined;
    const listed = type === "data" ? await listPairs(folder, names) : await listFiles(folder, names);
    return listed.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /**
   * Stores a file whose SHA-256 is its name (config has no such name and is taken as it comes).
   * Throws QuotaExceeded, system errors, and what the body throws; in all cases nothing is stored then.
   */
  async save(repository: RepositoryName, file: StoredName, upload: Upload): Promise<SaveResult> {
    const path = this.pathOf(repository, file);
    if (await exists(path)) return "exists";
    const room = new Room(this.quota, upload.length ?? 0);
    try {
      await makeDurableFolder(dirname(path));
      await writeDurableFile(path, (handle) => this.write(handle, file, upload.body, room));
      room.keep();
      return "stored";
    } catch (error) {
      if (error instanceof FileExists) return "exists";
      if (error instanceof HashMismatch) return "hash-mismatch";
      throw error;
    } finally {
      room.giveBack();
    }
  }

  /** Removes a file; one that is not there is no error. */
  async remove(repository: RepositoryName, file: StoredName): Promise<void> {
    const path = this.pathOf(repository, file);
    const size = (await this.sizeOf(repository, file)) ?? 0;
    const removed = await orMissing(unlink(path).then(() => true));
    if (removed === undefined) return;
    this.quota?.release(size);
    await syncFolder(dirname(path));
  }

  private async write(handle: FileHandle, file: StoredName, body: AsyncIterable<Uint8Array>, room: Room) {
    const hash = createHash("sha256");
    await writeFile(handle, measured(body, hash, room));
    if (file.type !== "config" && hash.digest("hex") !== file.id) throw new HashMismatch();
  }

  private folderOf(repository: RepositoryName): string {
    return join(this.root, ...repository);
  }

  private pathOf(repository: RepositoryName, file: StoredName): string {
    const folder = this.folderOf(repository);
    if (file.type === "config") return join(folder, "config");
    if (file.type === "data") return join(folder, "data", file.id.slice(0, 2), file.id);
    return join(folder, file.type, file.id);
  }
}

/** Removes what uploads left behind when a server was killed, and adds up what is stored. */
export async function sweepDataFolder(root: string): Promise<{ storedBytes: number; removedUploads: number }> {
  let storedBytes = 0;
  let removedUploads = 0;
  for (const entry of await readdir(root, { withFileTypes: true })) {
    const path = join(root, entry.name);
    if (entry.isDirectory()) {
      const inside = await sweepDataFolder(path);
      storedBytes += inside.storedBytes;
      removedUploads += inside.removedUploads;
    } else if (isAbandonedUpload(entry.name)) {
      await rm(path, { force: true });
      removedUploads += 1;
    } else if (entry.isFile()) {
      storedBytes += (await orMissing(lstat(path)))?.size ?? 0;
    }
  }
  return { storedBytes, removedUploads };
}

class HashMismatch extends Error {}

/** What one upload holds of the quota until it is stored or has failed. */
class Room {
  private receivedLength = 0;
  private reservedLength = 0;

  constructor(
    private readonly quota: Quota | undefined,
    announcedLength: number,
  ) {
    this.reserveUpTo(announcedLength);
  }

  received(length: number): void {
    this.receivedLength += length;
    this.reserveUpTo(this.receivedLength);
  }

  /** The bytes are stored: they stay counted until the file is removed. */
  keep(): void {
    this.reservedLength -= this.receivedLength;
  }

  giveBack(): void {
    this.quota?.release(this.reservedLength);
    this.reservedLength = 0;
  }

  private reserveUpTo(length: number): void {
    if (length <= this.reservedLength) return;
    this.quota?.reserve(length - this.reservedLength);
    this.reservedLength = length;
  }
}

async function* measured(body: AsyncIterable<Uint8Array>, hash: Hash, room: Room): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    room.received(piece.length);
    hash.update(piece);
    yield piece;
  }
}

async function listPairs(folder: string, names: readonly string[]): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  for (const pair of names.filter((name) => /^[0-9a-f]{2}$/.test(name))) {
    const inside = (await orMissing(readdir(join(folder, pair)))) ?? [];
    listed.push(...(await listFiles(join(folder, pair), inside)));
  }
  return listed;
}

async function listFiles(folder: string, names: readonly string[]): Promise<ListedFile[]> {
  const listed: ListedFile[] = [];
  const paths = names.filter(isId).map((name) => join(folder, name));
  for (let at = 0; at < paths.length; at += statsAtOnce) {
    const batch = paths.slice(at, at + statsAtOnce);
    for (const file of await Promise.all(batch.map(listFile))) if (file !== undefined) listed.push(file);
  }
  return listed;
}

// Node runs four file system calls at a time; a longer queue would only take memory.
const statsAtOnce = 32;

/** Undefined for what is no file, or was removed since its name was read. */
async function listFile(path: string): Promise<ListedFile | undefined> {
  const stats = await orMissing(stat(path));
  return stats?.isFile() ? { name: basename(path), size: stats.size } : undefined;
}

async function exists(path: string): Promise<boolean> {
  return (await orMissing(stat(path))) !== undefined;
}

async function orMissing<T>(operation: Promise<T>): Promise<T | undefined> {
  try {
    return await operation;
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
