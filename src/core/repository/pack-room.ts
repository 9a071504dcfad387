import type { FileContent } from "../backend/file-content.ts";
import type { Bytes } from "../base/bytes.ts";
import type { PackSpool, SpoolFile } from "../base/ports.ts";

/** How much of a pack is read back at once. */
const pieceLength = 1024 * 1024;
/** A pack is longer than its target by most of a blob, and by its header. */
const slackLength = 2 * 1024 * 1024;
const leastMemory = 64 * 1024;
/** What is shorter is gathered before it is written to the disk: a write asks another process. */
const gatheredLength = 256 * 1024;
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
  /** What of it is to be written to the disk, from `written` on. */
  private gathered: Bytes | null = null;
  private written = 0;

  constructor(
    private readonly rooms: PackRooms,
    private file: SpoolFile | null,
  ) {}

  get length(): number {
    return this.filled;
  }

  /** Copies the bytes in. What does not fit on the disk goes on in memory. */
  append(bytes: Bytes): void {
    if (this.file === null || !this.gather(bytes)) this.memoryFor(bytes.length).set(bytes, this.filled);
    this.filled += bytes.length;
  }

  /** What was appended, piece by piece; each piece is lent until the next is asked for. */
  *pieces(): Generator<Bytes> {
    for (let offset = 0; offset < this.filled; ) {
      const piece = this.piece(offset);
      yield piece;
      offset += piece.length;
    }
  }

  /** What was appended, to be sent; it holds until release(). */
  async content(): Promise<FileContent> {
    if (!this.writeGathered()) this.memoryFor(0);
    return this.file?.content(this.filled) ?? (this.memory ?? new Uint8Array(0)).subarray(0, this.filled);
  }

  release(): void {
    if (this.memory !== null) this.rooms.giveBuffer(this.memory);
    this.memory = null;
    this.leaveDisk();
  }

  /** False if the disk takes no more; the bytes are nowhere then. */
  private gather(bytes: Bytes): boolean {
    const pending = this.filled - this.written;
    if (pending + bytes.length > gatheredLength && !this.writeGathered()) return false;
    if (bytes.length > gatheredLength) return this.write(bytes);
    this.gathered ??= new Uint8Array(gatheredLength);
    this.gathered.set(bytes, this.filled - this.written);
    return true;
  }

  /** False if the disk takes no more. */
  private writeGathered(): boolean {
    const pending = this.file === null ? 0 : this.filled - this.written;
    return pending === 0 || this.gathered === null || this.write(this.gathered.subarray(0, pending));
  }

  private write(bytes: Bytes): boolean {
    if (this.file?.write(bytes, this.written) !== true) return false;
    this.written += bytes.length;
    return true;
  }

  /** Memory with all that there is so far, and room for so much more. */
  private memoryFor(more: number): Bytes {
    const needed = this.filled + more;
    if (this.memory !== null && this.memory.length >= needed) return this.memory;
    const larger = this.rooms.takeBuffer(needed);
    for (let offset = 0; offset < this.filled; ) {
      const piece = this.piece(offset);
      larger.set(piece, offset);
      offset += piece.length;
    }
    if (this.memory !== null) this.rooms.giveBuffer(this.memory);
    this.memory = larger;
    this.leaveDisk();
    return larger;
  }

  private leaveDisk(): void {
    this.file?.release();
    this.file = null;
    this.gathered = null;
  }

  /** A piece of what was appended, wherever it is. */
  private piece(offset: number): Bytes {
    const { memory, filled, written, gathered } = this;
    const end = Math.min(filled, offset + pieceLength);
    if (memory !== null) return memory.subarray(offset, end);
    if (offset < written) return this.readBack(offset, Math.min(end, written) - offset);
    return (gathered ?? new Uint8Array(0)).subarray(offset - written, end - written);
  }

  private readBack(offset: number, length: number): Bytes {
    const piece = new Uint8Array(length);
    this.file?.read(piece, offset);
    return piece;
  }
}
