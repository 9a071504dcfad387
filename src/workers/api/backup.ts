import type { BackupRules } from "../../core/archiver/backup-rules.ts";
import type { ExclusionReason } from "../../core/archiver/selection.ts";
import type { ErrorCode } from "../../core/base/errors.ts";
import type { CompressionMode } from "../../core/codec/codec.ts";
import type { LockInfo } from "./lock.ts";
import type { FailedFile, SnapshotInfo } from "./snapshot.ts";

/** A picked or dropped folder, as it can be sent to a worker. */
export type FolderPick =
  /** `dropped`: the number by which the page that it was dropped on tells what is in it, api/folder-stats.ts. */
  | { kind: "handle"; handle: FileSystemDirectoryHandle; dropped?: number }
  /**
   * From <input webkitdirectory> or dropped entries: relative paths without the folder's own name. `unreadable` are the
   * paths of files and folders that the browser listed but could not open.
   */
  | { kind: "files"; files: { path: string[]; file: File }[]; emptyFolders: string[][]; unreadable?: string[][] };

export interface BackupSource {
  rootName: string;
  folder: FolderPick;
  /** A pick of loose files: what the parent snapshot holds under this name and the pick does not, stays. */
  addsToParent: boolean;
}

export interface ParentInfo {
  parent: SnapshotInfo | null;
  /** Entries of the parent of kinds that a browser never lists (links, devices, names it leaves out). */
  invisibleEntries: number;
}

export interface BackupRequest {
  sources: BackupSource[];
  hostname: string;
  tags: string[];
  compression: CompressionMode;
  /** The user's offset from UTC, in minutes east. */
  utcOffsetMinutes: number;
  rules: BackupRules;
  /** restic's --pack-size; null: the default of 16 MiB. */
  packSizeBytes: number | null;
  /** Bytes a second that uploads may take; null: no limit. */
  uploadLimit: number | null;
  /** Writes no snapshot if nothing has changed. */
  skipIfUnchanged: boolean;
  /** Tells what would be done, and stores nothing. */
  dryRun: boolean;
  /** Of files that seem unchanged, every so-many-th is read anew in each run; null: none is. */
  rereadEvery: number | null;
  /** The set whose history takes the run in. */
  setId: string | null;
  /** Waits for a lock of somebody else to go, instead of failing. */
  waitsForLock: boolean;
}

/** What the page can say to a running backup. */
export type BackupSteering = { paused: boolean } | { question: number; answer: "believe" | "stop" };

/** A folder lists far fewer entries than its parent did: a disk that is not mounted, or a browser that lost entries. */
export interface BackupQuestion {
  id: number;
  kind: "shrunk";
  path: string;
  entriesBefore: number;
  entriesNow: number;
}

export interface BackupPreview {
  files: number;
  bytes: number;
  excludedFiles: number;
  /** Folders that are left out; what is in them was not looked at. */
  excludedFolders: number;
  /** The roots and folders down to the third below them, with all that they hold; the largest thousand, largest first. */
  folders: PreviewFolder[];
  /** The first five hundred things that are left out. */
  excluded: { path: string[]; isFolder: boolean; bytes: number | null; reason: ExclusionReason }[];
  /** What cannot be read, be it a whole source; the first thousand. */
  failures: FailedFile[];
  /** False while folders are still being read. */
  complete: boolean;
}

export interface PreviewFolder {
  /** From the root name downwards. */
  path: string[];
  files: number;
  bytes: number;
}

export interface BackupProgress {
  phase: "preparing" | "saving" | "finishing" | "checking" | "verifying";
  filesDone: number;
  filesFound: number;
  /** Bytes of files that are done, unchanged ones included. */
  bytesDone: number;
  bytesFound: number;
  /** True when filesFound and bytesFound are final. */
  foundAll: boolean;
  bytesRead: number;
  bytesNew: number;
  bytesUploaded: number;
  currentPath: string;
  failures: number;
  /** Why nothing moves just now: a request is being repeated. Null while all is well. */
  waiting: ErrorCode | null;
  paused: boolean;
  question: BackupQuestion | null;
  /** The lock of somebody else that this backup waits for. */
  lockedBy: LockInfo | null;
}

/** "stored": a snapshot was written. "unchanged": none was, as wished. "dry-run": none was to be. */
export type BackupOutcome = "stored" | "unchanged" | "dry-run";

export interface BackupResult {
  outcome: BackupOutcome;
  /** Null unless the outcome is "stored". */
  snapshot: SnapshotInfo | null;
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  bytesRead: number;
  bytesNew: number;
  bytesUploaded: number;
  dataBlobs: number;
  treeBlobs: number;
  totalFiles: number;
  totalBytes: number;
  durationMs: number;
  /** The series has a snapshot from the future: this computer's clock is behind. */
  clockBehind: boolean;
  failures: FailedFile[];
  /** Files that seemed unchanged and were read all the same, and how many of them had changed. */
  rereadFiles: number;
  hiddenChanges: number;
  /** Files and folders that the rules left out. */
  excluded: number;
  /** Packs that the server has lost. All that this snapshot needs of them was stored again, or is among the failures. */
  lostPacks: number;
  /** Packs that were uploaded: what verifyUpload can look at. */
  uploadedPacks: number;
  /** The files that took longest, slowest first, ten at most. */
  slow: SlowFile[];
  /** How long the run stood still, since requests had to be repeated. */
  waitedMs: number;
}

export interface SlowFile {
  path: string;
  bytes: number;
  durationMs: number;
}

export interface VerifyUploadResult {
  packs: number;
  bytes: number;
  /** Packs that are not what was uploaded. */
  failures: FailedFile[];
}

export interface VerifyUploadProgress {
  packsDone: number;
  packsTotal: number;
  bytesDone: number;
  bytesTotal: number;
  waiting: ErrorCode | null;
}

export type WriterState = { state: "none" } | { state: "elsewhere"; progress: WriterProgress | null };

/** Of another tab's backup: numbers, no names. */
export type WriterProgress = Pick<
  BackupProgress,
  "phase" | "filesDone" | "filesFound" | "bytesDone" | "bytesFound" | "foundAll" | "bytesUploaded" | "paused"
>;
