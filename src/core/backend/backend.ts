import type { Bytes } from "../base/bytes.ts";
import type { Id } from "../base/id.ts";
import type { FileContent } from "./file-content.ts";

/** The types of files in a repository. FORMAT.md 1. */
export type FileType = "config" | "key" | "data" | "index" | "snapshot" | "lock";
export type NamedFileType = Exclude<FileType, "config">;

export type Handle = { type: "config" } | { type: NamedFileType; id: Id };

export interface ByteRange {
  offset: number;
  length: number;
  /**
   * Where the bytes may be put, at least `length` long, and given away with the call: the result lies in its memory,
   * perhaps under another object, unless a backend passes it over. Fresh memory for a whole pack costs more than fetching it.
   */
  into?: Bytes;
}

export interface ListedFile {
  id: Id;
  length: number;
}

/** Asks whether a file may still be written. Operations wait long to be repeated, and machines sleep meanwhile. */
export type BeforeSending = () => Promise<void>;

/**
 * Where a repository's files are. Files are immutable and named by their hash (config aside), so every call may be
 * repeated. Errors are BackendErrors; an aborted signal rejects with its reason.
 */
export interface Backend {
  /** For messages and labels; never holds credentials. */
  readonly location: string;
  /** How many operations may run at once. */
  readonly connections: number;
  /** Prepares an empty place for a repository. May be called again. */
  create(signal: AbortSignal): Promise<void>;
  /** The file's length in bytes, or null if it does not exist. */
  stat(handle: Handle, signal: AbortSignal): Promise<number | null>;
  /** All files of a type in no order; names that are no ids are left out. An absent folder of an existing repository is empty. */
  list(type: NamedFileType, signal: AbortSignal): Promise<ListedFile[]>;
  /**
   * The whole file, or exactly the range. The caller owns the buffer; the bytes are not verified here.
   * Throws "not-found", "range-refused" (the file ends before the range), "short-body".
   */
  load(handle: Handle, signal: AbortSignal, range?: ByteRange): Promise<Bytes>;
  /**
   * Stores a whole file; resolves only when it is durable. A file that is there already with equal content counts as stored.
   * The content is lent until the promise settles. `beforeSending` is awaited right before each time that they are sent, and
   * its rejection ends the saving.
   */
  save(handle: Handle, content: FileContent, signal: AbortSignal, beforeSending?: BeforeSending): Promise<void>;
  /** Removes a file. A file that is not there counts as removed. */
  remove(handle: Handle, signal: AbortSignal): Promise<void>;
  /**
   * How far this machine's clock is ahead of the server's, by the latest answer to a save or removal; null as long as that
   * is unknown. Absent where there is no other clock.
   */
  clockAheadMs?(): number | null;
}

/** "config" or "data/<first 8 digits>": for errors and logs. */
export function describeHandle(handle: Handle): string {
  return handle.type === "config" ? "config" : `${handle.type}/${handle.id}`;
}
