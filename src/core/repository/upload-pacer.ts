import { type Clock, sleep } from "../base/clock.ts";

/** Slower than this is no rate but a standstill. */
const slowestBytesPerSecond = 1024;

/**
 * Keeps uploads to so many bytes a second on average. A pack is sent in one piece, as fast as the line carries it; what is
 * paced are the packs, each of which waits until the time is over that the ones before it are worth. So a line shared
 * with others is busy in bursts, of a pack's length at most. Time in which nothing was sent is not made up for.
 */
export class UploadPacer {
  /** How long the packs that went out so far still keep the line. */
  private debtMs = 0;
  private lastMs: number;
  private readonly msPerByte: number;

  constructor(
    private readonly clock: Clock,
    bytesPerSecond: number,
  ) {
    this.msPerByte = 1000 / Math.max(bytesPerSecond, slowestBytesPerSecond);
    this.lastMs = clock.now();
  }

  /** Resolves when this many bytes may be sent; first come, first served. Rejects when the signal aborts. */
  async pass(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.clock.now();
    // A clock that is set back says nothing about the time that has passed.
    this.debtMs = Math.max(0, this.debtMs - Math.max(0, now - this.lastMs));
    this.lastMs = now;
    const waitMs = this.debtMs;
    this.debtMs += bytes * this.msPerByte;
    signal.throwIfAborted();
    if (waitMs > 0) await sleep(this.clock, waitMs, signal);
  }
}
