import { countOf } from "./amounts.ts";

export const frameText = {
  name: "Holdall",
  skip: "Skip to the page",
  navigation: "Main",
  snapshots: "Snapshots",
  files: "Files",
  backUp: "Back up",
  lock: "Lock",
  offline: "Offline",
  about: "About this repository",
  lockTitle: "Lock now?",
  lockBody: (jobs: number) =>
    `${countOf(jobs, "job is", "jobs are")} still running and will stop. What was uploaded so far is reused by the next backup.`,
  lockAnyway: "Stop and lock",
  locking: "Locking…",
  stay: "Keep working",
  close: "Close",
  removing: {
    may: "The server lets this login remove things.",
    never:
      "The server is set to append only: what is stored stays, and nothing but locks can be removed from here. To forget and prune, use restic on the server itself.",
  },
  facts: {
    address: "Address",
    id: "Repository id",
    format: "Format",
    key: "Opened with key",
    index: "Index",
    kernel: "Code in use",
    removing: "Removing",
    unusableKeys: "Key files that cannot be used",
  },
} as const;

export const failureText = {
  details: "Details",
  retry: "Try again",
  toSnapshots: "To the snapshots",
  lostTitle: "There is no page here",
  lostBody: "The link is incomplete, or it was made by another version of Holdall.",
  missingSnapshotTitle: "This snapshot is not in the repository",
  missingSnapshotBody: "It may have been removed, or the link belongs to another repository.",
  crashTitle: "This page stumbled",
  crashBody:
    "A part of it could not be drawn. What is stored in the repository is not affected, and running jobs go on.",
} as const;
