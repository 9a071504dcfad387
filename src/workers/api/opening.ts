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
  phase: "keys" | "config" | "locks";
}

/** Index files of the load that runs. Both are 0 until it is known how many there are. */
export interface IndexProgress {
  filesDone: number;
  filesTotal: number;
}

export interface IndexInfo {
  /** Entries: a blob that is stored twice counts twice. */
  blobs: number;
  packs: number;
}
