import type { SnapshotInfo } from "../workers/repository-api.ts";
import type { SnapshotGroup } from "./state/snapshots.svelte.ts";
import { snapshotsText } from "./text/snapshots.ts";
import { daysBetween, monthText } from "./text/times.ts";

/** The timeline as rows of one list. */
export type TimelineLine =
  | { kind: "year"; key: string }
  | { kind: "group"; key: string; group: SnapshotGroup }
  /** `period` is told by the first snapshot of each. */
  | { kind: "snapshot"; key: string; snapshot: SnapshotInfo; period: string | null };

export function timelineOf(groups: readonly SnapshotGroup[], nowMs: number): TimelineLine[] {
  return [{ kind: "year", key: "year" }, ...groups.flatMap((group) => linesOf(group, nowMs))];
}

function linesOf(group: SnapshotGroup, nowMs: number): TimelineLine[] {
  let before = "";
  const rows = group.snapshots.map((snapshot): TimelineLine => {
    const period = periodOf(snapshot.timeMs, nowMs);
    const begins = period !== before;
    before = period;
    return { kind: "snapshot", key: snapshot.id, snapshot, period: begins ? period : null };
  });
  return [{ kind: "group", key: group.key, group }, ...rows];
}

/** Near days have names, older ones their month. */
function periodOf(timeMs: number, nowMs: number): string {
  const days = daysBetween(timeMs, nowMs);
  if (days < 0) return snapshotsText.ahead;
  if (days === 0) return snapshotsText.today;
  return days < 7 ? snapshotsText.thisWeek : monthText(timeMs);
}
