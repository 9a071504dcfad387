import { hexOf, randomBytes } from "../base/bytes.ts";
import { sleep } from "../base/clock.ts";
import { HoldallError, LockedError } from "../base/errors.ts";
import { HeldLock, type Lock } from "./held-lock.ts";
import { type LockKind, type LockPorts, largestClockSkewMs, settleMs } from "./lock-ports.ts";
import { OtherLocks } from "./other-locks.ts";
import { OwnLocks } from "./own-locks.ts";

export type { Lock } from "./held-lock.ts";
export type { LockKind, LockPorts } from "./lock-ports.ts";

/**
 * Takes a lock as restic does: look for others, write one's own, wait, look again. A lock's age is of no matter: old
 * ones go only when somebody removes them. Throws HoldallError "clock-skewed", and LockedError "locked", whose context names the other lock (`lock`,
 * `hostname`, `username`, `time`, `exclusive`, `pid`, `holder`) or says that one cannot be read (`reason`), and what the backend throws.
 */
export async function acquireLock(ports: LockPorts, kind: LockKind, signal: AbortSignal): Promise<Lock> {
  refuseSkewedClock(ports);
  const others = new OtherLocks(ports);
  await others.refuseConflict(kind, null, signal);
  // restic sends a signal to the process of a lock from its own host; so the host is an invented one.
  const own = new OwnLocks(ports, kind, `holdall-${hexOf(randomBytes(8))}`);
  const stored = await own.store(signal);
  try {
    refuseSkewedClock(ports);
    await sleep(ports.clock, settleMs, signal);
    await others.refuseConflict(kind, stored.id, signal);
  } catch (error) {
    await own.discard(stored);
    throw error;
  }
  return new HeldLock(ports, own, stored);
}

/** A lock's file tells its time by this machine's clock, its readers compare it with theirs, which the server's stands for. */
function refuseSkewedClock({ backend }: LockPorts): void {
  const aheadMs = backend.clockAheadMs?.() ?? null;
  if (aheadMs === null || Math.abs(aheadMs) < largestClockSkewMs) return;
  throw new HoldallError("clock-skewed", { aheadMs, minutes: Math.round(Math.abs(aheadMs) / 60_000) });
}

/** Between attempts to take a lock that somebody else's excludes, as restic's --retry-lock: doubling from the first on. */
const firstRetryMs = 5_000;
const longestRetryMs = 60_000;

/**
 * Takes a lock like acquireLock, and waits while somebody else's excludes it, until the signal aborts. `onWaiting` is told
 * the other lock before each wait, and null when there is nothing to wait for any more. A lock that cannot be read is not
 * waited for: it does not go by itself.
 */
export async function awaitLock(
  ports: LockPorts,
  kind: LockKind,
  signal: AbortSignal,
  onWaiting: (other: LockedError | null) => void,
): Promise<Lock> {
  let hasWaited = false;
  try {
    for (let delayMs = firstRetryMs; ; delayMs = Math.min(2 * delayMs, longestRetryMs)) {
      try {
        return await acquireLock(ports, kind, signal);
      } catch (error) {
        if (!(error instanceof LockedError) || error.retry !== "later") throw error;
        hasWaited = true;
        onWaiting(error);
        await sleep(ports.clock, delayMs, signal);
      }
    }
  } finally {
    if (hasWaited) onWaiting(null);
  }
}
