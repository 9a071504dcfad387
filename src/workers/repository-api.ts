import type { BackupRules } from "../core/archiver/backup-rules.ts";
import type { ExclusionReason } from "../core/archiver/selection.ts";
import type { ErrorCode, ErrorContext } from "../core/base/errors.ts";
import type { CompressionMode } from "../core/codec/codec.ts";

export type { BackupRules, ExclusionReason };

/**
 * THE CONTRACT between the page and the repository worker. Plain data only: it crosses a MessagePort. Names for people
 * are already decoded; places in a snapshot are paths of node positions from the root (never names).
 */
export interface RepositoryApi {
  /** Looks at an address without a password: is it a repository, is it empty, what hinders? */
  probe: Method<{ location: RepositoryLocation }, ProbeResult>;
  /** Opens a repository: keys, config, index. Progress tells the phase. */
  open: Method<OpenRequest, RepositoryInfo, OpenProgress>;
  /** Creates a repository and opens it. */
  create: Method<OpenRequest & { formatVersion: 1 | 2 }, RepositoryInfo, OpenProgress>;
  listSnapshots: Method<Record<never, never>, SnapshotList>;
  /** One folder of a snapshot; the empty path is its root. */
  listFolder: Method<{ snapshot: string; path: NodePath }, FolderListing>;
  /** What the folders of one folder hold in all. The longest-known come first; aborting keeps what was measured. */
  measureFolders: Method<{ snapshot: string; path: NodePath }, FolderSizes, FolderSizes>;
  /** The verified first bytes of a file, at most `maxBytes`. */
  preview: Method<{ snapshot: string; path: NodePath; maxBytes: number }, Preview>;
  /** What the parent snapshot holds that a browser cannot see: told before a backup over it starts. */
  inspectParent: Method<{ hostname: string; rootNames: string[] }, ParentInfo>;
  /** What a backup would include, with sizes, and what the rules leave out. Progress is what was found so far. */
  previewBackup: Method<{ sources: BackupSource[]; rules: BackupRules }, BackupPreview, BackupPreview>;
  backup: Method<BackupRequest, BackupResult, BackupProgress>;
  /** Pauses the running backup, lets it go on, or answers what it asks. Nothing happens if there is none. */
  steerBackup: Method<BackupSteering, void>;
  /** Fetches what the last backup of this session uploaded, and compares it. */
  verifyUpload: Method<{ extent: "sample" | "all" }, VerifyUploadResult, VerifyUploadProgress>;
  /** The sets of this repository that this device knows, sealed in its storage; on somebody else's, of this session. */
  listSets: Method<Record<never, never>, BackupSetInfo[]>;
  /** Makes a set or changes it. */
  saveSet: Method<{ set: BackupSet }, void>;
  /** Forgets a set and its history; its snapshots stay. */
  removeSet: Method<{ id: string }, void>;
  /** Forgets that a run of the set was cut off, without running it again. */
  dismissUnfinished: Method<{ setId: string }, void>;
  /** Where the sets are kept, and whether all that was kept could be read. */
  setStorage: Method<Record<never, never>, SetStorageInfo>;
  /** Progress tells what a backup in another tab of this browser does, at first and at every change; ends when aborted. */
  watchWriter: Method<Record<never, never>, void, WriterState>;
  /** All locks that are in the repository now. */
  listLocks: Method<Record<never, never>, LockInfo[]>;
  /** Removes a lock, whoever's it is. A lock that is gone counts as removed. */
  removeLock: Method<{ id: string }, void>;
  /** Streams one verified file into the port (stream-port.ts); resolves when the other side has taken everything. */
  saveFile: Method<{ snapshot: string; path: NodePath; port: MessagePort }, { length: number }, RestoreProgress>;
  /** What an archive of the given things would be, its exact length included. */
  planArchive: Method<ArchiveRequest, ArchivePlan, RestoreProgress>;
  /** Streams the archive into the port, as long as planArchive said; what could not be had is in the result. */
  saveArchive: Method<ArchiveRequest & { port: MessagePort }, RestoreResult, RestoreProgress>;
  /** What a restore would do, before it does it. */
  planRestore: Method<RestoreRequest, RestorePlanInfo, RestoreProgress>;
  /** Restores the given things (folders with all they hold) into a local folder. */
  restore: Method<RestoreRequest, RestoreResult, RestoreProgress>;
  /** Keeps all trees of a snapshot on this device, so that it can be looked through without a network. */
  keepOffline: Method<{ snapshot: string }, OfflineState, OfflineProgress>;
  /** Takes a snapshot's trees from those that are kept. */
  dropOffline: Method<{ snapshot: string }, OfflineState>;
  offlineState: Method<Record<never, never>, OfflineState>;
  /** Progress tells the ids of the lock files that jobs hold, at first and at every change; ends when it is aborted. */
  watchLocks: Method<Record<never, never>, void, string[]>;
  /** Removes own locks and forgets the keys; running calls end with "closed". */
  close: Method<Record<never, never>, void>;
}

export interface CallContext<Progress> {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export type Method<Arguments, Result, Progress = never> = (
  args: Arguments,
  context?: CallContext<Progress>,
) => Promise<Result>;

export type RepositoryLocation = RestLocation | FolderLocation;

/** A folder on this device that has restic's layout: a USB disk, a synced folder. */
export interface FolderLocation {
  kind: "folder";
  handle: FileSystemDirectoryHandle;
}

export interface RestLocation {
  kind: "rest";
  /** URL of a REST server's repository folder, without credentials. */
  url: string;
  /** HTTP Basic login of the server; not the repository's password. */
  login: { username: string; password: string } | null;
  /** Largest number of requests at once; null: the default of 5. */
  connections: number | null;
}

/**
 * What stays on this device. "device": backup sets, sealed, and the ids of own locks; and the key file, the server's login,
 * index, snapshots and visited trees, sealed, in the browser's storage under the address, at most so many bytes; a location
 * without login takes the one that is kept. With a budget of 0 bytes only sets and locks.
 */
export type Keep = { kind: "nothing" } | { kind: "device"; budgetBytes: number };

export interface OpenRequest {
  location: RepositoryLocation;
  password: string;
  keep: Keep;
}

export type ProbeResult = { state: "repository" } | { state: "empty" };

export interface RepositoryInfo {
  id: string;
  location: string;
  formatVersion: 1 | 2;
  /** The key that opened it. */
  keyId: string;
  /** Files in keys/ that are no usable keys. */
  unusableKeys: number;
  kernelBuild: string;
  /** Opened from what is kept on this device, since the network gave no answer. Such a repository is only read. */
  offline: boolean;
  /** The server lets nothing but locks be removed; null where it could not be found out. */
  appendOnly: boolean | null;
  /** How far this device's clock is ahead of the server's; null if the server does not tell. */
  clockAheadMs: number | null;
}

export interface OpenProgress {
  phase: "keys" | "config" | "index" | "locks";
  done: number;
  total: number;
}

/** Positions of nodes from a snapshot's root tree downwards. */
export type NodePath = readonly number[];

export interface SnapshotList {
  /** Newest first. */
  snapshots: SnapshotInfo[];
  /** Snapshot files that could not be read. */
  unreadable: FailedFile[];
  /** Snapshots that this device has seen and that are gone, removed by somebody else; counted since the opening. */
  missingSnapshots: number;
}

export interface SnapshotInfo {
  id: string;
  /** RFC 3339 as stored, with the writer's offset. */
  time: string;
  timeMs: number;
  hostname: string;
  username: string;
  paths: string[];
  tags: string[];
  programVersion: string;
  /** restic's --exclude patterns of the run. */
  excludes: string[];
  parent: string | null;
  summary: SnapshotSummaryInfo | null;
}

export interface SnapshotSummaryInfo {
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  dataAddedBytes: number;
  dataAddedPackedBytes: number;
  totalFiles: number;
  totalBytes: number;
}

export type NodeType = "file" | "dir" | "symlink" | "dev" | "chardev" | "fifo" | "socket" | "irregular" | "unknown";

export interface FolderEntry {
  position: number;
  name: string;
  type: NodeType;
  sizeBytes: number;
  modifiedMs: number | null;
  linkTarget: string | null;
  /** As ls writes them: "rwxr-xr-x". Null where the snapshot knows none. */
  permissions: string | null;
  /** "anna:users", numbers where names are unknown; "" if nothing is known. */
  owner: string;
}

export interface FolderSizes {
  /** By the position of the folder in its folder. */
  sizes: { position: number; bytes: number; files: number }[];
  /** False while folders are missing. */
  complete: boolean;
}

export interface Preview {
  bytes: Uint8Array<ArrayBuffer>;
  /** Length of the whole file. */
  totalBytes: number;
}

export interface FolderListing {
  /** Names from the snapshot's root to this folder, for breadcrumbs. */
  names: string[];
  entries: FolderEntry[];
  /**
   * If the only entry is a folder with nothing but a folder in it, and so on: what comes below it, down to the first folder
   * that holds something else. Empty otherwise.
   */
  through: { names: string[]; path: NodePath };
}

export interface ParentInfo {
  parent: SnapshotInfo | null;
  /** Entries of the parent of kinds that a browser never lists (links, devices, names it leaves out). */
  invisibleEntries: number;
}

/** A picked or dropped folder, as it can be sent to a worker. */
export type FolderPick =
  | { kind: "handle"; handle: FileSystemDirectoryHandle }
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

export interface LockInfo {
  id: string;
  hostname: string;
  username: string;
  pid: number | null;
  /** Null if it cannot be read. */
  timeMs: number | null;
  exclusive: boolean;
  /** "here": held by this tab; "other-tab": by another tab of this browser; "left-behind": by one that is gone. */
  holder: "here" | "other-tab" | "left-behind" | "somebody";
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

export interface FailedFile {
  path: string;
  code: ErrorCode;
  context: ErrorContext;
}

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

export interface RestoreRequest {
  snapshot: string;
  /** What to restore; the empty path is the whole snapshot. */
  paths: NodePath[];
  target: FileSystemDirectoryHandle;
  overwrite: OverwriteMode;
}

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

export interface OfflineState {
  /** Bytes that this repository keeps in the browser's storage. */
  bytes: number;
  /** 0: nothing is kept. */
  budgetBytes: number;
  /** Snapshots all of whose trees are kept. */
  snapshots: string[];
}

export interface OfflineProgress {
  treesDone: number;
  /** Trees that are known of so far. */
  treesFound: number;
  bytes: number;
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
