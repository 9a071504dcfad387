import { timeMs } from "../base/rfc3339.ts";
import type { StoredSnapshot } from "../repository/repository.ts";

/**
 * The snapshot that a backup continues, as restic finds it: the newest of the same host whose paths contain all of this
 * backup's, and which is not later than it. Null if there is none.
 */
export function findParent(
  snapshots: readonly StoredSnapshot[],
  wanted: { hostname: string; paths: readonly string[]; timeMs: number },
): StoredSnapshot | null {
  let newest: StoredSnapshot | null = null;
  let newestMs = Number.NEGATIVE_INFINITY;
  for (const stored of snapshots) {
    const { hostname, paths, time } = stored.snapshot;
    const ms = timeMs(time) ?? 0;
    if (hostname !== wanted.hostname || ms > wanted.timeMs || ms < newestMs) continue;
    if (!wanted.paths.every((path) => paths.includes(path))) continue;
    newest = stored;
    newestMs = ms;
  }
  return newest;
}
