import { timeMs } from "../base/rfc3339.ts";
import type { Snapshot } from "../format/snapshot.ts";
import type { StoredSnapshot } from "../repository/repository.ts";

/** What a backup will be, as far as its parent is concerned. */
export interface WantedParent {
  hostname: string;
  paths: readonly string[];
  /** Start of the backup, in milliseconds since 1970. */
  timeMs: number;
}

/**
 * The snapshot that a backup continues, as restic finds it: the newest of the same host whose paths contain all of this
 * backup's, and which is not later than it. Null if there is none.
 */
export function findParent(snapshots: readonly StoredSnapshot[], wanted: WantedParent): StoredSnapshot | null {
  let newest: StoredSnapshot | null = null;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const stored of snapshots) {
    const ms = timeOf(stored);
    if (!isOfSeries(stored.snapshot, wanted) || ms > wanted.timeMs || ms < newestMs) continue;
    newest = stored;
    newestMs = ms;
  }
  return newest;
}

/**
 * What a pick of loose files is added to: the newest snapshot of exactly this series, also one from the future, since what
 * is left out of a later snapshot would be lost; if the series has none, what a backup would continue.
 */
export function findPickParent(snapshots: readonly StoredSnapshot[], wanted: WantedParent): StoredSnapshot | null {
  const anyTime = { ...wanted, timeMs: Number.POSITIVE_INFINITY };
  const series = snapshots.filter(({ snapshot }) => snapshot.paths.length === wanted.paths.length);
  return findParent(series, anyTime) ?? findParent(snapshots, anyTime);
}

/** True if the series has a snapshot from the future: this clock is behind, and the new snapshot will sort before it. */
export function isClockBehind(snapshots: readonly StoredSnapshot[], wanted: WantedParent): boolean {
  return snapshots.some((stored) => isOfSeries(stored.snapshot, wanted) && timeOf(stored) > wanted.timeMs);
}

function isOfSeries({ hostname, paths }: Snapshot, wanted: WantedParent): boolean {
  return hostname === wanted.hostname && wanted.paths.every((path) => paths.includes(path));
}

function timeOf({ snapshot }: StoredSnapshot): number {
  return timeMs(snapshot.time) ?? 0;
}
