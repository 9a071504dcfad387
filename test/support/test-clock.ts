import type { Clock } from "../../src/core/base/clock.ts";

interface Timer {
  atMs: number;
  callback: () => void;
}

/** A clock that stands until a test moves it. */
export class TestClock implements Clock {
  private readonly timers = new Set<Timer>();

  constructor(private nowMs = Date.UTC(2026, 0, 1)) {}

  now(): number {
    return this.nowMs;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback };
    this.timers.add(timer);
    return () => this.timers.delete(timer);
  }

  /** How many timers are set. */
  get pending(): number {
    return this.timers.size;
  }

  /** Moves time on, calling what is due in order; what is called may set new timers. */
  async advance(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    await settled();
    for (let next = this.next(endMs); next; next = this.next(endMs)) {
      this.nowMs = Math.max(this.nowMs, next.atMs);
      this.timers.delete(next);
      next.callback();
      await settled();
    }
    this.nowMs = Math.max(this.nowMs, endMs);
  }

  /** Time passes while the machine sleeps: nothing is called before it wakes up, then everything that is due is late. */
  async sleepThrough(ms: number): Promise<void> {
    this.nowMs += ms;
    await this.advance(0);
  }

  /** Moves on from timer to timer until the promise settles. For work whose only waits are on this clock. */
  async run<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = () => {
      isSettled = true;
    };
    promise.then(mark, mark);
    while (!isSettled) {
      await settled();
      const next = this.next(Number.POSITIVE_INFINITY);
      if (!isSettled && next) await this.advance(next.atMs - this.nowMs);
    }
    return promise;
  }

  private next(endMs: number): Timer | undefined {
    let earliest: Timer | undefined;
    for (const timer of this.timers) if (!earliest || timer.atMs < earliest.atMs) earliest = timer;
    return earliest && earliest.atMs <= endMs ? earliest : undefined;
  }
}

/** Lets everything run that waits for nothing but microtasks and the crypto threads of this process. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
