import { Semaphore } from "../base/semaphore.ts";
import type { Backend, Handle } from "./backend.ts";

/**
 * The same backend with at most `limit` operations at once, first come first served. Lock files and listings go beside
 * the limit: a lock must be refreshed while uploads fill all places. An operation holds its place only while its own
 * requests run, so put withRetry outside (`withRetry(withLimit(…))`): then nobody holds one while waiting.
 */
export function withLimit(backend: Backend, limit: number): Backend {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError("a limit is at least 1");
  const places = new Semaphore(limit);
  const run = <T>(handle: Handle, signal: AbortSignal, operation: () => Promise<T>): Promise<T> =>
    handle.type === "lock" ? operation() : places.with(1, signal, operation);
  return {
    location: backend.location,
    connections: limit,
    create: (signal) => places.with(1, signal, () => backend.create(signal)),
    stat: (handle, signal) => run(handle, signal, () => backend.stat(handle, signal)),
    list: (type, signal) => backend.list(type, signal),
    load: (handle, signal, range) => run(handle, signal, () => backend.load(handle, signal, range)),
    save: (handle, bytes, signal, beforeSending) =>
      run(handle, signal, () => backend.save(handle, bytes, signal, beforeSending)),
    remove: (handle, signal) => run(handle, signal, () => backend.remove(handle, signal)),
    clockAheadMs: () => backend.clockAheadMs?.() ?? null,
  };
}
