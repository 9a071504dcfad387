import type { BackupRules } from "../core/archiver/backup-rules.ts";
import type {
  BackupPreview,
  BackupProgress,
  BackupRequest,
  BackupResult,
  BackupSource,
  BackupSteering,
  ParentInfo,
  VerifyUploadProgress,
  VerifyUploadResult,
  WriterState,
} from "./api/backup.ts";
import type { BackupSet, BackupSetInfo, SetStorageInfo } from "./api/backup-set.ts";
import type { CheckDataProgress, CheckDataResult } from "./api/check.ts";
import type { LockInfo } from "./api/lock.ts";
import type {
  IndexInfo,
  IndexProgress,
  OpenProgress,
  OpenRequest,
  ProbeResult,
  RepositoryInfo,
  RepositoryLocation,
} from "./api/opening.ts";
import type {
  ArchivePlan,
  ArchiveRequest,
  RestorePlanInfo,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
  TrialRequest,
} from "./api/restore.ts";
import type {
  FolderListing,
  FolderSizes,
  NodePath,
  OfflineProgress,
  OfflineState,
  Preview,
  SnapshotList,
} from "./api/snapshot.ts";

export type { BackupRules } from "../core/archiver/backup-rules.ts";
export type { ExclusionReason } from "../core/archiver/selection.ts";
export type * from "./api/backup.ts";
export type * from "./api/backup-set.ts";
export type * from "./api/check.ts";
export type * from "./api/lock.ts";
export type * from "./api/opening.ts";
export type * from "./api/restore.ts";
export type * from "./api/snapshot.ts";

/**
 * THE CONTRACT between the page and the repository worker. Plain data only: it crosses a MessagePort. Names for people
 * are already decoded; places in a snapshot are paths of node positions from the root (never names).
 */
export interface RepositoryApi {
  /** Looks at an address without a password: is it a repository, is it empty, what hinders? */
  probe: Method<{ location: RepositoryLocation }, ProbeResult>;
  /** Opens a repository: keys, config. Progress tells the phase. */
  open: Method<OpenRequest, RepositoryInfo, OpenProgress>;
  /** Creates a repository and opens it. */
  create: Method<OpenRequest & { formatVersion: 1 | 2 }, RepositoryInfo, OpenProgress>;
  /** Resolves when the index is loaded, which folders and files wait for. If that has failed, it is tried again. */
  awaitIndex: Method<Record<never, never>, IndexInfo, IndexProgress>;
  /** The snapshots that are stored now. From the first list on the index is being loaded. */
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
  /** Reads and verifies all that a restore of the given things would, and keeps nothing of it. */
  tryRestore: Method<TrialRequest, RestoreResult, RestoreProgress>;
  /** Reads every pack that the index names and compares it with its name, the index and the ids of its blobs. */
  checkData: Method<Record<never, never>, CheckDataResult, CheckDataProgress>;
  /** Keeps all trees of a snapshot on this device, so that it can be looked through without a network. */
  keepOffline: Method<{ snapshot: string }, OfflineState, OfflineProgress>;
  /** Takes a snapshot's trees from those that are kept. */
  dropOffline: Method<{ snapshot: string }, OfflineState>;
  offlineState: Method<Record<never, never>, OfflineState>;
  /** Progress tells the ids of the lock files that jobs hold, at first and at every change; ends when it is aborted. */
  watchLocks: Method<Record<never, never>, void, string[]>;
  /**
   * Removes own locks and forgets the keys; running calls end with "closed". `locksRemoved`: the page has asked for the
   * removal of the locks, so nothing is written any more that needs one.
   */
  close: Method<{ locksRemoved?: boolean }, void>;
}

export interface CallContext<Progress> {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

export type Method<Arguments, Result, Progress = never> = (
  args: Arguments,
  context?: CallContext<Progress>,
) => Promise<Result>;
