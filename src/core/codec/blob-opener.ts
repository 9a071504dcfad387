import type { Bytes } from "../base/bytes.ts";
import { FormatError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { Cipher } from "./cipher.ts";
import type { BlobToOpen, OpenedBlob } from "./codec.ts";
import type { Compression } from "./compression.ts";
import type { ContentRooms } from "./content-rooms.ts";
import { idsOf } from "./hashing.ts";
import type { Kernel } from "./kernel.ts";

/** Blobs are opened and hashed in groups: enough for WebCrypto's threads and the kernel's lanes, and no more memory. */
const groupBytes = 4 * 1024 * 1024;
const groupBlobs = 128;

/**
 * Opens and verifies blobs in the memory that they lie in: fresh memory of a blob's size costs more than opening it. Only
 * what grows when it is decompressed goes elsewhere.
 */
export class BlobOpener {
  constructor(
    private readonly cipher: Cipher,
    /** Of blobs; null in format 1. */
    private readonly compression: Compression | null,
    private readonly kernel: Kernel,
  ) {}

  /**
   * The contents of a group of blobs that do not overlap, in their order: parts of `stretch`, which is used up, or in the
   * rooms what has no room there. Where something is wrong with a blob, it has that in its place.
   */
  async open(stretch: Bytes, group: readonly BlobToOpen[], rooms: ContentRooms): Promise<OpenedBlob[]> {
    const opened = await Promise.all(group.map((blob) => this.unseal(stretch, blob, rooms)));
    const contents = opened.flatMap((result) => ("plain" in result ? [result.plain] : []));
    const ids = (await idsOf(this.kernel, contents)).values();
    return opened.map((result, i) => {
      const { id } = group[i] as BlobToOpen;
      if ("error" in result) return { error: namingBlob(result.error, id) };
      return ids.next().value === id ? result : { error: new IntegrityError("blob-hash-mismatch", { blob: id }) };
    });
  }

  private async unseal(stretch: Bytes, blob: BlobToOpen, rooms: ContentRooms): Promise<OpenedBlob> {
    const { offset, length, uncompressedLength } = blob;
    try {
      const sealed = stretch.subarray(offset, offset + length);
      if (sealed.length !== length) throw new IntegrityError("blob-length-mismatch");
      const opened = await this.cipher.openInPlace(sealed);
      return { plain: uncompressedLength === null ? opened : this.decompress(opened, uncompressedLength, rooms) };
    } catch (error) {
      return { error };
    }
  }

  private decompress(frame: Bytes, length: number, rooms: ContentRooms): Bytes {
    if (this.compression === null) throw new FormatError("compressed-data-malformed", { reason: "format 1" });
    return this.compression.decompressInPlace(frame, length, (content) => {
      // What restic could not make smaller fits where its frame was.
      const room = length <= frame.length ? frame.subarray(0, length) : rooms.take(length);
      room.set(content);
      return room;
    });
  }
}

/** The blobs in order of offset, as many together as are worth being opened at once. */
export function* groupsOf<Blob extends BlobToOpen>(blobs: readonly Blob[]): Generator<Blob[]> {
  let group: Blob[] = [];
  let bytes = 0;
  for (const blob of [...blobs].sort((left, right) => left.offset - right.offset)) {
    if (group.length === groupBlobs || (group.length > 0 && bytes + bytesOf(blob) > groupBytes)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(blob);
    bytes += bytesOf(blob);
  }
  if (group.length > 0) yield group;
}

function bytesOf({ length, uncompressedLength }: BlobToOpen): number {
  return Math.max(length, uncompressedLength ?? 0);
}

/** The same error with the blob's id added to its context. */
function namingBlob(error: unknown, blob: Id): unknown {
  if (error instanceof FormatError) return new FormatError(error.code, { ...error.context, blob }, { cause: error });
  if (error instanceof IntegrityError)
    return new IntegrityError(error.code, { ...error.context, blob }, { cause: error });
  return error;
}
