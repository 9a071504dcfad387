import type { ErrorCode } from "../../core/base/errors.ts";
import type { FailedFile, NodePath, NodeType } from "./snapshot.ts";

export interface RestoreRequest {
  snapshot: string;
  /** What to restore; the empty path is the whole snapshot. */
  paths: NodePath[];
  target: FileSystemDirectoryHandle;
  overwrite: OverwriteMode;
}

/** A restore that keeps nothing. */
export type TrialRequest = Pick<RestoreRequest, "snapshot" | "paths">;

/**
 * What becomes of files that are there already. "changed": their chunks are compared with the snapshot's, and only what
 * differs is fetched and written; so an interrupted restore goes on where it was.
 */
export type OverwriteMode = "always" | "changed" | "never";

export interface RestorePlanInfo {
  files: number;
  folders: number;
  bytes: number;
  /** Files of these names that are at the target already. */
  existing: number;
  existingBytes: number;
  /** Files and folders that get another name, since the target refuses theirs. */
  renamed: number;
  skipped: number;
  failures: FailedFile[];
}

export interface ArchiveRequest {
  snapshot: string;
  paths: NodePath[];
  format: ArchiveFormat;
}

export type ArchiveFormat = "zip" | "tar";

export interface ArchivePlan {
  files: number;
  folders: number;
  /** Bytes of the files in it. */
  bytes: number;
  /** Bytes of the archive itself. */
  archiveBytes: number;
  renamed: number;
  skipped: number;
  failures: FailedFile[];
}

export interface RestoreProgress {
  phase: "planning" | "restoring";
  filesDone: number;
  filesTotal: number;
  bytesDone: number;
  bytesTotal: number;
  failures: number;
  /** Why nothing moves just now: a request is being repeated. Null while all is well. */
  waiting: ErrorCode | null;
}

export interface RestoreResult {
  files: number;
  /** Of the files, those that were right already. */
  unchanged: number;
  /** Files that were there and were left alone, as "never" wants it; not among the files. */
  kept: number;
  folders: number;
  bytes: number;
  /** Bytes that were missing at the target. */
  bytesWritten: number;
  /** Files and folders written under another name, since the platform refuses theirs. */
  renamed: { path: string; writtenAs: string }[];
  /** Links, devices and the like, which a browser cannot make. */
  skipped: { path: string; type: NodeType }[];
  failures: FailedFile[];
}
