import type { LockJournal } from "../base/ports.ts";

/** The lock files that stand for one session: those that were claimed through its journal and not given up since. */
export class OwnClaims {
  private readonly ids = new Set<string>();

  has(lockId: string): boolean {
    return this.ids.has(lockId);
  }

  /** The same journal, whose claims are noted. */
  noting(journal: LockJournal): LockJournal {
    return {
      add: (repositoryId, lockId) => journal.add(repositoryId, lockId),
      remove: (repositoryId, lockId) => journal.remove(repositoryId, lockId),
      list: (repositoryId) => journal.list(repositoryId),
      isClaimed: (lockId) => journal.isClaimed(lockId),
      claim: async (lockId) => {
        const unclaim = await journal.claim(lockId);
        this.ids.add(lockId);
        return () => {
          this.ids.delete(lockId);
          unclaim();
        };
      },
    };
  }
}
