import type { ErrorCode, ErrorContext } from "../../core/base/errors.ts";

/** Positions of nodes from a snapshot's root tree downwards. */
export type NodePath = readonly number[];

export interface FailedFile {
  path: string;
  code: ErrorCode;
  context: ErrorContext;
}

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
