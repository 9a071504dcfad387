import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { basename, join } from "node:path";
import type { ByteRange } from "../../src/core/backend/backend.ts";
import type { FolderItem, FolderPath, RepositoryFolder, StoredFile } from "../../src/core/backend/repository-folder.ts";
import type { Bytes } from "../../src/core/base/bytes.ts";
import { BackendError, HoldallError, QuotaError } from "../../src/core/base/errors.ts";

/** A folder of this machine as a place for a repository. */
export class NodeRepositoryFolder implements RepositoryFolder {
  constructor(private readonly root: string) {}

  get name(): string {
    return basename(this.root);
  }

  items(path: FolderPath, signal: AbortSignal): Promise<FolderItem[]> {
    return refusalsNamed(path, async () => {
      const entries = await readdir(this.at(path), { withFileTypes: true });
      signal.throwIfAborted();
      return entries.map((entry) => {
        const { name } = entry;
        if (entry.isDirectory()) return { kind: "folder", name };
        return { kind: "file", name, open: () => this.open([...path, name]) };
      });
    });
  }

  open(path: FolderPath): Promise<StoredFile> {
    return refusalsNamed(path, async () => {
      const found = await stat(this.at(path));
      if (!found.isFile()) throw new BackendError("not-found", { file: path.join("/") });
      return { length: found.size, read: (range) => this.read(path, range) };
    });
  }

  write(path: FolderPath, bytes: Bytes): Promise<void> {
    return refusalsNamed(path, async () => {
      const partial = `${this.at(path)}.${randomBytes(4).toString("hex")}.tmp`;
      const file = await open(partial, "wx", 0o600);
      try {
        await file.writeFile(bytes).finally(() => file.close());
        await rename(partial, this.at(path));
      } catch (error) {
        await rm(partial, { force: true });
        throw error;
      }
    });
  }

  remove(path: FolderPath): Promise<void> {
    return refusalsNamed(path, () => unlink(this.at(path)));
  }

  makeFolder(path: FolderPath): Promise<void> {
    return refusalsNamed(path, async () => {
      // Not the folder itself: a disk that is gone must not come to life on the one below.
      await stat(this.root);
      await mkdir(this.at(path), { recursive: true });
    });
  }

  private read(path: FolderPath, { offset, length }: ByteRange): Promise<Bytes> {
    return refusalsNamed(path, async () => {
      const file = await open(this.at(path));
      try {
        const buffer = new Uint8Array(length);
        const { bytesRead } = await file.read(buffer, 0, length, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    });
  }

  private at(path: FolderPath): string {
    return join(this.root, ...path);
  }
}

async function refusalsNamed<T>(path: FolderPath, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof HoldallError || !(cause instanceof Error && "code" in cause)) throw cause;
    const context = { file: path.join("/"), reason: String(cause.code) };
    switch (cause.code) {
      case "ENOENT":
      case "ENOTDIR":
      case "EISDIR":
        throw new BackendError("not-found", context, { cause });
      case "EACCES":
      case "EPERM":
        throw new BackendError("permission-lapsed", context, { cause });
      case "EROFS":
        throw new BackendError("folder-read-only", context, { cause });
      case "ENOSPC":
      case "EDQUOT":
        throw new QuotaError("quota-exceeded", context, { cause });
      default:
        throw new BackendError("folder-failed", context, { cause });
    }
  }
}
