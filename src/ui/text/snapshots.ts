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
  missing: (count: number) => `${countOf(count, "snapshot is", "snapshots are")} gone`,
  missingBody:
    "This device has seen them, and somebody else has removed them since: restic's forget, another device, or the server. If nobody did that, ask who can write there.",
  growth: (from: number, to: number) => `Grew from ${sizeText(from)} to ${sizeText(to)}`,
  shrink: (from: number, to: number) => `Went from ${sizeText(from)} to ${sizeText(to)}`,
  yearLabel: (days: number) => `Backups on ${countOf(days, "day", "days")} of the last year`,
  yearEvery: "One square a day, for the last year.",
  yearGap: (fromMs: number, toMs: number) =>
    `One square a day. Nothing was backed up from ${dayText(fromMs)} to ${dayText(toMs)}.`,
  noPaths: "no paths",
  today: "Today",
  thisWeek: "This week",
  ahead: "In the future",
  details: "Details",
  detailsOf: (host: string, when: string) => `Details of the snapshot of ${host}, ${when}`,
  kept: "Kept on this device",
  offlineTitle: "No network",
  offlineBody:
    "This list comes from this device. Snapshots marked as kept can be looked through, others as far as they were looked at before.",
  rowLabel: (when: string, host: string) => `Snapshot of ${host}, ${when}`,
} as const;

export const filterText = {
  title: "Narrow the list",
  text: "Find host, path or tag",
  more: "Filter",
  hostname: "Computer",
  anyHost: "Any computer",
  path: "Path",
  anyPath: "Any path",
  tag: "Tag",
  anyTag: "Any tag",
  from: "From",
  to: "to",
  found: (count: number, all: number) => `${countText(count)} of ${countText(all)}`,
  clear: "Show all",
  nothing: "No snapshot matches",
  nothingBody: "There are snapshots, but none that fits all of what was asked for.",
} as const;

export const snapshotDetailsText = {
  title: "Snapshot",
  subject: (host: string, when: string) => `the snapshot of ${host}, ${when}`,
  time: "Time",
  host: "Computer",
  user: "User",
  paths: "Paths",
  tags: "Tags",
  program: "Made by",
  holds: "Holds",
  held: (files: number, bytes: number) => `${countOf(files, "file", "files")}, ${sizeText(bytes)}`,
  files: "Files",
  changes: (fresh: number, changed: number, same: number) =>
    `${countText(fresh)} new, ${countText(changed)} changed, ${countText(same)} unchanged`,
  added: "Added",
  stored: (bytes: number, packed: number) => `${sizeText(bytes)}, stored as ${sizeText(packed)}`,
  id: "Id",
  parent: "Follows",
  browse: "Look inside",
  close: "Close",
  keep: "Keep on this device",
  drop: "Remove from this device",
  cancel: "Cancel",
  keeping: "Fetching its folders",
  kept: "Its folders can be looked through without a network.",
  notKept: "Without a network only folders that were looked at before can be shown.",
  room: (used: string, budget: string) => `${used} of ${budget} are in use on this device.`,
} as const;
