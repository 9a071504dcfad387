import type { Bytes } from "../base/bytes.ts";
import type { Id } from "../base/id.ts";
import type { RemoteBlob } from "../base/ports.ts";
import type { IndexRecords } from "./blob-record.ts";

export type BlobType = "data" | "tree";

/** restic's `--compression`: trees and unpacked files are compressed whatever the mode (FORMAT.md 6). */
export type CompressionMode = "auto" | "off" | "max";

/** A blob ready for a pack: IV, ciphertext and MAC of the plain or compressed bytes. */
export interface SealedBlob {
  type: BlobType;
  id: Id;
  sealed: Bytes;
  plainLength: number;
  /** True if the sealed bytes hold a zstd frame (pack entry types 2 and 3). */
  compressed: boolean;
}

/** What must be known to open a blob; lengths come from the index. */
export interface BlobToOpen {
  id: Id;
  /** Where the sealed blob begins in the given bytes. */
  offset: number;
  /** Length of the sealed blob. */
  length: number;
  /** Length of the plain bytes if compressed, else null. */
  uncompressedLength: number | null;
}

/** The bytes belong to the taker, who may find other blobs in the same buffer: before it is moved, it is cut out. */
export type OpenedBlob = { plain: Bytes } | { error: unknown };

/** A whole pack, and where its parts lie by what others say of it. */
export interface PackToCheck {
  /** All bytes of it; taken over with the buffer that they lie in. */
  sealed: Bytes;
  /** Where its sealed header lies; null if no place is known for it. */
  header: { offset: number; length: number } | null;
  blobs: readonly BlobToOpen[];
}

/** What a pack was found to be. */
export interface CheckedPack {
  /** The memory that the pack came in, the caller's again. What was in it is used up. */
  sealed: Bytes;
  /** The SHA-256 of all of it. */
  hash: Id;
  /** The opened header, or why it cannot be opened; null if it was not asked for. */
  header: OpenedBlob | null;
  /** The blobs that are not what they should be, and what is wrong with each. */
  damaged: { blob: Id; error: unknown }[];
}

/** Sealed blobs that lie in one buffer. */
export interface SealedBatch {
  buffer: Bytes;
  blobs: readonly SealedBlob[];
}

/** What a codec needs of the repository while it reads files: who is new, and where sealed blobs go. */
export interface BlobReceiver {
  /** For each id: true if the caller must now seal and store it; false if it is stored or another caller's. */
  claim(ids: readonly Id[]): Promise<boolean[]>;
  /**
   * Takes sealed data blobs and the buffer that they lie in; waits while uploads are behind. Resolves with the buffer, which
   * is the caller's again: the same memory, though perhaps under another object if it was moved there and back.
   */
  store(batch: SealedBatch): Promise<Bytes>;
}

/** What the files of one backup have in common. Plain data apart from the receiver. */
export interface SaveJob {
  compression: CompressionMode;
  receiver: BlobReceiver;
  signal: AbortSignal;
}

export interface FileToSave {
  blob: Blob | RemoteBlob;
  /** Length in bytes when it was listed; a file that has another length by now is an error. */
  size: number;
}

/** A file that is read piece by piece, by whoever has it. */
export type LargeFile = FileToSave & { blob: Blob };

/** One stretch of a file: as many whole chunks as fit in the codec's read window. */
export interface FileStretch {
  content: Id[];
  /** Bytes consumed by these chunks. */
  length: number;
}

export type SavedFile = { content: Id[] } | { error: unknown };

/**
 * All work on file bytes: chunking, hashing, compressing, sealing, opening. A pool of workers in the browser, inline in
 * Node. Every call is stateless, so any worker can take it. Errors: IntegrityError, FormatError; "source-unreadable"
 * with the platform's error as cause when a file cannot be read.
 */
export interface Codec {
  /** How many calls are worth having in flight. */
  readonly parallelism: number;

  /**
   * Reads small files (each 1 to smallFileLimit bytes, one chunk each) and saves their contents. A file that cannot be
   * read has an error in its place; the others are not affected.
   */
  saveSmallFiles(files: readonly FileToSave[], job: SaveJob): Promise<SavedFile[]>;

  /**
   * Reads and saves the chunks of a file from `offset` (the end of a chunk, or 0). `onCut` is called with the offset of the
   * next stretch as soon as it is known, long before the result: the next stretch can then be read by another worker.
   */
  saveStretch(file: LargeFile, offset: number, onCut: (nextOffset: number) => void, job: SaveJob): Promise<FileStretch>;

  /** Seals one blob and opens it again before it is given out. `plain` is taken over. */
  sealBlob(type: BlobType, plain: Bytes, compression: CompressionMode, signal: AbortSignal): Promise<SealedBlob>;

  /**
   * Opens and verifies blobs that lie in one stretch of a pack, which is taken over with its buffer, and do not overlap. Results are in the
   * order asked and the caller's, in the memory of the stretch or in other buffers, which several may share; a damaged blob
   * has its error in its place.
   */
  openBlobs(sealed: Bytes, blobs: readonly BlobToOpen[], signal: AbortSignal): Promise<OpenedBlob[]>;

  /**
   * Hashes a pack, opens its header, and opens and verifies its blobs like openBlobs, but keeps nothing of them. What is
   * wrong is told, not thrown.
   */
  checkPack(pack: PackToCheck, signal: AbortSignal): Promise<CheckedPack>;

  /**
   * Opens, verifies and decodes a sealed index file, which is taken over; the caller owns the records. Throws what
   * openUnpacked and decodeIndex of the formats throw.
   */
  openIndex(sealed: Bytes, signal: AbortSignal): Promise<IndexRecords>;

  close(): void;
}

/** Files up to this many bytes have one chunk whatever their content: the chunker's minimum (repository format: chunker). */
export const smallFileLimit = 512 * 1024;
