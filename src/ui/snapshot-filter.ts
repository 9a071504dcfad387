import type { SnapshotInfo } from "../workers/repository-api.ts";

/** Which snapshots are wanted. An empty text means any; days are those of a date field, "2026-11-23". */
export interface SnapshotFilter {
  hostname: string;
  path: string;
  tag: string;
  /** Words that all must be found somewhere. */
  text: string;
  from: string;
  to: string;
}

export const anySnapshot: SnapshotFilter = { hostname: "", path: "", tag: "", text: "", from: "", to: "" };

export function narrows(filter: SnapshotFilter): boolean {
  return Object.values(filter).some((value) => value.trim() !== "");
}

/** Those that fit, in their order. */
export function filtered(snapshots: readonly SnapshotInfo[], filter: SnapshotFilter): readonly SnapshotInfo[] {
  if (!narrows(filter)) return snapshots;
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  const fromMs = startOf(filter.from, 0) ?? Number.NEGATIVE_INFINITY;
  const beforeMs = startOf(filter.to, 1) ?? Number.POSITIVE_INFINITY;
  return snapshots.filter(
    (snapshot) =>
      (filter.hostname === "" || snapshot.hostname === filter.hostname) &&
      (filter.path === "" || snapshot.paths.includes(filter.path)) &&
      (filter.tag === "" || snapshot.tags.includes(filter.tag)) &&
      snapshot.timeMs >= fromMs &&
      snapshot.timeMs < beforeMs &&
      holdsAll(snapshot, words),
  );
}

function holdsAll(snapshot: SnapshotInfo, words: readonly string[]): boolean {
  if (words.length === 0) return true;
  const { hostname, username, paths, tags, programVersion, id } = snapshot;
  const text = [hostname, username, ...paths, ...tags, programVersion].join("\n").toLowerCase();
  return words.every((word) => text.includes(word) || id.startsWith(word));
}

/** Midnight, local time, of a day, or of one so many days later; null if it is no day. */
function startOf(day: string, daysLater: number): number | null {
  const [, year, month, date] = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(day) ?? [];
  if (year === undefined || month === undefined || date === undefined) return null;
  return new Date(Number(year), Number(month) - 1, Number(date) + daysLater).getTime();
}
