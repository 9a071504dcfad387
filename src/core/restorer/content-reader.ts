import type { Bytes } from "../base/bytes.ts";
import { IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { OpenedBlob } from "../codec/codec.ts";

/** What a restore needs of a repository's data blobs. */
export interface DataSource {
  /** Length of the plain bytes by the index, or null if no index names the blob. */
  lengthOf(id: Id): number | null;
  /** Loads each of the ids once, in any order; see BlobLoader.loadEach. */
  loadEach(
    ids: Iterable<Id>,
    deliver: (id: Id, opened: OpenedBlob) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

/** How much of a file is loaded ahead of what its reader has taken. */
const windowBytes = 16 * 1024 * 1024;

/** Sum of the chunks' lengths. Throws IntegrityError "blob-missing" naming the first that no index knows. */
export function contentLength(data: DataSource, content: readonly Id[]): number {
  return content.reduce((sum, id) => sum + knownLength(data, id), 0);
}

/**
 * A file's verified bytes in order, chunk by chunk; the next window is loaded while this one is taken. Each chunk belongs to
 * the taker. Throws at the first chunk that cannot be had.
 */
export async function* readContent(
  data: DataSource,
  content: readonly Id[],
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  const windows = splitContent(data, content);
  let next = loadWindow(data, windows[0] ?? [], signal);
  for (const [i, window] of windows.entries()) {
    const loaded = await next;
    next = loadWindow(data, windows[i + 1] ?? [], signal);
    next.catch(() => {}); // awaited in the next round, if the taker comes back for it
    for (const [position, id] of window.entries()) yield take(loaded, id, window, position);
  }
}

async function loadWindow(data: DataSource, window: readonly Id[], signal: AbortSignal): Promise<Map<Id, Bytes>> {
  const loaded = new Map<Id, Bytes>();
  const deliver = async (id: Id, opened: OpenedBlob) => {
    if ("error" in opened) throw opened.error;
    loaded.set(id, opened.plain);
  };
  if (window.length > 0) await data.loadEach(window, deliver, signal);
  return loaded;
}

/** The chunk's bytes: a copy as long as the window needs them again. */
function take(loaded: ReadonlyMap<Id, Bytes>, id: Id, window: readonly Id[], position: number): Bytes {
  const plain = loaded.get(id);
  if (!plain) throw new IntegrityError("blob-missing", { type: "data", blob: id });
  return window.includes(id, position + 1) ? plain.slice() : plain;
}

function splitContent(data: DataSource, content: readonly Id[]): Id[][] {
  const windows: Id[][] = [];
  let room = 0;
  for (const id of content) {
    const length = knownLength(data, id);
    if (windows.length === 0 || length > room) {
      windows.push([]);
      room = windowBytes;
    }
    windows[windows.length - 1]?.push(id);
    room -= length;
  }
  return windows;
}

function knownLength(data: DataSource, id: Id): number {
  const length = data.lengthOf(id);
  if (length === null) throw new IntegrityError("blob-missing", { type: "data", blob: id });
  return length;
}
