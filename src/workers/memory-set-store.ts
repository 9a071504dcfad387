import type { Bytes } from "../core/base/bytes.ts";
import type { SetStore } from "../core/base/ports.ts";

/** The sets of a device that keeps nothing: they end with the session. */
export function memorySetStore(): SetStore {
  const records = new Map<string, Bytes>();
  const running = new Set<string>();
  let last: Promise<unknown> = Promise.resolve();
  return {
    place: "session",
    load: async (key) => records.get(key) ?? null,
    update(key, edit) {
      const next = last.then(async () => {
        const edited = await edit(records.get(key) ?? null);
        if (edited === null) records.delete(key);
        else records.set(key, edited);
      });
      last = next.catch(() => {});
      return next;
    },
    claimRun: async (setId) => {
      running.add(setId);
      return () => running.delete(setId);
    },
    isRunning: async (setId) => running.has(setId),
  };
}
