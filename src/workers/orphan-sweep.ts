import { type Clock, sleep } from "../core/base/clock.ts";
import type { Repository } from "../core/repository/repository.ts";

/**
 * After a writer of this browser has ended: at once, since a killed tab's lock stands in everybody's way; again in the next
 * seconds, since its claims do not all end at one moment; and later, since the network may be what ended it. Where no lock
 * was left behind this costs no request.
 */
const attemptsMs = [0, 300, 1000, 2500, 4000, 15_000, 60_000, 300_000];

/** Removes the locks that a killed tab has left behind. Never rejects: what stays is removed at the next opening. */
export async function sweepOrphans(
  repository: Pick<Repository, "removeOrphanedLocks">,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let sinceMs = 0;
  for (const atMs of attemptsMs) {
    await sleep(clock, atMs - sinceMs, signal).catch(() => {});
    if (signal.aborted) return;
    sinceMs = atMs;
    await repository.removeOrphanedLocks(signal).catch(() => {});
  }
}
