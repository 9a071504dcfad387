import { HoldallError } from "../core/base/errors.ts";
import { readableFromPort } from "../workers/stream-port.ts";
import { type DownloadFile, downloadResponse, unknownDownload } from "./download-response.ts";

export interface RequestedDownload extends DownloadFile {
  id: string;
  /** Where the bytes come from (workers/stream-port.ts). */
  port: MessagePort;
  /** The page that asked for it. */
  clientId: string;
}

/** The downloads that pages have asked for, each to be fetched once. */
export class Downloads {
  private readonly waiting = new Map<string, RequestedDownload>();
  private readonly running = new Map<string, { clientId: string; failure: AbortController }>();

  add(download: RequestedDownload): void {
    this.waiting.set(download.id, download);
  }

  /** The response that streams the file; 404 if nobody asked for it or it was fetched already. */
  answer(id: string): Response {
    const download = this.waiting.get(id);
    if (download === undefined) return unknownDownload();
    this.waiting.delete(id);
    const failure = new AbortController();
    this.running.set(id, { clientId: download.clientId, failure });
    // The browser copies a piece out before it asks for the next one.
    const options = { signal: failure.signal, discardsTaken: true, onEnd: () => this.running.delete(id) };
    return downloadResponse(download, readableFromPort(download.port, download.sizeBytes, options));
  }

  /** Makes a download fail that can get no more bytes, begun or not. */
  fail(id: string): void {
    this.waiting.get(id)?.port.close();
    this.waiting.delete(id);
    this.running.get(id)?.failure.abort(new HoldallError("closed", { reason: "the page gave the download up" }));
  }

  get areRunning(): boolean {
    return this.running.size > 0;
  }

  /** Makes the downloads of pages fail that are gone: their ports do not tell, and the download would stand still. */
  async failOrphans(isOpen: (clientId: string) => Promise<boolean>): Promise<void> {
    for (const [id, { clientId }] of [...this.running, ...this.waiting]) {
      if (!(await isOpen(clientId))) this.fail(id);
    }
  }
}
