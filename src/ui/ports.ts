import type { RepositoryClient } from "../workers/client.ts";
import type { FolderPick, RepositoryApi, RepositoryLocation } from "../workers/repository-api.ts";

export type { RepositoryClient };

/** What the page asks of the browser and of the workers; main.ts injects the real ones, tests their own. */
export interface Ports {
  /** Starts a worker for one repository. */
  openRepositoryClient(): RepositoryClient;
  capabilities: Capabilities;
  folders: FolderPorts;
  /** Saves one streamed file as a download; resolves when the last byte is on its way to the disk. */
  saveDownload(download: Download): Promise<void>;
  /** The largest download that can be saved here; null: there is no limit. */
  downloadLimitBytes(): Promise<number | null>;
  /** From now on leaving the page removes the locks of jobs that still run; until the returned function is called. */
  removeLocksOnLeaving(location: RepositoryLocation, api: RepositoryApi): () => void;
  network: NetworkPort;
  /** Whether the browser holds this page to the policy that keeps foreign code out; without it nothing is opened. */
  isPageProtected(): Promise<boolean>;
  shell: ShellPort;
  /** An address to start from, on the server that serves this page; "" if it hosts no repositories. */
  proposeAddress(): Promise<string>;
}

export interface Capabilities {
  /** False on plain http beyond localhost: no WebCrypto, no service worker, no pickers. */
  secureContext: boolean;
  /** showDirectoryPicker exists: folders can be read lazily and written to. */
  folderPicker: boolean;
  /** <input webkitdirectory> exists: folders can be read. */
  folderInput: boolean;
}

export interface NetworkPort {
  isOnline(): boolean;
  /** Tells every change until the returned function is called. */
  watch(onChange: (isOnline: boolean) => void): () => void;
}

/** The app itself, kept on this device. For "my device" only: on somebody else's nothing stays. */
export interface ShellPort {
  isInstalled(): Promise<boolean>;
  /** From now on the app starts without a network. May be called again; does nothing where the browser refuses. */
  install(): Promise<void>;
  /** Takes it away again, with all that it kept. */
  remove(): Promise<void>;
  /** Tells, at once or later, that a new version waits; until the returned function is called. */
  watchUpdates(onReady: () => void): () => void;
  /** Puts the version that waits in place and reloads the page. */
  applyUpdate(): void;
}

export interface PickedFolder {
  /** The folder's own name. */
  name: string;
  folder: FolderPick;
}

export interface FolderPorts {
  /** Opens the browser's picker; null when the user closes it. */
  pick(mode: "read" | "readwrite"): Promise<FileSystemDirectoryHandle | null>;
  /** The folders among what was dropped; must be called synchronously in the drop handler. */
  fromDrop(data: DataTransfer): Promise<PickedFolder[]>;
  /** What an <input webkitdirectory> holds; null if it holds nothing. */
  fromInput(files: FileList): PickedFolder | null;
}

export interface Download {
  /** The suggested file name. */
  name: string;
  sizeBytes: number;
  /** Makes the worker stream the file into this port (workers/stream-port.ts). */
  start(port: MessagePort): Promise<unknown>;
  signal: AbortSignal;
}
