import type { SnapshotInfo } from "../workers/repository-api.ts";
import { isContinuable } from "./root-names.ts";

/** Snapshots of one host and one set of paths, of which only the newest matters here. */
export interface Series {
  key: string;
  newest: SnapshotInfo;
  count: number;
  /** Written by Holdall, so by something that sees as much as this browser. */
  isOwn: boolean;
}

interface Group {
  key: string;
  /** Newest first. */
  snapshots: readonly SnapshotInfo[];
}

/** The series that a set could continue, those of our own first, then by their newest snapshot; and the others. */
export function seriesOf(groups: readonly Group[]): { continuable: Series[]; others: Series[] } {
  const all = groups.flatMap(({ key, snapshots }): Series[] => {
    const [newest] = snapshots;
    if (newest === undefined) return [];
    return [{ key, newest, count: snapshots.length, isOwn: newest.programVersion.startsWith("holdall") }];
  });
  const sorted = all.toSorted(
    (one, other) => Number(other.isOwn) - Number(one.isOwn) || other.newest.timeMs - one.newest.timeMs,
  );
  return {
    continuable: sorted.filter(({ newest }) => isContinuable(newest.paths)),
    others: sorted.filter(({ newest }) => !isContinuable(newest.paths)),
  };
}
