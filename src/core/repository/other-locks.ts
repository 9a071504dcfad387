import { sleep } from "../base/clock.ts";
import { FormatError, HoldallError, IntegrityError, LockedError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { decodeLockFile, type LockFile } from "../format/lock-file.ts";
import type { LockKind, LockPorts } from "./lock-ports.ts";
import { holderOf, type LockHolder } from "./stored-locks.ts";

/** Waits between attempts to read a lock that looks damaged: it may be half written by a server that does not hide that. */
const unreadableWaitsMs = [5_000, 10_000, 20_000];

/** The locks of others, each read once. */
export class OtherLocks {
  private readonly known = new Map<Id, LockFile>();

  constructor(private readonly ports: LockPorts) {}

  /** Throws LockedError "locked" if a lock other than `own` excludes one of this kind, or cannot be read. */
  async refuseConflict(kind: LockKind, own: Id | null, signal: AbortSignal): Promise<void> {
    for (const { id, length } of await this.ports.backend.list("lock", signal)) {
      // Programs that were cut off leave empty files; restic takes no notice of them either.
      if (id === own || length === 0) continue;
      const lock = await this.read(id, signal);
      if (lock === null) continue;
      if (kind === "exclusive" || lock.exclusive) throw conflict(id, lock, await holderOf(this.ports, id));
    }
  }

  /** Null if the lock was released since it was listed. */
  private async read(id: Id, signal: AbortSignal): Promise<LockFile | null> {
    const known = this.known.get(id);
    if (known) return known;
    for (let attempt = 0; ; attempt++) {
      try {
        const lock = decodeLockFile(await this.ports.files.load("lock", id, signal));
        this.known.set(id, lock);
        return lock;
      } catch (error) {
        if (error instanceof HoldallError && error.code === "not-found") return null;
        if (!(error instanceof IntegrityError) && !(error instanceof FormatError)) throw error;
        const waitMs = unreadableWaitsMs[attempt];
        if (waitMs === undefined) throw unreadable(id, error);
        await sleep(this.ports.clock, waitMs, signal);
      }
    }
  }
}

function conflict(id: Id, lock: LockFile, holder: LockHolder): LockedError {
  const { hostname, username, time, exclusive, pid } = lock;
  const context = { lock: id, hostname, username, time, exclusive, pid, holder };
  return new LockedError("locked", context, { retry: "later" });
}

function unreadable(id: Id, cause: HoldallError): LockedError {
  return new LockedError("locked", { lock: id, reason: "unreadable", problem: cause.code }, { cause });
}
