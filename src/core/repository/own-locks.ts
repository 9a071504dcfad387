import { type Clock, within } from "../base/clock.ts";
import { HoldallError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { formatTime } from "../base/rfc3339.ts";
import { encodeLockFile } from "../format/lock-file.ts";
import type { LockKind, LockPorts } from "./lock-ports.ts";

/** A lock file of ours that may be in the repository. */
export interface OwnLock {
  id: Id;
  /** The time in it. */
  timeMs: number;
  /** Gives up the platform-wide claim named after it. */
  unclaim(): void;
}

/** How long to try to remove a lock; what stays is removed at the next unlock, so nobody has to wait longer. */
const discardMs = 20_000;

/** How long a lock file that nobody wants any more may take to arrive, so that its removal comes after it. */
const arrivalMs = 5_000;

/**
 * Writes and removes the lock files of one lock. A lock file is claimed and journalled before it can exist, so one that
 * outlives its program is known and unclaimed, however early the program died.
 *
 * [Note: locks that arrive late] A request that is given up may still be carried out, and after the one that removes what
 * it stored. So a lock file that is on its way is waited for before it is removed; one whose fate stays unknown stays in
 * the journal, and the next unlock looks for it.
 */
export class OwnLocks {
  constructor(
    private readonly ports: LockPorts,
    readonly kind: LockKind,
    private readonly hostname: string,
  ) {}

  /** Writes a new lock file of now. If that fails, nothing of it stays, as far as the server lets us. */
  async store(signal: AbortSignal): Promise<OwnLock> {
    const { backend, files, journal, repositoryId, clock } = this.ports;
    const timeMs = clock.now();
    const { id, sealed } = await files.seal(this.encode(timeMs));
    const lock: OwnLock = { id, timeMs, unclaim: await journal.claim(id) };
    try {
      await journal.add(repositoryId, id);
      await patiently(clock, signal, (patient) => backend.save({ type: "lock", id }, sealed, patient));
    } catch (error) {
      // [Note: locks that arrive late]
      await this.discard(lock, "perhaps on its way");
      throw error;
    }
    if (!signal.aborted) return lock;
    await this.discard(lock);
    throw signal.reason;
  }

  /** Removes a lock file. Never throws: one that stays is in the journal, and no longer claimed. */
  async discard(lock: OwnLock, fate: "stored" | "perhaps on its way" = "stored"): Promise<void> {
    const { backend, journal, repositoryId, clock } = this.ports;
    try {
      await within(clock, discardMs, (late) => backend.remove({ type: "lock", id: lock.id }, late));
      if (fate === "stored") await journal.remove(repositoryId, lock.id);
    } catch (error) {
      if (!(error instanceof HoldallError) && !isAbort(error) && !isStorageError(error)) throw error;
    } finally {
      lock.unclaim();
    }
  }

  private encode(timeMs: number) {
    return encodeLockFile({
      time: formatTime(timeMs),
      exclusive: this.kind === "exclusive",
      hostname: this.hostname,
      username: "holdall",
      pid: null,
      uid: 0,
      gid: 0,
    });
  }
}

/** Work whose signal aborts `arrivalMs` after the caller's does. */
async function patiently<T>(clock: Clock, signal: AbortSignal, work: (patient: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  let cancel = () => {};
  const wait = () => {
    cancel = clock.after(arrivalMs, () => over.abort(signal.reason));
  };
  signal.addEventListener("abort", wait, { once: true });
  try {
    return await work(over.signal);
  } finally {
    signal.removeEventListener("abort", wait);
    cancel();
  }
}

/** What a journal in browser storage throws. */
function isStorageError(error: unknown): boolean {
  return error instanceof DOMException;
}
