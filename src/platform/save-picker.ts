import { HoldallError, isAbort } from "../core/base/errors.ts";
import { readableFromPort } from "../workers/stream-port.ts";

export interface Download {
  /** The suggested file name. */
  name: string;
  sizeBytes: number;
  /** Makes the worker stream the file into this port (workers/stream-port.ts); settles when the stream has ended. */
  start(port: MessagePort): Promise<unknown>;
  signal: AbortSignal;
}

export function hasSavePicker(): boolean {
  return "showSaveFilePicker" in globalThis;
}

/**
 * Asks where to save (which needs a click), and streams into that file. The browser writes beside it and puts the whole in
 * its place at the end, so that a failed or cancelled download leaves what was there; a file that the picker made is removed.
 */
export async function throughSavePicker({ name, sizeBytes, start, signal }: Download): Promise<void> {
  const handle = await askForFile(name);
  const isNew = (await handle.getFile()).size === 0;
  const { port1: consumer, port2: producer } = new MessageChannel();
  const failing = new AbortController();
  try {
    const writable = await handle.createWritable();
    const stream = readableFromPort(consumer, sizeBytes, { signal: AbortSignal.any([signal, failing.signal]) });
    const started = start(producer).catch((error: unknown) => {
      failing.abort(error);
      throw error;
    });
    // The worker's own error says more than the stream's.
    const [begun, written] = await Promise.allSettled([started, stream.pipeTo(writable)]);
    if (begun.status === "rejected") throw begun.reason;
    if (written.status === "rejected") throw refusalOf(written.reason);
  } catch (error) {
    if (isNew) await handle.remove?.().catch(() => undefined); // what counts is the first error
    throw error;
  }
}

async function askForFile(name: string): Promise<SavedFileHandle> {
  try {
    const handle = await window.showSaveFilePicker?.({ suggestedName: proposable(name), id: "holdall-save" });
    if (handle) return handle;
  } catch (error) {
    throw refusalOf(error);
  }
  throw new HoldallError("sink-refused", { reason: "no picker" });
}

/** Our own errors and aborts are passed on; what the file system says becomes "sink-refused". */
function refusalOf(error: unknown): unknown {
  if (error instanceof HoldallError || isAbort(error)) return error;
  return new HoldallError(
    "sink-refused",
    { reason: error instanceof Error ? error.name : "unknown" },
    { cause: error },
  );
}

/** The picker throws on names that the system does not take. */
function proposable(name: string): string {
  const proposed = name
    .replace(/[\p{Cc}\p{Cf}\p{Surrogate}<>:"/\\|?*]/gu, "_")
    .replace(/^[. ]+|[. ]+$/g, "")
    .slice(0, 200);
  return proposed === "" ? "download" : proposed;
}

interface SavedFileHandle extends FileSystemFileHandle {
  /** Not in every browser that has the picker. */
  remove?(): Promise<void>;
}

declare global {
  interface Window {
    showSaveFilePicker?(options: { suggestedName: string; id: string }): Promise<SavedFileHandle>;
  }
}
