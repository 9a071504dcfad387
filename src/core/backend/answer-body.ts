import { type Bytes, discardBytes } from "../base/bytes.ts";

/** Bodies up to this length are read to their end although nobody wants them: aborting one costs its connection. */
export const drainLimit = 256 * 1024;

/** Bodies of this length and more are read into memory that the reader gives. */
const leastIntoRoom = 256 * 1024;
const pieceLength = 64 * 1024;

export interface BodyWatch {
  /** Passes a promise of the platform on, with its failure put into our words; tells the stall timer that bytes came. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Aborts the transfer. */
  abort(): void;
  throwIfUnwanted(): void;
}

/**
 * The body of an answer. It is read as a whole or not at all, and `drain` ends it in every case: a body that is left
 * unread holds its connection until it is collected, which once used up all ports of restic's machines.
 */
export class AnswerBody {
  /** What the server promised, or null. */
  readonly length: number | null;
  private readonly reader: BodyReader | null;
  private received = 0;
  private ended = false;

  constructor(
    response: Response,
    private readonly watch: BodyWatch,
  ) {
    this.length = contentLength(response.headers);
    this.reader = response.body && readerOf(response.body, this.length);
    if (this.reader === null) this.ended = true;
  }

  /**
   * All bytes, in a buffer that the caller owns; null if there are more than `limit`, and then the rest is left. If they fit,
   * they lie in the memory of `into`, which may be another object's by then; if the body fails, it may be lost.
   */
  async read(limit: number, into?: Bytes): Promise<Bytes | null> {
    if (this.length !== null && this.length > limit) return null;
    const expectedLength = this.length ?? 0;
    const isRoom = into !== undefined && into.length >= expectedLength;
    const buffer = new GrowingBuffer(isRoom ? into.subarray(0, expectedLength) : new Uint8Array(expectedLength));
    for (let chunk = await this.next(buffer); chunk !== null; chunk = await this.next(buffer)) {
      this.watch.throwIfUnwanted();
      if (this.received > limit) return null;
      buffer.append(chunk);
    }
    return buffer.take();
  }

  /** Ends the transfer: reads what is left if it is little, else gives up the connection. Never throws. */
  async drain(): Promise<void> {
    const allowed = this.received + drainLimit;
    try {
      if (this.length !== null && this.length > allowed) return this.giveUp();
      const nowhere = { room: () => new Uint8Array(pieceLength) };
      while (this.received <= allowed) if ((await this.next(nowhere)) === null) return;
      this.giveUp();
    } catch {
      // The connection is gone, which is all that was wanted; the caller has its own answer or error.
      this.ended = true;
    }
  }

  private async next(target: Target): Promise<Bytes | null> {
    if (this.ended || this.reader === null) return null;
    const { done, value } = await this.watch.settle(this.reader.read(target));
    if (done || value === undefined) {
      this.ended = true;
      return null;
    }
    this.received += value.length;
    return value;
  }

  private giveUp(): void {
    if (this.ended) return;
    this.ended = true;
    this.watch.abort();
  }
}

/** Number of bytes that the body should have as it will be read, or null if the server did not say. */
export function contentLength(headers: Headers): number | null {
  // The length of a body that a proxy compressed is not the one that arrives here.
  if ((headers.get("content-encoding") ?? "identity") !== "identity") return null;
  const text = headers.get("content-length");
  if (text === null || !/^\d{1,15}$/.test(text)) return null;
  return Number(text);
}

/** Where the next bytes of a body may be put. */
interface Target {
  /** At least a byte, not to be used until a piece has come: the piece may be a part of it, moved into another object. */
  room(): Bytes;
}

interface BodyReader {
  read(target: Target): Promise<ReadableStreamReadResult<Bytes>>;
}

/** Of a long body each piece would come in fresh memory, which costs as much as getting it. */
function readerOf(body: ReadableStream<Bytes>, length: number | null): BodyReader {
  const reader = length !== null && length >= leastIntoRoom ? byteReaderOf(body) : null;
  if (reader !== null) return { read: async (target) => reader.read(target.room()) as ReturnType<BodyReader["read"]> };
  const pieces = body.getReader();
  return { read: () => pieces.read() };
}

/** Null in engines whose bodies give pieces in memory of their own only. */
function byteReaderOf(body: ReadableStream<Bytes>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

/** Collects pieces in one buffer, which is made once if the length is known before. */
class GrowingBuffer implements Target {
  private length = 0;
  /** What was given out for the next piece is the rest of the buffer, which ends here. */
  private lentEnd: number | null = null;

  constructor(private buffer: Bytes) {}

  room(): Bytes {
    if (this.length === this.buffer.length) return new Uint8Array(pieceLength);
    this.lentEnd = this.buffer.byteOffset + this.buffer.length;
    return this.buffer.subarray(this.length);
  }

  append(piece: Bytes): void {
    const length = this.length + piece.length;
    if (this.lentEnd === null) this.copy(piece);
    else this.takeBack(piece, this.lentEnd);
    this.length = length;
  }

  take(): Bytes {
    return this.length === this.buffer.length ? this.buffer : this.buffer.slice(0, this.length);
  }

  /** The piece lies where it belongs, in the buffer's memory. */
  private takeBack({ buffer, byteOffset }: Bytes, end: number): void {
    const start = byteOffset - this.length;
    this.buffer = new Uint8Array(buffer, start, end - start);
    this.lentEnd = null;
  }

  private copy(piece: Bytes): void {
    const end = this.length + piece.length;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.buffer.length, pieceLength));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.set(piece, this.length);
    discardBytes(piece);
  }
}
