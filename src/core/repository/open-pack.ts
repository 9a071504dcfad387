import type { FileContent } from "../backend/file-content.ts";
import type { Bytes } from "../base/bytes.ts";
import { type Id, idOfBytes } from "../base/id.ts";
import type { Cipher } from "../codec/cipher.ts";
import type { SealedBlob } from "../codec/codec.ts";
import type { RunningHash } from "../codec/sha256.ts";
import { encodePackEnd, encodePackHeader, entryLength, isHeaderFull, type PackedBlob } from "../format/pack-header.ts";
import type { PackRoom } from "./pack-room.ts";

/** restic's default and the bounds of its --pack-size; a pack is finished by the blob that reaches the target. */
export const defaultPackTarget = 16 * 1024 * 1024;
/** restic writes none below 4 MiB, but reads packs of any size. Small ones make a small run one of many packs. */
export const smallestPackTarget = 64 * 1024;
export const largestPackTarget = 128 * 1024 * 1024;

/** Tiny blobs would fill the header of a pack long before the pack: each takes some hundreds of bytes until it is indexed. */
export const mostBlobs = 50_000;

export interface FinishedPack {
  id: Id;
  content: FileContent;
  length: number;
  blobs: PackedBlob[];
}

/** A pack while it is filled: sealed blobs back to back, hashed as they come. */
export class OpenPack {
  readonly blobs: PackedBlob[] = [];
  private headerLength = 0;

  constructor(
    private readonly target: number,
    private readonly room: PackRoom,
    private readonly hash: RunningHash,
  ) {}

  /** Bytes of the sealed blobs so far. */
  get length(): number {
    return this.room.length;
  }

  get isFull(): boolean {
    return this.length >= this.target || this.blobs.length >= mostBlobs || isHeaderFull(this.headerLength);
  }

  /** Copies the blob in; its buffer stays the caller's. */
  add({ type, id, sealed, compressed, plainLength }: SealedBlob): void {
    const uncompressedLength = compressed ? plainLength : null;
    this.note({ type, id, offset: this.length, length: sealed.length, uncompressedLength });
    this.append(sealed);
  }

  /** Takes over all blobs of another pack of the same type, in their order. The other one is gone. */
  absorb(other: OpenPack): void {
    const start = this.length;
    for (const blob of other.blobs) this.note({ ...blob, offset: blob.offset + start });
    for (const piece of other.room.pieces()) this.append(piece);
    other.release();
  }

  /** Seals the header behind the blobs (repository format: packs). Nothing can be added afterwards. */
  async finish(cipher: Cipher): Promise<FinishedPack> {
    this.append(encodePackEnd(await cipher.seal(encodePackHeader(this.blobs))));
    const id = idOfBytes(this.hash.finish());
    return { id, content: await this.room.content(), length: this.length, blobs: this.blobs };
  }

  /** The content is needed no more. */
  release(): void {
    this.room.release();
  }

  private note(blob: PackedBlob): void {
    this.blobs.push(blob);
    this.headerLength += entryLength(blob);
  }

  private append(bytes: Bytes): void {
    this.room.append(bytes);
    this.hash.update(bytes);
  }
}
