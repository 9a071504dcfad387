import { daysBetween, startOfDay } from "./text/times.ts";

export interface BackupDay {
  startMs: number;
  snapshots: number;
}

/** The last 371 days (53 weeks), oldest first, with the snapshots of each. */
export function yearOf(times: readonly number[], nowMs: number): BackupDay[] {
  const today = new Date(startOfDay(nowMs));
  const days = Array.from({ length: yearDays }, (_, at) => ({
    startMs: new Date(today.getFullYear(), today.getMonth(), today.getDate() - (yearDays - 1 - at)).getTime(),
    snapshots: 0,
  }));
  for (const timeMs of times) {
    const day = days[yearDays - 1 - daysBetween(timeMs, nowMs)];
    if (day !== undefined) day.snapshots += 1;
  }
  return days;
}

/** The longest stretch without a backup between two days that had one, if it is a week or more. */
export function longestGap(days: readonly BackupDay[]): { fromMs: number; toMs: number } | null {
  let longest = { from: 0, length: 0 };
  let last = -1;
  for (const [at, day] of days.entries()) {
    if (day.snapshots === 0) continue;
    if (last >= 0 && at - last - 1 > longest.length) longest = { from: last + 1, length: at - last - 1 };
    last = at;
  }
  const from = days[longest.from];
  const to = days[longest.from + longest.length - 1];
  if (longest.length < noticeableDays || from === undefined || to === undefined) return null;
  return { fromMs: from.startMs, toMs: to.startMs };
}

const yearDays = 371;
const noticeableDays = 7;
