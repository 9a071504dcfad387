import { type Bytes, concatBytes } from "../base/bytes.ts";
import { FormatError, UnsupportedError } from "../base/errors.ts";
import { bytesOfId, type Id, idOfBytes } from "../base/id.ts";
import { sealOverhead } from "../codec/cipher.ts";
import type { BlobType } from "../codec/codec.ts";
import type { FormatVersion } from "./unpacked.ts";

/**
 * A pack is its blobs back to back from offset 0, then the sealed header, then the header's length as a uint32, little
 * end first. The header names each blob in turn; offsets are sums of lengths.
 */
export interface PackedBlob {
  type: BlobType;
  id: Id;
  /** Where the sealed blob begins in its pack. */
  offset: number;
  /** Length of the sealed blob. */
  length: number;
  /** Length of the plain bytes if the blob is compressed, else null. */
  uncompressedLength: number | null;
}

export { sealOverhead };

const lengthFieldLength = 4;
const rawEntryLength = 37;
const compressedEntryLength = 41;
const shortestPackLength = sealOverhead + rawEntryLength + lengthFieldLength;
const longestHeaderLength = 16 * 1024 * 1024;
const longestOffset = 0xffff_ffff;

/** Bytes to read from the end of a pack at first: enough for the header of 15 blobs, so that most need no second request. */
export const headerReadLength = 15 * compressedEntryLength + sealOverhead + lengthFieldLength;

/** What a pack adds to its blobs besides the entries: the header's seal and the length field. */
export const packOverhead = sealOverhead + lengthFieldLength;

/** The length of a pack of these blobs, whatever their order: what a listing must say. */
export function packLengthOf(blobs: readonly Pick<PackedBlob, "length" | "uncompressedLength">[]): number {
  return blobs.reduce((sum, blob) => sum + blob.length + entryLength(blob), packOverhead);
}

/** Length of a blob's entry in the header. */
export function entryLength(blob: Pick<PackedBlob, "uncompressedLength">): number {
  return headerEntryLength(blob.uncompressedLength !== null);
}

export function headerEntryLength(isCompressed: boolean): number {
  return isCompressed ? compressedEntryLength : rawEntryLength;
}

/** True if a pack of so many header bytes has no room for another entry: a writer closes it then. */
export function isHeaderFull(headerLength: number): boolean {
  return headerLength + sealOverhead + compressedEntryLength > longestHeaderLength;
}

/** The header to be sealed. The blobs must lie back to back from offset 0; RangeError if they do not. */
export function encodePackHeader(blobs: readonly PackedBlob[]): Bytes {
  const header = new Uint8Array(blobs.reduce((sum, blob) => sum + entryLength(blob), 0));
  const view = new DataView(header.buffer);
  let at = 0;
  let offset = 0;
  for (const blob of blobs) {
    if (blob.offset !== offset) throw new RangeError("blobs of a pack must lie back to back");
    offset += blob.length;
    at = writeEntry(header, view, at, blob);
  }
  if (offset > longestOffset) throw new RangeError("pack too long");
  return header;
}

function writeEntry(header: Bytes, view: DataView, at: number, blob: PackedBlob): number {
  const isCompressed = blob.uncompressedLength !== null;
  header[at] = (blob.type === "tree" ? 1 : 0) + (isCompressed ? 2 : 0);
  view.setUint32(at + 1, blob.length, true);
  if (blob.uncompressedLength !== null) view.setUint32(at + 5, blob.uncompressedLength, true);
  header.set(bytesOfId(blob.id), at + (isCompressed ? 9 : 5));
  return at + entryLength(blob);
}

/** The end of a pack: the sealed header and its length. */
export function encodePackEnd(sealedHeader: Bytes): Bytes {
  const length = new Uint8Array(lengthFieldLength);
  new DataView(length.buffer).setUint32(0, sealedHeader.length, true);
  return concatBytes([sealedHeader, length]);
}

/**
 * Where the sealed header lies in a pack, by the last bytes of it (at least 4). Throws FormatError
 * "pack-header-malformed" if no header fits there.
 */
export function locatePackHeader(packEnd: Bytes, packLength: number): { offset: number; length: number } {
  if (packLength < shortestPackLength) throw malformed("pack too short", { packLength });
  if (packEnd.length < lengthFieldLength) throw malformed("pack too short", { packLength });
  const view = new DataView(packEnd.buffer, packEnd.byteOffset, packEnd.length);
  const length = view.getUint32(packEnd.length - lengthFieldLength, true);
  const longest = Math.min(longestHeaderLength, packLength - lengthFieldLength);
  if (length < sealOverhead + rawEntryLength || length > longest)
    throw malformed("header length", { length, packLength });
  return { offset: packLength - lengthFieldLength - length, length };
}

/**
 * Reads an opened header. Throws FormatError "pack-header-malformed" unless its entries are exactly what a pack of this
 * length holds, UnsupportedError "compression-in-format-1".
 */
export function decodePackHeader(header: Bytes, packLength: number, formatVersion: FormatVersion): PackedBlob[] {
  if (header.length + sealOverhead > longestHeaderLength) throw malformed("header too long", { length: header.length });
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const blobs: PackedBlob[] = [];
  let at = 0;
  let offset = 0;
  while (at < header.length) {
    const blob = readEntry(header, view, at, offset);
    if (blob.uncompressedLength !== null && formatVersion === 1) throw new UnsupportedError("compression-in-format-1");
    blobs.push(blob);
    at += entryLength(blob);
    offset += blob.length;
  }
  if (packLengthOf(blobs) !== packLength) throw malformed("lengths do not add up", { packLength });
  return blobs;
}

function readEntry(header: Bytes, view: DataView, at: number, offset: number): PackedBlob {
  const kind = header[at] ?? 0;
  if (kind > 3) throw malformed("unknown blob type", { type: kind });
  const isCompressed = kind >= 2;
  if (at + (isCompressed ? compressedEntryLength : rawEntryLength) > header.length) throw malformed("entry cut off");
  const length = view.getUint32(at + 1, true);
  if (length < sealOverhead) throw malformed("blob too short", { length });
  if (offset + length > longestOffset) throw malformed("pack too long");
  const idAt = at + (isCompressed ? 9 : 5);
  return {
    type: kind % 2 === 1 ? "tree" : "data",
    id: idOfBytes(header.subarray(idAt, idAt + 32)),
    offset,
    length,
    uncompressedLength: isCompressed ? view.getUint32(at + 5, true) : null,
  };
}

function malformed(reason: string, context: Record<string, number> = {}): FormatError {
  return new FormatError("pack-header-malformed", { reason, ...context });
}
