import type { LockJournal } from "../core/base/ports.ts";
import type { LockClaims } from "./tab-ports.ts";

/** The journal of a device that keeps nothing: it ends with the worker. Claims are the browser's all the same. */
export function memoryLockJournal({ claim, isClaimed }: LockClaims): LockJournal {
  const journalled = new Map<string, Set<string>>();
  return {
    add: async (repositoryId, lockId) => {
      journalled.set(repositoryId, new Set(journalled.get(repositoryId)).add(lockId));
    },
    remove: async (repositoryId, lockId) => {
      journalled.get(repositoryId)?.delete(lockId);
    },
    list: async (repositoryId) => [...(journalled.get(repositoryId) ?? [])],
    claim,
    isClaimed,
  };
}
