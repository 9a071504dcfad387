import { type Clock, sleep, systemClock } from "../base/clock.ts";
import { HoldallError } from "../base/errors.ts";
import type { Backend } from "./backend.ts";

/** What the UI may tell while an operation waits for its next attempt. */
export interface Waiting {
  error: HoldallError;
  /** Attempts made so far. */
  attempts: number;
  delayMs: number;
  /** The platform says that there is no network: the operation goes on as soon as there is one. */
  isOffline: boolean;
}

/** What the platform knows about the network. */
export interface NetworkState {
  isOnline(): boolean;
  /** Resolves when the platform is online; rejects with the signal's reason. */
  untilOnline(signal: AbortSignal): Promise<void>;
}

export interface RetryOptions {
  clock?: Clock;
  /** A number from 0 to below 1, for the jitter. */
  random?: () => number;
  /** Give up after this many attempts; without it only the signal ends the trying. Read anew at every failure. */
  attempts?: number;
  /** Tells each wait; also by how an operation that waits differs from one that hangs. */
  onWaiting?: (waiting: Waiting) => void;
  network?: NetworkState;
}

const firstDelayMs = 1000;
const longestDelayMs = 60_000;
const longestPageWaitMs = 5000;

/**
 * The same backend, which repeats every operation that failed with `retry: "later"`: 1 s, doubling to 60 s, give or take
 * half, never before the server's Retry-After. Files are named by their hash, so every operation may be repeated.
 * Offline, an operation waits for the network, but at most as long as it would otherwise: the platform's word is not
 * always true (a server on this machine needs no network).
 */
export function withRetry(backend: Backend, options: RetryOptions = {}): Backend {
  const run = <T>(signal: AbortSignal, operation: () => Promise<T>) => retry(operation, signal, options);
  return {
    location: backend.location,
    connections: backend.connections,
    create: (signal) => run(signal, () => backend.create(signal)),
    stat: (handle, signal) => run(signal, () => backend.stat(handle, signal)),
    list: (type, signal) => run(signal, () => backend.list(type, signal)),
    load: (handle, signal, range) => run(signal, () => backend.load(handle, signal, range)),
    save: (handle, bytes, signal, beforeSending) =>
      run(signal, () => backend.save(handle, bytes, signal, beforeSending)),
    remove: (handle, signal) => run(signal, () => backend.remove(handle, signal)),
    clockAheadMs: () => backend.clockAheadMs?.() ?? null,
  };
}

async function retry<T>(operation: () => Promise<T>, signal: AbortSignal, options: RetryOptions): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await operation();
    } catch (error) {
      if (!(error instanceof HoldallError) || error.retry !== "later") throw error;
      if (isEnough(error, attempts, options)) throw error;
      await waitForNext(error, attempts, signal, options);
    }
  }
}

/** Where attempts are counted, somebody looks at the page: no waiting for a network that is gone, or for a busy server. */
function isEnough({ context }: HoldallError, attempts: number, { attempts: limit, network }: RetryOptions): boolean {
  if (limit === undefined) return false;
  return attempts >= limit || network?.isOnline() === false || Number(context["retryAfterMs"] ?? 0) > longestPageWaitMs;
}

async function waitForNext(error: HoldallError, attempts: number, signal: AbortSignal, options: RetryOptions) {
  const { clock = systemClock, random = Math.random, network, onWaiting } = options;
  const isOffline = network !== undefined && !network.isOnline();
  const delayMs = isOffline ? longestDelayMs : delayAfter(error, attempts, random);
  signal.throwIfAborted();
  onWaiting?.({ error, attempts, delayMs, isOffline });
  if (isOffline) await untilOnlineOrLate(network, clock, delayMs, signal);
  else await sleep(clock, delayMs, signal);
}

function delayAfter(error: HoldallError, attempts: number, random: () => number): number {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempts - 1)) * (0.5 + random());
  const { retryAfterMs } = error.context;
  return typeof retryAfterMs === "number" ? Math.max(delayMs, retryAfterMs) : delayMs;
}

async function untilOnlineOrLate(network: NetworkState, clock: Clock, ms: number, signal: AbortSignal) {
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ignoreLoser = (error: unknown) => {
    if (!over.signal.aborted) throw error;
  };
  try {
    await Promise.race([network.untilOnline(either).catch(ignoreLoser), sleep(clock, ms, either).catch(ignoreLoser)]);
  } finally {
    over.abort();
  }
}
