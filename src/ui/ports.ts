import type { DeviceMemory, DeviceSettings, Theme } from "../platform/device-memory.ts";
import type { WipeResult } from "../platform/device-wipe.ts";
import type { Examine } from "../platform/doctor.ts";
import type { PastedAddress } from "../platform/pasted-address.ts";
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
  /** What a pasted text means. */
  readAddress(text: string): PastedAddress;
  device: DevicePort;
  /** Finds out why an address cannot be used. */
  examine: Examine;
  /** Offers a text as a file to be saved. */
  saveText(name: string, text: string): void;
  version: string;
}

/** What this device keeps for the page; on somebody else's, nothing. */
export interface DevicePort {
  /** As it was when the page began; null: nothing is kept here. */
  remembered: DeviceMemory | null;
  defaults: DeviceSettings;
  /** Changes what is remembered as one step, and tells what it is then. */
  update(edit: (memory: DeviceMemory | null) => DeviceMemory): Promise<DeviceMemory>;
  /** Bytes of the sealed copies of these addresses; an address without one is not in it. */
  copies(urls: readonly string[]): Promise<ReadonlyMap<string, number>>;
  forgetCopy(url: string): Promise<void>;
  /** Takes away all that is kept. */
  wipe(): Promise<WipeResult>;
  /** What the browser keeps for this page; null if it does not tell. */
  storage(): Promise<StorageUse | null>;
  /** Asks the browser not to clear it away by itself; false if it does not promise. */
  persist(): Promise<boolean>;
  showTheme(theme: Theme): void;
}

export interface StorageUse {
  usedBytes: number;
  persisted: boolean;
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
  /** Asks for a kept folder again, if its permission has lapsed; to be called in a click. False: refused. */
  permit(handle: FileSystemDirectoryHandle, mode: "read" | "readwrite"): Promise<boolean>;
}

export interface Download {
  /** The suggested file name. */
  name: string;
  sizeBytes: number;
  /** Makes the worker stream the file into this port (workers/stream-port.ts). */
  start(port: MessagePort): Promise<unknown>;
  signal: AbortSignal;
}
