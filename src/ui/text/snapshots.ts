import { countOf, countText, sizeText } from "./amounts.ts";
import { dayText, monthText } from "./times.ts";

export const snapshotsText = {
  title: "Snapshots",
  loading: "Reading the snapshots",
  backUp: "Back up",
  emptyTitle: "Nothing is backed up here yet",
  emptyBody:
    "A snapshot is the state of your folders at one moment. Each new one stores only what changed, and every one can be browsed and restored on its own.",
  emptyAction: "Back up a folder",
  reload: "Read the list again",
  total: (count: number, oldestMs: number) =>
    count === 1 ? "1 so far" : `${countText(count)}, the oldest from ${monthText(oldestMs)}`,
  files: (count: number) => countOf(count, "file", "files"),
  added: (bytes: number) => `+${sizeText(bytes)}`,
  addedLabel: (bytes: number) => `added ${sizeText(bytes)}`,
  unreadable: (count: number) => `${countOf(count, "snapshot", "snapshots")} could not be read`,
  unreadableBody: "The others are not affected.",
  growth: (from: number, to: number) => `Grew from ${sizeText(from)} to ${sizeText(to)}`,
  shrink: (from: number, to: number) => `Went from ${sizeText(from)} to ${sizeText(to)}`,
  yearLabel: (days: number) => `Backups on ${countOf(days, "day", "days")} of the last year`,
  yearEvery: "One square a day, for the last year.",
  yearGap: (fromMs: number, toMs: number) =>
    `One square a day. Nothing was backed up from ${dayText(fromMs)} to ${dayText(toMs)}.`,
  noPaths: "no paths",
  rowLabel: (when: string, host: string) => `Snapshot of ${host}, ${when}`,
} as const;
