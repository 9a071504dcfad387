import type { LockJournal } from "../core/base/ports.ts";

/** The journal of a device that keeps nothing: it ends with the worker, and what a killed one leaves behind goes stale. */
export function memoryLockJournal(): LockJournal {
  const journalled = new Map<string, Set<string>>();
  const claimed = new Set<string>();
  return {
    add: async (repositoryId, lockId) => {
      journalled.set(repositoryId, new Set(journalled.get(repositoryId)).add(lockId));
    },
    remove: async (repositoryId, lockId) => {
      journalled.get(repositoryId)?.delete(lockId);
    },
    list: async (repositoryId) => [...(journalled.get(repositoryId) ?? [])],
    claim: async (lockId) => {
      claimed.add(lockId);
      return () => claimed.delete(lockId);
    },
    isClaimed: async (lockId) => claimed.has(lockId),
  };
}
