import type { LockJournal } from "../core/base/ports.ts";

/** The ids of the lock files that stand for this repository's jobs now, and who wants to know of them. */
export class HeldLocks {
  private readonly ids = new Set<string>();
  private readonly watchers = new Set<(ids: string[]) => void>();

  /** The same journal, whose entries are watched. */
  watching(journal: LockJournal): LockJournal {
    return {
      add: async (repositoryId, lockId) => {
        this.ids.add(lockId);
        this.tell();
        await journal.add(repositoryId, lockId);
      },
      remove: async (repositoryId, lockId) => {
        this.ids.delete(lockId);
        this.tell();
        await journal.remove(repositoryId, lockId);
      },
      list: (repositoryId) => journal.list(repositoryId),
      claim: (lockId) => journal.claim(lockId),
      isClaimed: (lockId) => journal.isClaimed(lockId),
    };
  }

  /** Tells the ids now and at every change; resolves when the signal aborts. */
  watch(onChange: (ids: string[]) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.watchers.add(onChange);
    onChange([...this.ids]);
    return new Promise((resolve) => {
      const stop = () => {
        this.watchers.delete(onChange);
        resolve();
      };
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  private tell(): void {
    for (const watcher of this.watchers) watcher([...this.ids]);
  }
}
