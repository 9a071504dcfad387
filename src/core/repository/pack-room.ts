import type { FileContent } from "../backend/file-content.ts";
import type { Bytes } from "../base/bytes.ts";
import type { PackSpool, SpoolFile } from "../base/ports.ts";

/** How much of a pack is read back at once. */
const pieceLength = 1024 * 1024;
/** A pack is longer than its target by most of a blob, and by its header. */
const slackLength = 2 * 1024 * 1024;
const leastMemory = 64 * 1024;
/** Memory of so many packs is kept for the next ones. */
const keptBuffers = 4;

/**
 * Room for packs while they are put together and sent: on the device's disk where the spool has some, else in memory. What
 * is given back is used again, since fresh memory of a pack's size costs more than filling it.
 */
export class PackRooms {
  private readonly buffers: Bytes[] = [];

  /** `target`: bytes of blobs that make a pack full. */
  constructor(
    private readonly spool: PackSpool | null,
    private readonly target: number,
  ) {
    spool?.prepare();
  }

  take(): PackRoom {
    return new PackRoom(this, this.spool?.take() ?? null);
  }

  /** Gives back what is kept for packs to come. */
  close(): void {
    this.buffers.length = 0;
    this.spool?.trim();
  }

  /** Memory for a pack of this length so far: little for what may stay a small pack, then all at once. */
  takeBuffer(length: number): Bytes {
    if (length <= leastMemory) return new Uint8Array(leastMemory);
    const kept = this.buffers.findIndex((buffer) => buffer.length >= length);
    const [found] = kept === -1 ? [] : this.buffers.splice(kept, 1);
    return found ?? new Uint8Array(Math.max(2 * length, Math.min(this.target, 4 * length) + slackLength));
  }

  giveBuffer(buffer: Bytes): void {
    if (buffer.length > this.target && this.buffers.length < keptBuffers) this.buffers.push(buffer);
  }
}

/** The bytes of one pack, one behind the other. Not to be used after release(). */
export class PackRoom {
  private memory: Bytes | null = null;
  private filled = 0;

  constructor(
    private readonly rooms: PackRooms,
    private file: SpoolFile | null,
  ) {}

  get length(): number {
    return this.filled;
  }

  /** Copies the bytes in. What does not fit on the disk goes on in memory. */
  append(bytes: Bytes): void {
    if (this.file === null || !this.file.write(bytes, this.filled))
      this.memoryFor(bytes.length).set(bytes, this.filled);
    this.filled += bytes.length;
  }

  /** What was appended, piece by piece; each piece is lent until the next is asked for. */
  *pieces(): Generator<Bytes> {
    for (let offset = 0; offset < this.filled; offset += pieceLength) {
      const length = Math.min(pieceLength, this.filled - offset);
      yield this.memory?.subarray(offset, offset + length) ?? this.readBack(offset, length);
    }
  }

  /** What was appended, to be sent; it holds until release(). */
  async content(): Promise<FileContent> {
    return this.file?.content(this.filled) ?? (this.memory ?? new Uint8Array(0)).subarray(0, this.filled);
  }

  release(): void {
    this.file?.release();
    if (this.memory !== null) this.rooms.giveBuffer(this.memory);
    this.file = null;
    this.memory = null;
  }

  /** Memory with all that there is so far, and room for so much more. */
  private memoryFor(more: number): Bytes {
    const needed = this.filled + more;
    if (this.memory !== null && this.memory.length >= needed) return this.memory;
    const larger = this.rooms.takeBuffer(needed);
    let offset = 0;
    for (const piece of this.pieces()) {
      larger.set(piece, offset);
      offset += piece.length;
    }
    this.file?.release();
    if (this.memory !== null) this.rooms.giveBuffer(this.memory);
    this.file = null;
    this.memory = larger;
    return larger;
  }

  private readBack(offset: number, length: number): Bytes {
    const piece = new Uint8Array(length);
    this.file?.read(piece, offset);
    return piece;
  }
}
