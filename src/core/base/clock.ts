/** Time as a port, so that back-off, stalls and lock refreshes are tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970 by the wall clock: it jumps when a machine wakes from sleep. */
  now(): number;
  /** Calls back once after at least `ms` milliseconds. Returns what cancels it; cancelling twice is harmless. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs work whose signal aborts after `ms` milliseconds. */
export async function within<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController();
  const cancel = clock.after(ms, () => late.abort());
  try {
    return await work(late.signal);
  } finally {
    cancel();
  }
}

/** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const wake = () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    const leave = () => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", leave, { once: true });
  });
}
