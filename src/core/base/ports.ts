import type { Bytes } from "./bytes.ts";
import type { RawName } from "./raw-name.ts";

/**
 * What core asks of the outside: where files come from, where they go, where kernel bytes are. The browser's
 * implementations are in platform/, Node's in test/support.
 */

/** What tells whether a file has changed. */
export interface FileStat {
  size: number;
  /** Milliseconds since 1970, as File.lastModified. */
  modifiedMs: number;
}

/** A file at one moment. `blob` is lazy: its bytes are read when they are asked for, and reading may fail by then. */
export interface SourceFile extends FileStat {
  blob: Blob | RemoteBlob;
}

/** The Blob of a file that another thread has open. */
export interface RemoteBlob {
  readonly size: number;
  readonly reader: RemoteReader;
}

/** Reads what another thread has open. Calls throw "source-unreadable". */
export interface RemoteReader {
  /** Several small files, one behind the other, each as long as its blob; the caller owns the bytes. */
  read(blobs: readonly RemoteBlob[], signal: AbortSignal): Promise<Bytes>;
  /** The Blob itself, to be read piece by piece. */
  blobOf(blob: RemoteBlob, signal: AbortSignal): Promise<Blob>;
}

export type SourceEntry =
  | { kind: "file"; name: RawName; stat?: FileStat; open(signal: AbortSignal): Promise<SourceFile> }
  | { kind: "folder"; name: RawName; folder: SourceFolder };

/** A folder to be backed up. May be listed more than once; names are unique within it, in no promised order. */
export interface SourceFolder {
  entries(signal: AbortSignal): AsyncIterable<SourceEntry>;
  /**
   * The same entries, each file with its stat, for who opens few of them: where that takes less than opening, and opening
   * takes more instead. Null if the platform cannot tell, or not for certain; `entries` tells why.
   */
  stats?(signal: AbortSignal): Promise<readonly SourceEntry[] | null>;
  /** Gives back what reading the picked folder took; nothing of it is used afterwards. */
  close?(): void;
}

/** One folder that a backup starts from, under the name that it has in the snapshot's root tree. */
export interface Source {
  rootName: RawName;
  folder: SourceFolder;
  /** A pick of loose files: what the parent snapshot holds under this name and the pick does not, stays. */
  addsToParent?: boolean;
}

/**
 * Where a restore writes. Folders are made before what is in them. Names are already those that the platform accepts
 * (restorer/name-policy). Throws HoldallError "sink-refused", "exists-already" or QuotaError.
 */
export interface FileSink {
  /** How many files may be open for writing at a time, about. */
  readonly filesAtOnce: number;
  /** True if two names that differ in case alone are one name there, as far as it can be known without writing. */
  foldsCase(): Promise<boolean>;
  /** Makes the folder unless it is there. */
  folder(path: readonly string[]): Promise<void>;
  /** The file that has this name now, null if nothing has. Makes nothing. "exists-already": it is no file. */
  existing(path: readonly string[]): Promise<ExistingFile | null>;
  file(path: readonly string[], size: number, overwrite: boolean): Promise<FileWriter>;
}

/** A file at the target as it was when it was looked at. */
export interface ExistingFile {
  /** Lazy: reading fails if the file has changed since. */
  blob: Blob;
  /**
   * Writes into a copy of it, cut or extended to `size`; the copy takes its place by close(). Throws "target-changed" if the
   * file has changed since, so that nothing stays in it that `blob` did not show.
   */
  amend(size: number): Promise<FileWriter>;
}

/** One file being restored. It appears under its name only by close(); after abort() nothing of it remains. */
export interface FileWriter {
  /**
   * Writes at a position. The bytes are lent until the promise settles. Calls for one file may overlap.
   */
  write(position: number, bytes: Bytes): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

export type KernelBuild = "relaxed" | "simd" | "scalar";

/** A file of wasm/build: one of our kernels' builds, the one that mixes for scrypt, or libzstd. */
export type KernelFile = KernelBuild | "scrypt" | "zstd";

/** Where compiled WebAssembly comes from; asked for a few files per worker. */
export interface KernelSource {
  /** The bytes of wasm/build/<file>.wasm. */
  load(file: KernelFile): Promise<Bytes>;
}

/**
 * Room on the device's own disk where packs are put together before they are sent: all of it sealed, none of it needed once
 * a run has ended. Nothing here rejects or throws but reading.
 */
export interface PackSpool {
  /** Sees to it that there will be room soon. */
  prepare(): void;
  /** Room for one pack; null if there is none just now. */
  take(): SpoolFile | null;
  /** Removes all room that is not taken. More comes with prepare(). */
  trim(): void;
}

/** Room for one pack. */
export interface SpoolFile {
  /** Writes at a position, at once; false if not all of it could be written. The bytes are only read. */
  write(bytes: Bytes, offset: number): boolean;
  /** Fills the bytes with what was written from a position on. Throws the platform's error if that cannot be read. */
  read(bytes: Bytes, offset: number): void;
  /** The first `length` bytes, readable until release(). */
  content(length: number): Promise<Blob>;
  /** The room may be used for another pack. */
  release(): void;
}

/** Remembers own lock files, so that a killed tab's locks are removed at the next unlock. DESIGN.md 9. */
export interface LockJournal {
  add(repositoryId: string, lockId: string): Promise<void>;
  remove(repositoryId: string, lockId: string): Promise<void>;
  list(repositoryId: string): Promise<string[]>;
  /** Holds the platform-wide claim named after the lock id until released; a dead holder's claim is free. */
  claim(lockId: string): Promise<() => void>;
  isClaimed(lockId: string): Promise<boolean>;
}

/**
 * A device's storage for the offline copy of one repository: sealed files by key. Everything in it may vanish or change
 * at any time, and every call may reject: whoever uses it treats both as "not kept".
 */
export interface OfflineStore {
  /** The bytes under a key, or null; the caller owns them. */
  get(key: string): Promise<Bytes | null>;
  /** Stores bytes under a key in the place of what was there. They are lent until the promise settles. */
  put(key: string, bytes: Bytes, usedMs: number): Promise<void>;
  /** Notes when these keys were last used; keys that are not there are passed over. */
  touch(keys: readonly string[], usedMs: number): Promise<void>;
  /** Keys that are not there count as removed. */
  remove(keys: readonly string[]): Promise<void>;
  /** All that is kept, without reading it; in no order. */
  list(): Promise<OfflineEntry[]>;
}

export interface OfflineEntry {
  key: string;
  /** In bytes. */
  length: number;
  /** Milliseconds since 1970. */
  usedMs: number;
}

/**
 * Where a device keeps the backup sets of one repository: sealed records by key. Storage holds anything, so what it gives is
 * verified. Every call may reject.
 */
export interface SetStore {
  /** "session": it ends with this object. */
  readonly place: "device" | "session";
  load(key: string): Promise<Bytes | null>;
  /**
   * Changes a record in one step, whatever other tabs do meanwhile: what `edit` makes of the bytes that are there takes their
   * place; null: nothing does.
   */
  update(key: string, edit: (stored: Bytes | null) => Promise<Bytes | null>): Promise<void>;
  /** Holds the platform-wide claim of a run of this set until released; a dead holder's claim is free. */
  claimRun(setId: string): Promise<() => void>;
  isRunning(setId: string): Promise<boolean>;
}
