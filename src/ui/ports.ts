import type { DeviceMemory, DeviceSettings, Theme } from "../platform/device-memory.ts";
import type { WipeResult } from "../platform/device-wipe.ts";
import type { Examine } from "../platform/doctor.ts";
import type { LockFarewell } from "../platform/lock-farewell.ts";
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
  /** Keeps the screen on, so that the machine does not fall asleep over a job; until the returned function is called. */
  keepAwake(): () => void;
  notifier: NotifierPort;
  /** The sources of one repository's sets. `isMine` is asked whenever something is to be kept. */
  openSources(repositoryId: string, isMine: () => boolean): SourcePort;
  /** Watches folders until the returned function is called; only where capabilities.folderObserver is true. */
  watchFolders(folders: readonly FileSystemDirectoryHandle[], watcher: FolderWatcher): () => void;
  /** Follows the locks of jobs in this repository, so as to remove them when the page is left. */
  prepareFarewell(location: RepositoryLocation, api: RepositoryApi): LockFarewell;
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
  /** The same, for when storage was slower than the page. */
  rememberedLate: Promise<DeviceMemory | null>;
  defaults: DeviceSettings;
  /** Changes what is remembered as one step, and tells what it is then. */
  update(edit: (memory: DeviceMemory | null) => DeviceMemory): Promise<DeviceMemory>;
  /** Bytes of the sealed copies of these addresses; an address without one is not in it. */
  copies(urls: readonly string[]): Promise<ReadonlyMap<string, number>>;
  forgetCopy(url: string): Promise<void>;
  /** Forgets the backup sets of a repository, and the folders that were picked for them. */
  forgetSets(repositoryId: string): Promise<void>;
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
  /** showOpenFilePicker exists; elsewhere <input type=file multiple> picks loose files. */
  filePicker: boolean;
  /** FileSystemObserver exists: a set can run when files change. */
  folderObserver: boolean;
  /** Notifications can be shown, if the user allows them. */
  notifications: boolean;
}

/** Tells the end of a job to somebody who looks elsewhere. */
export interface NotifierPort {
  /** What the browser would say now. */
  permission(): "granted" | "denied" | "ask";
  /** Asks for the permission; to be called in a click. False: refused. */
  ask(): Promise<boolean>;
  /**
   * Shows a notice if the page is hidden and the browser lets it; else does nothing. For devices of one's own whose settings
   * want it (DeviceSettings.notifies). The texts name no files: notices stay in the system's lists.
   */
  tell(notice: { title: string; text: string }): void;
}

/** A source of a set: both ids are for ever. */
export interface SourceKey {
  setId: string;
  sourceId: string;
}

/**
 * What was picked for the sources of sets. On a device of one's own the browser's handles are kept for good, if it gave
 * any (of loose files a hundred at most); everything else lasts as long as the page.
 */
export interface SourcePort {
  /** Puts a pick in the place of what was there. */
  keep(source: SourceKey, picked: PickedFolder): Promise<void>;
  /** What is there now. Asks nobody. */
  find(source: SourceKey): Promise<KeptSource>;
  /** Asks the user for a source whose permission has lapsed, and finds it again; to be called in a click. */
  permit(source: SourceKey): Promise<KeptSource>;
  /** Forgets all that was picked for a set. */
  remove(setId: string): Promise<void>;
}

/** "prompt": it is known, and permit() asks for it. "gone": it has to be picked (again). */
export type KeptSource =
  | { state: "granted"; picked: PickedFolder }
  | { state: "prompt"; name: string }
  | { state: "gone" };

export interface FolderWatcher {
  /** Something has changed, and has been quiet for half a minute since, or ten minutes have passed. May be told again. */
  onDue(): void;
  /** The watching is over: the folder is not there any more, or the browser does not want to (any more). */
  onEnded(reason: "gone" | "refused"): void;
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

/** A folder, or loose files as if they were in one. */
export interface PickedFolder {
  kind: "folder" | "files";
  /** The folder's own name; of loose files "Files". */
  name: string;
  folder: FolderPick;
  /** Of loose files, where the browser gave them. */
  fileHandles?: readonly FileSystemFileHandle[];
}

export interface FolderPorts {
  /** Opens the browser's picker; null when the user closes it. */
  pick(mode: "read" | "readwrite"): Promise<FileSystemDirectoryHandle | null>;
  /** Opens the browser's picker for files, which needs a click; null when the user closes it. Not in every browser. */
  pickFiles(): Promise<PickedFolder | null>;
  /** What was dropped: its folders, and its loose files as one more; must be called synchronously in the drop handler. */
  fromDrop(data: DataTransfer): Promise<PickedFolder[]>;
  /** What an <input webkitdirectory> or an <input type=file multiple> holds; null if it holds nothing. */
  fromInput(files: FileList): PickedFolder | null;
  /** The patterns of a picked exclude file. Throws "pattern-malformed", and what the browser says if it cannot be read. */
  readExcludeFile(file: Blob): Promise<string[]>;
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
