import type { BackupRules } from "../../core/archiver/backup-rules.ts";
import type { ErrorCode } from "../../core/base/errors.ts";
import type { CompressionMode } from "../../core/codec/codec.ts";
import type { BackupOutcome } from "./backup.ts";

/** What a person backs up again and again. */
export interface BackupSet {
  id: string;
  name: string;
  hostname: string;
  sources: BackupSetSource[];
  tags: string[];
  compression: CompressionMode;
  rules: BackupRules;
  packSizeBytes: number | null;
  uploadLimit: number | null;
  skipIfUnchanged: boolean;
  rereadEvery: number | null;
  /** Days after the last run at which the set says that it is due; null: never. */
  reminderDays: number | null;
  /** Runs by itself when files change while the app is open. */
  runsOnChange: boolean;
}

/** A source keeps its id and its root name for ever; the folder's handle is kept beside, under the id (platform). */
export interface BackupSetSource {
  id: string;
  rootName: string;
  /** "files": a pick of loose files, which is added to what was picked before. */
  kind: "folder" | "files";
}

export interface BackupSetInfo {
  set: BackupSet;
  /** Newest first, a hundred at most. */
  runs: BackupRun[];
  /** A run that was cut off (a killed tab, a crash), where it was; null if the last one ended in order. */
  unfinished: UnfinishedRun | null;
}

/**
 * "device": sealed in the browser's storage. "session": on somebody else's device, until the repository is closed.
 * `damaged`: what was kept could not be read, and counts as nothing; a set is continued from one of its snapshots.
 */
export interface SetStorageInfo {
  place: "device" | "session";
  damaged: boolean;
}

export interface BackupRun {
  startedMs: number;
  durationMs: number;
  outcome: BackupOutcome | "failed" | "cancelled";
  /** Why it failed. */
  code: ErrorCode | null;
  snapshot: string | null;
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  failures: number;
  bytesRead: number;
  bytesStored: number;
}

export interface UnfinishedRun {
  startedMs: number;
  filesDone: number;
  bytesDone: number;
  bytesUploaded: number;
  currentPath: string;
}
