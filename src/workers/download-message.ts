/** What the page tells the service worker about a file that it wants to be saved. */
export type DownloadMessage =
  /** Answered with one message through `ready` when `sw-download/<id>` can be fetched. */
  | { type: "download"; id: string; name: string; sizeBytes: number; port: MessagePort; ready: MessagePort }
  /** Its bytes will not come: the stream, begun or not, must fail. */
  | { type: "download-failed"; id: string }
  /** Keeps the service worker running while a download is under way. */
  | { type: "download-alive" };

/** The service worker's scope, below the page. */
export const downloadFolder = "sw-download/";
