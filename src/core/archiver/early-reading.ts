import type { SourceReading } from "./source-reading.ts";

/**
 * [Note: reading early] Taking a lock is mostly waiting: for the server, and then for locks that others may be writing just
 * now. The sources begin to be read meanwhile, which stores nothing. What is read so is as old as the run, whose start is
 * the time of its snapshot; but a run that has to wait for somebody else's lock begins anew, since that may take hours.
 */
export class EarlyReading {
  private readonly stopped = new AbortController();
  private reading: Promise<SourceReading | null>;

  /** `begin` may fail: whoever needs what it needs will learn why. */
  constructor(begin: (stopped: AbortSignal) => Promise<SourceReading>) {
    this.reading = begin(this.stopped.signal).catch(() => null);
  }

  /** The reading, once; null if there is none, or it was stopped. */
  take(): Promise<SourceReading | null> {
    const taken = this.reading;
    this.reading = Promise.resolve(null);
    return taken;
  }

  stop(): void {
    this.stopped.abort();
    this.reading = Promise.resolve(null);
  }
}
