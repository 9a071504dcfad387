import type { Bytes } from "../base/bytes.ts";
import { hashId, type Id } from "../base/id.ts";
import type { Cipher } from "../codec/cipher.ts";
import type { SealedBlob } from "../codec/codec.ts";
import { encodePackEnd, encodePackHeader, entryLength, isHeaderFull, type PackedBlob } from "../format/pack-header.ts";

/** restic's default and the bounds of its --pack-size; a pack is finished by the blob that reaches the target. */
export const defaultPackTarget = 16 * 1024 * 1024;
/** restic writes none below 4 MiB, but reads packs of any size. Small ones make a small run one of many packs. */
export const smallestPackTarget = 64 * 1024;
export const largestPackTarget = 128 * 1024 * 1024;

export interface FinishedPack {
  id: Id;
  bytes: Bytes;
  blobs: PackedBlob[];
}

/** A pack while it is filled: sealed blobs back to back in one buffer, which grows as needed. */
export class OpenPack {
  readonly blobs: PackedBlob[] = [];
  private buffer: Bytes = new Uint8Array(0);
  private filled = 0;
  private headerLength = 0;

  constructor(private readonly target: number) {}

  /** Bytes of the sealed blobs so far. */
  get length(): number {
    return this.filled;
  }

  get isFull(): boolean {
    return this.filled >= this.target || isHeaderFull(this.headerLength);
  }

  /** Copies the blob in; its buffer stays the caller's. */
  add(blob: SealedBlob): void {
    this.reserve(blob.sealed.length);
    this.buffer.set(blob.sealed, this.filled);
    const packed: PackedBlob = {
      type: blob.type,
      id: blob.id,
      offset: this.filled,
      length: blob.sealed.length,
      uncompressedLength: blob.compressed ? blob.plainLength : null,
    };
    this.blobs.push(packed);
    this.filled += blob.sealed.length;
    this.headerLength += entryLength(packed);
  }

  /** Takes over all blobs of another pack of the same type, in their order. */
  absorb(other: OpenPack): void {
    this.reserve(other.filled);
    this.buffer.set(other.buffer.subarray(0, other.filled), this.filled);
    for (const blob of other.blobs) {
      this.blobs.push({ ...blob, offset: blob.offset + this.filled });
      this.headerLength += entryLength(blob);
    }
    this.filled += other.filled;
  }

  /** Seals the header behind the blobs (repository format: packs). The pack must not be used afterwards. */
  async finish(cipher: Cipher): Promise<FinishedPack> {
    const end = encodePackEnd(await cipher.seal(encodePackHeader(this.blobs)));
    this.reserve(end.length);
    this.buffer.set(end, this.filled);
    const length = this.filled + end.length;
    const bytes = this.buffer.subarray(0, length);
    return { id: await hashId(bytes), bytes, blobs: this.blobs };
  }

  private reserve(length: number): void {
    if (this.filled + length <= this.buffer.length) return;
    const larger = new Uint8Array(
      Math.max(this.filled + length, Math.min(this.buffer.length * 2, this.target * 2), 65536),
    );
    larger.set(this.buffer.subarray(0, this.filled));
    this.buffer = larger;
  }
}
