import { type Bytes, discardBytes } from "../base/bytes.ts";
import { IntegrityError } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import type { KernelSource } from "../base/ports.ts";
import { BlobOpener, groupsOf } from "./blob-opener.ts";
import type { IndexRecords } from "./blob-record.ts";
import { Chunker } from "./chunker.ts";
import { Cipher, type CipherKey, type SealedText, sealOverhead } from "./cipher.ts";
import type {
  BlobToOpen,
  BlobType,
  CheckedPack,
  Codec,
  CompressionMode,
  FileStretch,
  FileToSave,
  LargeFile,
  OpenedBlob,
  PackToCheck,
  SavedFile,
  SaveJob,
  SealedBatch,
  SealedBlob,
} from "./codec.ts";
import { type Compression, loadCompression, looksIncompressible } from "./compression.ts";
import { ContentRooms } from "./content-rooms.ts";
import { idsOf, measureFreshMemory } from "./hashing.ts";
import { type Kernel, loadKernel } from "./kernel.ts";
import { PackChecker } from "./pack-checker.ts";
import type { Polynomial } from "./polynomial.ts";
import { ReusedBuffers } from "./reused-buffers.ts";
import { readExactly, type SmallContents, saveSmallFiles } from "./small-files.ts";

export interface BlobCodecOptions {
  kernels: KernelSource;
  key: CipherKey;
  polynomial: Polynomial;
  /** Format 1 knows no compression. */
  formatVersion: 1 | 2;
}

/** Opens an index file. Handed in, since what an index looks like is known a floor above: format/index-records.ts. */
export type IndexOpener = (
  sealed: Bytes,
  formatVersion: 1 | 2,
  opening: { cipher: Cipher; compression: Compression },
) => Promise<IndexRecords>;

/**
 * How much of a large file is read at once. Twice the largest chunk, so that a window always holds a cut and what lies
 * behind the last cut, and is read again by the next stretch, stays small.
 */
const windowLength = 16 * 1024 * 1024;

/** Memory for opened blobs is taken in buffers of this size, which Chromium's allocator uses again. */
const roomLength = 896 * 1024;

/** The codec that does the work itself, in the worker (or Node thread) that it was made in. */
export class BlobCodec implements Codec {
  readonly parallelism = 2;
  private readonly buffers = new ReusedBuffers();
  private readonly opener: BlobOpener;
  private readonly packs: PackChecker;

  private constructor(
    private readonly cipher: Cipher,
    private readonly chunker: Chunker,
    /** Of blobs; null in format 1. */
    private readonly compression: Compression | null,
    private readonly kernel: Kernel,
    private readonly openIndexFile: (sealed: Bytes) => Promise<IndexRecords>,
  ) {
    this.opener = new BlobOpener(cipher, compression, kernel);
    this.packs = new PackChecker(cipher, this.opener, kernel);
  }

  /** Which kernels were chosen. */
  get kernelBuild(): string {
    return this.kernel.build;
  }

  /** Throws UnsupportedError "kernel-unavailable". */
  static async create(options: BlobCodecOptions, openIndex: IndexOpener): Promise<BlobCodec> {
    const { kernels, key, polynomial, formatVersion } = options;
    const [kernel] = await Promise.all([loadKernel(kernels), measureFreshMemory()]);
    const cipher = new Cipher(key, kernel);
    // Index files say themselves whether they are compressed, in either format.
    const compression = await loadCompression(kernels);
    const openIndexFile = (sealed: Bytes) => openIndex(sealed, formatVersion, { cipher, compression });
    const forBlobs = formatVersion === 1 ? null : compression;
    return new BlobCodec(cipher, new Chunker(kernel, polynomial), forBlobs, kernel, openIndexFile);
  }

  saveSmallFiles(files: readonly FileToSave[], job: SaveJob): Promise<SavedFile[]> {
    return saveSmallFiles(files, (contents) => this.saveContents(contents, job), job.signal);
  }

  /** Saves contents of one chunk each, which lie one behind the other in bytes that are lent. */
  saveContents({ bytes, lengths }: SmallContents, job: SaveJob): Promise<Id[]> {
    let end = 0;
    const chunks = lengths.map((length) => {
      end += length;
      return bytes.subarray(end - length, end);
    });
    return this.saveChunks(chunks, job);
  }

  async saveStretch(
    file: LargeFile,
    offset: number,
    onCut: (nextOffset: number) => void,
    job: SaveJob,
  ): Promise<FileStretch> {
    const end = Math.min(file.size, offset + windowLength);
    const window = await readExactly(file.blob.slice(offset, end), end - offset);
    job.signal.throwIfAborted();
    const cuts = this.chunker.cuts(window, end === file.size);
    const length = cuts[cuts.length - 1] ?? 0;
    onCut(offset + length);
    const chunks = cuts.map((cut, i) => window.subarray(i === 0 ? 0 : cuts[i - 1], cut));
    return { content: await this.saveChunks(chunks, job), length };
  }

  async sealBlob(type: BlobType, plain: Bytes, compression: CompressionMode, signal: AbortSignal): Promise<SealedBlob> {
    signal.throwIfAborted();
    const frame = this.compress(type, plain, compression);
    const sealed = new Uint8Array((frame ?? plain).length + sealOverhead);
    const [blob] = await this.seal([{ type, id: await hashId(plain), plain, frame, sealed }]);
    return blob as SealedBlob;
  }

  async openBlobs(sealed: Bytes, blobs: readonly BlobToOpen[], signal: AbortSignal): Promise<OpenedBlob[]> {
    const rooms = new ContentRooms(roomsFor(blobs));
    const opened = new Map<BlobToOpen, OpenedBlob>();
    for (const group of groupsOf(blobs)) {
      signal.throwIfAborted();
      const results = await this.opener.open(sealed, group, rooms);
      for (const [i, blob] of group.entries()) opened.set(blob, results[i] as OpenedBlob);
    }
    return blobs.map((blob) => opened.get(blob) as OpenedBlob);
  }

  checkPack(pack: PackToCheck, signal: AbortSignal): Promise<CheckedPack> {
    return this.packs.check(pack, signal);
  }

  async openIndex(sealed: Bytes, signal: AbortSignal): Promise<IndexRecords> {
    signal.throwIfAborted();
    return this.openIndexFile(sealed);
  }

  close(): void {
    this.cipher.wipe();
  }

  /** Hashes chunks, asks which are new, and seals and stores those. */
  private async saveChunks(chunks: readonly Bytes[], job: SaveJob): Promise<Id[]> {
    const ids = await idsOf(this.kernel, chunks);
    job.signal.throwIfAborted();
    const isNew = await job.receiver.claim(ids);
    const fresh = ids.flatMap((id, i) => {
      const plain = chunks[i];
      return plain && isNew[i] ? [{ id, plain }] : [];
    });
    const storing: Promise<void>[] = [];
    for (const batch of batchesOf(fresh)) {
      const stored = this.sealAndStore(batch, job);
      stored.catch(() => {}); // awaited below, unless one before it fails
      storing.push(stored);
      // While one is sealed the other is stored; more would only hold memory.
      if (storing.length === 2) await storing.shift();
    }
    await Promise.all(storing);
    return ids;
  }

  private async sealAndStore(chunks: readonly Chunk[], job: SaveJob): Promise<void> {
    job.signal.throwIfAborted();
    const batch = await this.sealBatch("data", chunks, job.compression);
    this.buffers.give(await job.receiver.store(batch));
  }

  /** Seals blobs one behind the other into one buffer. */
  private async sealBatch(type: BlobType, chunks: readonly Chunk[], mode: CompressionMode): Promise<SealedBatch> {
    const length = chunks.reduce((sum, { plain }) => sum + plain.length + sealOverhead, 0);
    const buffer = this.buffers.take(length);
    let offset = 0;
    const blobs = chunks.map(({ id, plain }): BlobToSeal => {
      const frame = this.compress(type, plain, mode);
      const start = offset;
      offset += (frame ?? plain).length + sealOverhead;
      return { type, id, plain, frame, sealed: buffer.subarray(start, offset) };
    });
    return { buffer, blobs: await this.seal(blobs) };
  }

  private async seal(blobs: readonly BlobToSeal[]): Promise<SealedBlob[]> {
    const texts = blobs.map(({ plain, frame, sealed }) => ({ plain: frame ?? plain, sealed }));
    await this.cipher.sealEachInto(texts);
    await this.verifySealed(blobs, texts);
    return blobs.map(({ type, id, plain, frame, sealed }) => {
      if (frame !== null) discardBytes(frame);
      return { type, id, sealed, plainLength: plain.length, compressed: frame !== null };
    });
  }

  /** The zstd frame if compressing is wanted and shrinks the blob, else null. */
  private compress(type: BlobType, plain: Bytes, mode: CompressionMode): Bytes | null {
    if (this.compression === null || plain.length === 0) return null;
    if (mode === "off" && type === "data") return null;
    if (mode !== "max" && looksIncompressible(plain)) return null;
    const frame = this.compression.compress(plain, mode === "max" ? "max" : "auto");
    return frame.length < plain.length ? frame : null;
  }

  /**
   * The only defence against a fault of this machine or program: what was sealed is opened again before it leaves. It is
   * compared piece by piece, with the frame and the frame's content with the blob: nothing is put together anew for it.
   */
  private async verifySealed(blobs: readonly BlobToSeal[], texts: readonly SealedText[]): Promise<void> {
    const context = { blob: blobs[0]?.id ?? null, blobs: blobs.length };
    try {
      const isOpened = await this.cipher.opensEachTo(texts);
      if (isOpened && blobs.every(({ frame, plain }) => frame === null || this.isContent(frame, plain))) return;
    } catch (cause) {
      throw new IntegrityError("seal-verification-failed", context, { cause });
    }
    throw new IntegrityError("seal-verification-failed", context);
  }

  private isContent(frame: Bytes, plain: Bytes): boolean {
    const isEqual = (left: Bytes, right: Bytes) => this.kernel.equal(left, right);
    return this.compression?.decompressesTo(frame, plain, isEqual) === true;
  }
}

/** Makes buffers for what these blobs are decompressed to: no larger than all of it, for one small blob. */
function roomsFor(blobs: readonly BlobToOpen[]): (least: number) => Bytes {
  const growing = blobs.filter(({ length, uncompressedLength }) => (uncompressedLength ?? 0) > length - sealOverhead);
  let left = growing.reduce((sum, { uncompressedLength }) => sum + (uncompressedLength ?? 0), 0);
  return (least) => {
    const buffer = new Uint8Array(Math.max(least, Math.min(roomLength, left)));
    left -= buffer.length;
    return buffer;
  };
}

interface Chunk {
  id: Id;
  plain: Bytes;
}

interface BlobToSeal extends Chunk {
  type: BlobType;
  /** The zstd frame that stands for the plain bytes, if it is shorter. */
  frame: Bytes | null;
  /** Room for the sealed bytes, as long as they will be. */
  sealed: Bytes;
}

/** Small blobs are sealed and handed over together: each handing over costs more than sealing a small blob. */
const batchBytes = 1024 * 1024;

function* batchesOf(chunks: readonly Chunk[]): Generator<Chunk[]> {
  let batch: Chunk[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (batch.length > 0 && bytes + chunk.plain.length > batchBytes) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(chunk);
    bytes += chunk.plain.length;
  }
  if (batch.length > 0) yield batch;
}
