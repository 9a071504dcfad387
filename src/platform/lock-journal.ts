import { createStore, get, type UseStore, update } from "idb-keyval";
import type { LockJournal } from "../core/base/ports.ts";
import { holdClaim, isClaimHeld } from "./web-claim.ts";

/**
 * Ids of own locks in the browser's storage, and for each live one a Web Lock of its name, which dies with its holder; in
 * the page or in a worker. Losing the storage costs only the cleaning up after a killed tab.
 */
export function browserLockJournal(): LockJournal {
  return new BrowserLockJournal(createStore("holdall-locks", "by-repository"));
}

/** A Web Lock for each living lock, which dies with its holder. */
export const lockClaims: Pick<LockJournal, "claim" | "isClaimed"> = {
  claim: (lockId) => holdClaim(webLockName(lockId)),
  isClaimed: (lockId) => isClaimHeld(webLockName(lockId)),
};

class BrowserLockJournal implements LockJournal {
  constructor(private readonly store: UseStore) {}

  async add(repositoryId: string, lockId: string): Promise<void> {
    await this.change(repositoryId, (ids) => [...ids.filter((id) => id !== lockId), lockId]);
  }

  async remove(repositoryId: string, lockId: string): Promise<void> {
    await this.change(repositoryId, (ids) => ids.filter((id) => id !== lockId));
  }

  async list(repositoryId: string): Promise<string[]> {
    return idsIn(await get<unknown>(repositoryId, this.store));
  }

  claim = lockClaims.claim;
  isClaimed = lockClaims.isClaimed;

  private async change(repositoryId: string, edit: (ids: string[]) => string[]): Promise<void> {
    await update<unknown>(repositoryId, (stored) => edit(idsIn(stored)), this.store);
  }
}

function webLockName(lockId: string): string {
  return `holdall-lock-${lockId}`;
}

/** Storage is outside data: whatever is no list of strings counts as empty. */
function idsIn(stored: unknown): string[] {
  return Array.isArray(stored) ? stored.filter((id): id is string => typeof id === "string") : [];
}
