import { type Bytes, concatBytes } from "../base/bytes.ts";
import { HoldallError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { RemoteBlob } from "../base/ports.ts";
import type { FileToSave, SavedFile } from "./codec.ts";

/** Contents of files, one behind the other. */
export interface SmallContents {
  bytes: Bytes;
  /** Of each content, in bytes. */
  lengths: readonly number[];
}

/**
 * Reads small files as one Blob, which is several times faster, and has their contents saved; one by one only if the group
 * cannot be read so. A file that cannot be read has an error in its place. `save` owns the bytes and gives the id of each
 * content.
 */
export async function saveSmallFiles(
  files: readonly FileToSave[],
  save: (contents: SmallContents) => Promise<Id[]>,
  signal: AbortSignal,
): Promise<SavedFile[]> {
  signal.throwIfAborted();
  const group = await readGroup(files, signal);
  if (group !== null) return (await save(group)).map((id) => ({ content: [id] }));
  const contents = await Promise.all(files.map((file) => readAlone(file, signal)));
  const read = contents.filter((content) => content instanceof Uint8Array);
  const ids = await save({ bytes: concatBytes(read), lengths: read.map(({ length }) => length) });
  const next = ids.values();
  return contents.map((content) =>
    content instanceof Uint8Array ? { content: [next.next().value as Id] } : { error: content.error },
  );
}

/** Null if a file of the group cannot be read, or is no longer as long as it was. */
async function readGroup(files: readonly FileToSave[], signal: AbortSignal): Promise<SmallContents | null> {
  const lengths = files.map(({ size }) => size);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (!files.every(({ blob, size }) => blob.size === size)) return null;
  try {
    const bytes = await readTogether(files, total, signal);
    return bytes && { bytes, lengths };
  } catch (error) {
    if (isAbort(error)) throw error;
    return null;
  }
}

/** Null for files that are not open in one thread. */
async function readTogether(files: readonly FileToSave[], length: number, signal: AbortSignal): Promise<Bytes | null> {
  const blobs = files.flatMap(({ blob }) => (blob instanceof Blob ? [blob] : []));
  if (blobs.length === files.length) return readExactly(new Blob(blobs), length);
  const remote = files.flatMap(({ blob }) => (blob instanceof Blob ? [] : [blob]));
  const readers = new Set(remote.map(({ reader }) => reader));
  const [reader] = readers;
  if (reader === undefined || readers.size > 1 || blobs.length > 0) return null;
  return reader.read(remote, signal);
}

async function readAlone({ blob, size }: FileToSave, signal: AbortSignal): Promise<Bytes | { error: unknown }> {
  try {
    return await readExactly(await blobOf(blob, signal), size);
  } catch (error) {
    if (isAbort(error)) throw error;
    return { error };
  }
}

/** The Blob of a file, wherever it is open. Throws "source-unreadable". */
export async function blobOf(blob: Blob | RemoteBlob, signal: AbortSignal): Promise<Blob> {
  return blob instanceof Blob ? blob : blob.reader.blobOf(blob, signal);
}

/** Throws "source-unreadable" if the platform cannot read the blob or has another number of bytes. */
export async function readExactly(blob: Blob, length: number): Promise<Bytes> {
  let bytes: Bytes;
  try {
    bytes = new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new HoldallError("source-unreadable", { reason: cause instanceof Error ? cause.name : "unknown" }, { cause });
  }
  if (bytes.length === length) return bytes;
  throw new HoldallError("source-unreadable", { reason: "length changed", expected: length, found: bytes.length });
}
