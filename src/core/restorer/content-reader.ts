import { type Bytes, discardBuffer } from "../base/bytes.ts";
import { IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { Deliver } from "../repository/blob-loader.ts";

/** What a restore needs of a repository's data blobs. */
export interface DataSource {
  /** Length of the plain bytes by the index, or null if no index names the blob. */
  lengthOf(id: Id): number | null;
  /** Loads each of the ids once, in any order; see BlobLoader.loadEach. */
  loadEach(ids: Iterable<Id>, deliver: Deliver, signal: AbortSignal): Promise<void>;
}

/**
 * Chunks are loaded in windows, over the borders of files: within one, the blobs of a pack come by joined requests. While
 * one window is taken, the next two are on their way, so that connections and codec always have something to do.
 */
const windowBytes = 12 * 1024 * 1024;
const windowChunks = 8192;
const windowsAhead = 2;

/** Sum of the chunks' lengths. Throws IntegrityError "blob-missing" naming the first that no index knows. */
export function contentLength(data: DataSource, content: readonly Id[]): number {
  return content.reduce((sum, id) => sum + knownLength(data, id), 0);
}

/**
 * The verified chunks of one file, or of many, in the order of `ids`, which are asked for as windows are filled. Each chunk
 * is the taker's, to move it away too, until the next is asked for: then its memory is given back. Throws at the first chunk that cannot be had; a taker that leaves ends what is on its way.
 */
export async function* readChunks(
  data: DataSource,
  ids: Iterable<Id>,
  signal: AbortSignal,
): AsyncGenerator<Bytes, void, undefined> {
  const left = new AbortController();
  const running = AbortSignal.any([signal, left.signal]);
  const loading: LoadingWindow[] = [];
  try {
    for (const window of windowsOf(data, ids)) {
      loading.push(startLoading(data, window, running));
      if (loading.length > windowsAhead) yield* takeFirst(loading, signal);
    }
    while (loading.length > 0) yield* takeFirst(loading, signal);
  } finally {
    left.abort();
  }
}

interface LoadingWindow {
  window: readonly Id[];
  loaded: Promise<Map<Id, Bytes>>;
}

function startLoading(data: DataSource, window: readonly Id[], signal: AbortSignal): LoadingWindow {
  const loaded = loadWindow(data, window, signal);
  loaded.catch(() => {}); // thrown where the window is taken, if the taker gets so far
  return { window, loaded };
}

async function loadWindow(data: DataSource, window: readonly Id[], signal: AbortSignal): Promise<Map<Id, Bytes>> {
  const loaded = new Map<Id, Bytes>();
  const deliver: Deliver = async (id, opened) => {
    if ("error" in opened) throw opened.error;
    if (opened.plain.length !== data.lengthOf(id)) {
      throw new IntegrityError("blob-length-mismatch", { blob: id, found: opened.plain.length });
    }
    loaded.set(id, opened.plain);
    return false;
  };
  await data.loadEach(new Set(window), deliver, signal);
  return loaded;
}

/** The chunks of the window that was begun first; a copy of each as long as the window needs it again. */
async function* takeFirst(loading: LoadingWindow[], signal: AbortSignal): AsyncGenerator<Bytes, void, undefined> {
  const first = loading.shift();
  if (first === undefined) return;
  const loaded = await first.loaded;
  const uses = countUses(first.window);
  const buffers = new Set([...loaded.values()].map(({ buffer }) => buffer));
  for (const id of first.window) {
    signal.throwIfAborted();
    const plain = loaded.get(id);
    if (!plain) throw new IntegrityError("blob-missing", { type: "data", blob: id });
    const usesLeft = (uses.get(id) ?? 1) - 1;
    uses.set(id, usesLeft);
    if (usesLeft > 0) {
      yield plain.slice();
      continue;
    }
    loaded.delete(id);
    yield plain;
  }
  for (const buffer of buffers) discardBuffer(buffer);
}

function countUses(window: readonly Id[]): Map<Id, number> {
  const uses = new Map<Id, number>();
  for (const id of window) uses.set(id, (uses.get(id) ?? 0) + 1);
  return uses;
}

function* windowsOf(data: DataSource, ids: Iterable<Id>): Generator<Id[]> {
  let window: Id[] = [];
  let length = 0;
  for (const id of ids) {
    const chunkLength = knownLength(data, id);
    if (window.length > 0 && (length + chunkLength > windowBytes || window.length === windowChunks)) {
      yield window;
      window = [];
      length = 0;
    }
    window.push(id);
    length += chunkLength;
  }
  if (window.length > 0) yield window;
}

function knownLength(data: DataSource, id: Id): number {
  const length = data.lengthOf(id);
  if (length === null) throw new IntegrityError("blob-missing", { type: "data", blob: id });
  return length;
}
