import type { Bytes } from "../base/bytes.ts";
import type { ByteRange } from "./backend.ts";

/** Names from the repository's folder downwards, its own left out: ["data", "4f", "4f0a…"]. */
export type FolderPath = readonly string[];

export type FolderItem = { kind: "folder"; name: string } | { kind: "file"; name: string; open(): Promise<StoredFile> };

/** A file as it was when it was opened. */
export interface StoredFile {
  readonly length: number;
  /** The bytes of a range, fewer if the file ends before; the caller owns them. Throws "not-found" if it was replaced. */
  read(range: ByteRange): Promise<Bytes>;
}

/**
 * What a repository in a local folder needs of the platform. All calls may overlap and be repeated. Errors are
 * HoldallErrors: "not-found" for a file or folder that is not there, "permission-lapsed", "folder-read-only",
 * "folder-failed", and QuotaError.
 */
export interface RepositoryFolder {
  /** The folder's own name: for messages and labels. */
  readonly name: string;
  /** What a folder holds, in no order. */
  items(path: FolderPath, signal: AbortSignal): Promise<FolderItem[]>;
  open(path: FolderPath): Promise<StoredFile>;
  /**
   * Writes a file that appears under its name whole or not at all, in the place of one that is there. Resolves when the
   * platform calls it written. The folder must exist. The bytes are lent until the promise settles.
   */
  write(path: FolderPath, bytes: Bytes): Promise<void>;
  remove(path: FolderPath): Promise<void>;
  /** Makes a folder and those on its way, unless they are there. */
  makeFolder(path: FolderPath): Promise<void>;
}
