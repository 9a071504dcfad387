import { type Bytes, discardBytes } from "../base/bytes.ts";

/** Bodies up to this length are read to their end although nobody wants them: aborting one costs its connection. */
export const drainLimit = 256 * 1024;

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
  private readonly reader: ReadableStreamDefaultReader<Uint8Array> | null;
  private received = 0;
  private ended = false;

  constructor(
    response: Response,
    private readonly watch: BodyWatch,
  ) {
    this.length = contentLength(response.headers);
    this.reader = response.body?.getReader() ?? null;
    if (this.reader === null) this.ended = true;
  }

  /**
   * All bytes, in a buffer that the caller owns (`into`, if they fit); null if there are more than `limit`, and then the rest
   * is left.
   */
  async read(limit: number, into?: Bytes): Promise<Bytes | null> {
    if (this.length !== null && this.length > limit) return null;
    const expectedLength = this.length ?? 0;
    const isRoom = into !== undefined && into.length >= expectedLength;
    const buffer = new GrowingBuffer(isRoom ? into.subarray(0, expectedLength) : new Uint8Array(expectedLength));
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) {
      this.watch.throwIfUnwanted();
      if (this.received > limit) return null;
      buffer.append(chunk);
      discardBytes(chunk);
    }
    return buffer.take();
  }

  /** Ends the transfer: reads what is left if it is little, else gives up the connection. Never throws. */
  async drain(): Promise<void> {
    const allowed = this.received + drainLimit;
    try {
      if (this.length !== null && this.length > allowed) return this.giveUp();
      while (this.received <= allowed) if ((await this.next()) === null) return;
      this.giveUp();
    } catch {
      // The connection is gone, which is all that was wanted; the caller has its own answer or error.
      this.ended = true;
    }
  }

  private async next(): Promise<Uint8Array | null> {
    if (this.ended || this.reader === null) return null;
    const { done, value } = await this.watch.settle(this.reader.read());
    if (done) {
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

/** Collects chunks in one buffer, which is made once if the length is known before. */
class GrowingBuffer {
  private length = 0;

  constructor(private buffer: Bytes) {}

  append(chunk: Uint8Array): void {
    const end = this.length + chunk.length;
    if (end > this.buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.buffer.length, 64 * 1024));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.set(chunk, this.length);
    this.length = end;
  }

  take(): Bytes {
    return this.length === this.buffer.length ? this.buffer : this.buffer.slice(0, this.length);
  }
}
