import { HoldallError, UnsupportedError } from "../core/base/errors.ts";
import { type DownloadMessage, downloadFolder } from "../workers/download-message.ts";
import { readableFromPort } from "../workers/stream-port.ts";
import { type Download, hasSavePicker, throughSavePicker } from "./save-picker.ts";
import type { ServiceWorkerPort } from "./service-worker.ts";

/** Without a service worker and a save picker the whole file must be held by the browser before it can be saved. */
export const blobLimitBytes = 512 * 1024 * 1024;

/**
 * Saves one file: streamed through the service worker as the browser's download, else into a file that the user picks, else
 * by way of a Blob of at most blobLimitBytes (beyond: UnsupportedError "feature-missing"). Resolves when the browser has
 * taken the last byte. If the stream fails, the browser shows a failed download or there is no file, and this rejects with
 * the stream's error.
 */
export async function saveDownload(download: Download, serviceWorker: ServiceWorkerPort): Promise<void> {
  download.signal.throwIfAborted();
  const worker = await serviceWorker.active();
  download.signal.throwIfAborted();
  if (worker) await throughServiceWorker(download, worker);
  else if (hasSavePicker()) await throughSavePicker(download);
  else await throughBlob(download);
}

/** The largest download that this browser can save at this address; null: there is no limit. */
export async function downloadLimitBytes(serviceWorker: ServiceWorkerPort): Promise<number | null> {
  return (await serviceWorker.active()) !== null || hasSavePicker() ? null : blobLimitBytes;
}

// Downloads of hours outlive the browser's patience with an idle service worker.
const aliveMs = 10_000;

async function throughServiceWorker(download: Download, worker: ServiceWorker): Promise<void> {
  const { name, sizeBytes, start, signal } = download;
  const id = crypto.randomUUID();
  const { port1: consumer, port2: producer } = new MessageChannel();
  const alive = setInterval(() => tell(worker, { type: "download-alive" }), aliveMs);
  try {
    await registered(worker, { type: "download", id, name, sizeBytes, port: consumer }, signal);
    const frame = openFrame(new URL(`${downloadFolder}${id}`, document.baseURI));
    await start(producer).finally(() => setTimeout(() => frame.remove(), frameStaysMs));
  } catch (error) {
    tell(worker, { type: "download-failed", id });
    throw error;
  } finally {
    clearInterval(alive);
  }
}

const answerMs = 10_000;

/** Without the answer the frame's request could overtake the message, and find nothing. */
async function registered(
  worker: ServiceWorker,
  message: Omit<Extract<DownloadMessage, { type: "download" }>, "ready">,
  signal: AbortSignal,
): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const answered = new Promise<void>((resolve, reject) => {
    port1.onmessage = () => resolve();
    const silence = new HoldallError("worker-died", { reason: "the service worker does not answer" });
    setTimeout(() => reject(silence), answerMs);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  tell(worker, { ...message, ready: port2 }, [message.port, port2]);
  try {
    await answered;
  } finally {
    port1.close();
  }
}

function tell(worker: ServiceWorker, message: DownloadMessage, transfer: Transferable[] = []): void {
  worker.postMessage(message, transfer);
}

// A frame that goes away too early takes its request along.
const frameStaysMs = 10_000;

/** A hidden frame, unlike a link, does not ask the page whether it may be left. */
function openFrame(url: URL): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.hidden = true;
  frame.title = "Download";
  frame.src = url.href;
  document.body.append(frame);
  return frame;
}

async function throughBlob({ name, sizeBytes, start, signal }: Download): Promise<void> {
  if (sizeBytes > blobLimitBytes) {
    const context = { feature: "service worker", sizeBytes, limitBytes: blobLimitBytes };
    throw new UnsupportedError("feature-missing", context);
  }
  const { port1, port2 } = new MessageChannel();
  const [blob] = await Promise.all([blobOf(readableFromPort(port1, sizeBytes, { signal })), start(port2)]);
  offer(blob, name);
}

/** Pieces that are Blobs already can leave this process's memory. */
const pieceLength = 16 * 1024 * 1024;

async function blobOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Blob> {
  const pieces: Blob[] = [];
  let parts: BlobPart[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    if (length < pieceLength) continue;
    pieces.push(new Blob(parts));
    parts = [];
    length = 0;
  }
  return new Blob([...pieces, ...parts], { type: "application/octet-stream" });
}

const blobStaysMs = 60_000;

function offer(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), blobStaysMs);
}

/** Offers a text as a file. */
export function saveText(name: string, text: string): void {
  offer(new Blob([text], { type: "text/plain" }), name);
}
