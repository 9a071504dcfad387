import type { Clock } from "../../src/core/base/clock.ts";

interface Timer {
  dueMs: number;
  callback: () => void;
  handle: NodeJS.Timeout;
}

/** Shorter waits than this are over at once: the settling of a lock is no fault's matter. */
const shortMs = 1000;

/**
 * The real time, of which as much can be skipped as a fault needs: five minutes without a byte, a laptop that sleeps. What
 * was due meanwhile is called late, in order, as after a real sleep.
 */
export class FaultClock implements Clock {
  private readonly timers = new Set<Timer>();

  /** `aheadMs` is negative for a device whose clock is behind. */
  constructor(private aheadMs = 0) {}

  now(): number {
    return Date.now() + this.aheadMs;
  }

  after(ms: number, callback: () => void): () => void {
    const call = () => {
      this.timers.delete(timer);
      callback();
    };
    const handle = setTimeout(call, ms < shortMs ? 0 : ms);
    const timer: Timer = { dueMs: this.now() + ms, callback: call, handle };
    // A run that is over shall not keep the process for minutes.
    handle.unref();
    this.timers.add(timer);
    return () => {
      clearTimeout(handle);
      this.timers.delete(timer);
    };
  }

  skip(ms: number): void {
    this.aheadMs += ms;
    const due = [...this.timers].filter(({ dueMs }) => dueMs <= this.now()).sort((a, b) => a.dueMs - b.dueMs);
    for (const timer of due) {
      clearTimeout(timer.handle);
      // An earlier one may have cancelled it.
      if (this.timers.has(timer)) timer.callback();
    }
  }
}

/** Back-off in a fiftieth of its time. */
export const hastyClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const handle = setTimeout(callback, ms / 50);
    return () => clearTimeout(handle);
  },
};
