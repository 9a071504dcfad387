import { HoldallError } from "../base/errors.ts";
import { parseId } from "../base/id.ts";
import type { LockPorts } from "./lock-ports.ts";

/** How long a lock file that was on its way when its program died may take to arrive. */
const arrivalMs = 60_000;

/**
 * The locks that killed tabs or programs of this device left behind: those in the journal that nobody claims. One that is
 * not there may still come, from a server that was busy storing it: it stays in the journal until it has been looked for
 * in vain for a minute.
 */
export class OrphanedLocks {
  /** By lock: when it was first looked for in vain. */
  private readonly missingSince = new Map<string, number>();

  constructor(private readonly ports: LockPorts) {}

  /** Removes those that are there, and returns how many. A lock that the server does not let go stays in the journal. */
  async remove(signal: AbortSignal): Promise<number> {
    const { backend, journal, repositoryId } = this.ports;
    const orphans = await this.list();
    if (orphans.length === 0) return 0;
    const present = new Set<string>((await backend.list("lock", signal)).map(({ id }) => id));
    let removed = 0;
    for (const lockId of orphans) {
      const wasThere = present.has(lockId);
      const isGone = wasThere ? await this.tryRemove(lockId, signal) : this.comesNoMore(lockId);
      if (isGone) await journal.remove(repositoryId, lockId);
      if (isGone && wasThere) removed++;
    }
    return removed;
  }

  private async list(): Promise<string[]> {
    const { journal, repositoryId } = this.ports;
    const orphans: string[] = [];
    for (const lockId of await journal.list(repositoryId)) if (!(await journal.isClaimed(lockId))) orphans.push(lockId);
    return orphans;
  }

  private comesNoMore(lockId: string): boolean {
    if (parseId(lockId) === null) return true;
    const now = this.ports.clock.now();
    const since = this.missingSince.get(lockId) ?? now;
    this.missingSince.set(lockId, since);
    return now - since >= arrivalMs;
  }

  private async tryRemove(lockId: string, signal: AbortSignal): Promise<boolean> {
    const id = parseId(lockId);
    if (id === null) return true;
    try {
      await this.ports.backend.remove({ type: "lock", id }, signal);
      return true;
    } catch (error) {
      // A repository that may only be read can still be opened.
      if (error instanceof HoldallError && !signal.aborted) return false;
      throw error;
    }
  }
}
