/** What this browser, at this address, lets Holdall do. */
export interface Capabilities {
  /** False on plain http beyond localhost: no WebCrypto, no service worker, no pickers. */
  secureContext: boolean;
  /** crypto.subtle: nothing can be opened without it. */
  webCrypto: boolean;
  /** navigator.locks: keeps two tabs from writing to one repository. */
  webLocks: boolean;
  /** showDirectoryPicker: folders can be read lazily and written to. */
  folderPicker: boolean;
  /** <input webkitdirectory>: folders can be read. */
  folderInput: boolean;
  /** showOpenFilePicker: loose files can be picked with handles. */
  filePicker: boolean;
  /** FileSystemObserver: changes in folders are told. */
  folderObserver: boolean;
  /** Notifications of the system can be shown, if the user allows them. */
  notifications: boolean;
  /** Dropped folders can be read and written to; without it they can be read. */
  dropHandles: boolean;
  /** Downloads of any size can be streamed. */
  serviceWorker: boolean;
}

export function detectCapabilities(): Capabilities {
  return {
    secureContext: isSecureContext,
    webCrypto: globalThis.crypto?.subtle !== undefined,
    webLocks: "locks" in navigator,
    folderPicker: "showDirectoryPicker" in globalThis,
    folderInput: "webkitdirectory" in HTMLInputElement.prototype,
    filePicker: "showOpenFilePicker" in globalThis,
    folderObserver: "FileSystemObserver" in globalThis,
    notifications: "Notification" in globalThis,
    dropHandles: "getAsFileSystemHandle" in DataTransferItem.prototype,
    serviceWorker: "serviceWorker" in navigator,
  };
}
