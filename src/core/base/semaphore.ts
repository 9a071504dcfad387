interface Waiter {
  amount: number;
  admit(): void;
}

/**
 * Counts units (bytes, requests) that are in use and makes callers wait for room, first come first served.
 * An amount above the capacity is admitted alone, so one huge item never deadlocks.
 */
export class Semaphore {
  private used = 0;
  private readonly waiting: Waiter[] = [];

  constructor(readonly capacity: number) {}

  get inUse(): number {
    return this.used;
  }

  /** Waits for room and takes `amount` units. Every acquire needs exactly one release of the same amount. */
  async acquire(amount: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.waiting.length === 0 && this.hasRoom(amount)) {
      this.used += amount;
      return;
    }
    await this.wait(amount, signal);
  }

  release(amount: number): void {
    this.used -= amount;
    this.admitWaiting();
  }

  /** Runs `work` while holding `amount` units. */
  async with<T>(amount: number, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    await this.acquire(amount, signal);
    try {
      return await work();
    } finally {
      this.release(amount);
    }
  }

  private hasRoom(amount: number): boolean {
    return this.used === 0 || this.used + amount <= this.capacity;
  }

  private admitWaiting(): void {
    let next = this.waiting[0];
    while (next && this.hasRoom(next.amount)) {
      this.waiting.shift();
      this.used += next.amount;
      next.admit();
      next = this.waiting[0];
    }
  }

  private wait(amount: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        amount,
        admit: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      const leave = () => {
        this.waiting.splice(this.waiting.indexOf(waiter), 1);
        this.admitWaiting();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.waiting.push(waiter);
    });
  }
}
