import type { BackupResult } from "../../workers/repository-api.ts";
import { countOf, countText, durationText, percentText, sizeText } from "./amounts.ts";

export const runText = {
  running: (name: string) => `Backing up ${name}`,
  // What matters stands first: a narrow tray shows no more.
  paused: (name: string) => `Paused: ${name}`,
  asking: (name: string) => `Question about ${name}`,
  locked: (name: string) => `Waiting for a lock: ${name}`,
  done: (name: string) => `Backed up ${name}`,
  unchanged: (name: string) => `Nothing new in ${name}`,
  dryRun: (name: string) => `Dry run of ${name}: nothing was stored`,
  failed: (name: string) => `Backup of ${name} failed`,
  cancelled: (name: string) => `Backup of ${name} cancelled`,
  cancelledBody: "No snapshot was made. What was uploaded so far is reused by the next backup.",
  phases: {
    preparing: "Comparing with the last backup",
    saving: "Reading and uploading",
    finishing: "Storing the index and the snapshot",
    checking: "Looking whether everything is on the server",
    verifying: "Reading the snapshot back",
  },
  read: "Read",
  readOf: (bytes: number) => `of ${sizeText(bytes)}; unchanged files are not read`,
  readFound: (bytes: number) => `of ${sizeText(bytes)} found so far`,
  fresh: "New",
  freshHint: "not yet in the repository",
  uploaded: "Uploaded",
  uploadedHint: "compressed and sealed",
  files: (done: number, found: number, foundAll: boolean) =>
    foundAll
      ? `${countText(done)} of ${countOf(found, "file", "files")}`
      : `${countText(done)} of ${countOf(found, "file", "files")} found so far`,
  timeLeft: (ms: number) => `about ${durationText(ms)} left`,
  nowIn: "now in",
  rateLine: "Upload rate of the last minute",
  failures: (count: number) => `${countOf(count, "file", "files")} could not be read`,
  pause: "Pause",
  resume: "Resume",
  pauseNamed: (title: string) => `Pause: ${title}`,
  resumeNamed: (title: string) => `Resume: ${title}`,
  pausedNow: "Paused",
  pausedBody:
    "Nothing is read or uploaded until you resume it. Closing the tab ends it; the next backup goes on from here.",
  offlineTitle: "No network",
  offlineBody: "The backup waits and goes on by itself when the network is back. Nothing is lost.",
  keepOpen:
    "Keep this tab open; you can work in others meanwhile. If it is closed all the same, the next backup goes on from there, and at most the last minute is uploaded again.",
  tell: "Tell me when a backup ends",
  tellHint: "With a notice of the system, while this tab is in the background.",
  tellRefused: "The browser does not allow notices for this page. Its site settings do.",
  cancel: "Cancel",
  cancelling: "Cancelling…",
  browse: "Look inside",
  again: "Back up another folder",
  retry: "Try again",
  waitAndRetry: "Wait and try again",
  back: "Back to the folders",
  toSnapshots: "To the snapshots",
  toResult: "To the backup",
} as const;

/** Notices of the system: without a name, since they stay in its lists. */
export const noticeText = {
  done: "The backup is done",
  failed: "The backup failed",
  asking: { title: "The backup has a question", text: "It waits for your answer." },
  result: ({ outcome, filesNew, filesChanged, bytesUploaded, failures }: BackupResult) =>
    [
      outcome === "stored"
        ? `${countOf(filesNew, "new file", "new files")}, ${countText(filesChanged)} changed, ${sizeText(bytesUploaded)} stored.`
        : { unchanged: "Nothing had changed.", "dry-run": "It was a dry run; nothing was stored." }[outcome],
      failures.length === 0 ? "" : `${runText.failures(failures.length)}.`,
    ]
      .filter(Boolean)
      .join(" "),
} as const;

/** What a backup has to ask while it runs. */
export const questionText = {
  title: "A folder has lost most of its entries",
  body: (folder: string, before: number, now: number) =>
    `“${folder}” had ${countOf(before, "entry", "entries")} and now lists ${now === 0 ? "none" : countText(now)}. A disk that is not connected looks like this.`,
  hint: "What is missing would be missing from the new snapshot, too. The snapshots that you have keep it.",
  believe: "It is right, go on",
  stop: "Stop the backup",
  see: "Answer",
} as const;

/** The result of a backup. */
export const reportText = {
  took: (ms: number) => `Finished in ${durationText(ms)}; the snapshot was read back and is sound.`,
  holds: (files: number, bytes: number) => `The snapshot holds ${countOf(files, "file", "files")}, ${sizeText(bytes)}.`,
  unchangedBody: (ms: number, files: number, bytes: number) =>
    `${countOf(files, "file", "files")}, ${sizeText(bytes)}, are as the last snapshot has them. So no snapshot was made, as you wished. It took ${durationText(ms)}.`,
  dryRunBody: (ms: number, files: number, bytes: number) =>
    `A backup would hold ${countOf(files, "file", "files")}, ${sizeText(bytes)}. Nothing was uploaded, and no snapshot was made. It took ${durationText(ms)}.`,
  newFiles: "New files",
  changedFiles: "Changed",
  unchanged: (count: number) => `${countOf(count, "file", "files")} unchanged`,
  storedHint: (bytes: number) => `${sizeText(bytes)} read`,
  stored: "Stored",
  storedOf: (bytes: number) => `for ${sizeText(bytes)} of new data`,
  wouldStore: "Would store",
  wouldStoreHint: "before compression",
  failuresHint: "They are not in this snapshot. The next backup tries them again.",
  failuresHintDry: "A backup would leave them out.",
  hiddenTitle: (count: number) =>
    `${countOf(count, "file", "files")} had changed although size and time said otherwise`,
  hiddenBody: (count: number) =>
    count === 1
      ? "It was read anew, and is stored as it is now."
      : "They were read anew, and are stored as they are now.",
  lostTitle: (count: number) => `The server had lost ${countOf(count, "pack", "packs")}`,
  lostBody:
    "All that this backup needs of them was stored again. Older snapshots may have gaps: restic check tells, restic repair index mends the index.",
  details: "In detail",
  read: "Read",
  reread: "Read anew",
  rereadOf: (files: number, hidden: number) =>
    `${countOf(files, "file", "files")} that seemed unchanged; ${hidden === 0 ? "none" : countText(hidden)} had changed`,
  excluded: "Left out by the rules",
  excludedOf: (count: number) => countOf(count, "file or folder", "files and folders"),
  duration: "Time",
  waited: "Waited for the server",
  packs: "Uploaded",
  packsOf: (count: number, blobs: number) =>
    `${countOf(count, "pack", "packs")} with ${countOf(blobs, "new blob", "new blobs")}`,
  slowTitle: "What took longest",
  slowOf: (bytes: number, ms: number) => `${sizeText(bytes)} in ${durationText(ms)}`,
  listName: "Could not be read",
  fileName: (subject: string) => `${subject} backup.txt`,
} as const;

/** Looking at what a backup uploaded. */
export const verifyText = {
  running: (name: string) => `Checking the upload of ${name}`,
  done: (name: string) => `Checked the upload of ${name}`,
  failed: (name: string) => `The upload of ${name} was not checked`,
  cancelled: (name: string) => `Check of the upload of ${name} cancelled`,
  cancelledBody: "The backup itself is not affected.",
  failedBody: "The backup itself is not affected by this.",
  title: "Check what was uploaded",
  lead: (packs: number) =>
    `The server said that it stored ${packs === 1 ? "the pack" : `all ${countText(packs)} packs`}. Here they are fetched and compared with what was sent.`,
  sample: "Check a sample",
  all: "Check all",
  again: "Check again",
  packsOf: (done: number, total: number, bytes: number) =>
    `${countText(done)} of ${countOf(total, "pack", "packs")} · ${sizeText(bytes)}`,
  good: (packs: number, bytes: number) =>
    `${countOf(packs, "pack", "packs")}, ${sizeText(bytes)}: every byte is as it was sent.`,
  bad: (count: number, packs: number) =>
    `${countText(count)} of ${countOf(packs, "pack", "packs")} ${count === 1 ? "is" : "are"} not what was sent`,
  badBody:
    "The server or its disk altered what it was given. Look at the disk, then run restic check --read-data, and back up again when it is sound.",
  badList: "Packs that are not as they were sent",
} as const;

/** A backup in another tab of this browser. */
export const otherTabText = {
  title: "A backup runs in another tab",
  paused: "A backup is paused in another tab",
  label: "Progress of the backup in another tab",
  hint: "One tab at a time writes to a repository.",
  facts: (share: number | null, files: number, uploaded: number) =>
    [share === null ? "" : percentText(share), countOf(files, "file", "files"), `${sizeText(uploaded)} uploaded`]
      .filter(Boolean)
      .join(" · "),
} as const;
