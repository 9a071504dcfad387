import type { LockJournal } from "../core/base/ports.ts";

/**
 * The lock files of other tabs, as those tell them while they live: on a device that keeps nothing this is all that is left
 * of a lock whose tab was killed. In memory only.
 */
export class ToldLocks {
  /** By the tab that told them. */
  private readonly ids = new Map<string, readonly string[]>();

  /** What a tab holds now, in the place of what it told before. */
  note(from: string, ids: readonly string[]): void {
    if (ids.length === 0) this.ids.delete(from);
    else this.ids.set(from, ids);
  }

  /** The same journal, which also lists what was told. Whether a lock is an orphan is its claim's to say, as of all. */
  joining(journal: LockJournal): LockJournal {
    return {
      add: (repositoryId, lockId) => journal.add(repositoryId, lockId),
      remove: async (repositoryId, lockId) => {
        for (const [from, ids] of this.ids) {
          this.note(
            from,
            ids.filter((id) => id !== lockId),
          );
        }
        await journal.remove(repositoryId, lockId);
      },
      list: async (repositoryId) => [
        ...new Set([...(await journal.list(repositoryId)), ...[...this.ids.values()].flat()]),
      ],
      claim: (lockId) => journal.claim(lockId),
      isClaimed: (lockId) => journal.isClaimed(lockId),
    };
  }
}
