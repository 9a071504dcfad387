import { countOf, countText, sizeText } from "./amounts.ts";

export const jobsText = {
  title: "Job",
  waiting: (title: string) =>
    `Waiting: ${title.charAt(0).toLowerCase()}${title.slice(1)}. It goes on by itself, or cancel it.`,
  tray: "Running jobs",
  cancel: (title: string) => `Cancel: ${title}`,
  dismiss: (title: string) => `Put away: ${title}`,
  see: "See",
  more: (count: number) => `and ${countText(count)} more`,
  progress: (title: string) => `Progress: ${title}`,
  leaving: "Work is still running.",
  planning: "Looking up what is needed",
  bytesOf: (done: number, total: number) => `${sizeText(done)} of ${sizeText(total)}`,
  filesOf: (done: number, total: number) => `${countText(done)} of ${countOf(total, "file", "files")}`,
  failuresSoFar: (count: number) => `${countOf(count, "failure", "failures")} so far`,
  rateLine: "Rate of the last minute",
  wholeSnapshot: "the whole snapshot",
  lost: "This job is not known any more. Jobs are forgotten when the page is closed or locked.",
  toFiles: "Back to the files",
  download: {
    running: (name: string) => `Downloading ${name}`,
    done: (name: string) => `Downloaded ${name}`,
    failed: (name: string) => `${name} was not downloaded`,
    cancelled: (name: string) => `Download of ${name} cancelled`,
    cancelledBody: "Nothing unfinished is kept.",
    failedBody: "The browser shows the download as failed. Nothing half is left that looks whole.",
    doneBody: "Every byte was checked on its way.",
  },
  restore: {
    running: (name: string) => `Restoring ${name}`,
    done: (name: string) => `Restored ${name}`,
    failed: (name: string) => `${name} was not restored`,
    cancelled: (name: string) => `Restore of ${name} cancelled`,
    cancelledBody:
      "Files that were finished stay in the folder. No half file is left. Restoring again goes on from there.",
    failedBody: "Files that were finished stay in the folder. Restoring again goes on from there.",
    doneBody: "Every byte was checked before it was written.",
  },
  offline: {
    running: (name: string) => `Keeping ${name} on this device`,
    done: (name: string) => `${name} is kept on this device`,
    failed: (name: string) => `${name} is not kept on this device`,
    cancelled: (name: string) => `Keeping ${name} cancelled`,
    cancelledBody: "What was fetched so far stays, as far as there is room, and makes the next try shorter.",
    failedBody: "The snapshot itself is not affected.",
    doneBody: "Its folders can be looked through without a network. The contents of files still need it.",
    treesOf: (done: number, found: number, bytes: number) =>
      `${countText(done)} of ${countOf(found, "folder", "folders")} found so far · ${sizeText(bytes)}`,
    kept: (bytes: number, budget: number) => `${sizeText(bytes)} of ${sizeText(budget)} are in use on this device.`,
  },
} as const;

export const resultText = {
  files: "Files",
  unchanged: (count: number) => (count === 0 ? "" : `${countText(count)} were right already`),
  folders: "Folders",
  size: "Size",
  written: "Written",
  writtenOf: (bytes: number) => `of ${sizeText(bytes)}; the rest was there`,
  renamed: (count: number) => `${countOf(count, "name", "names")} had to change`,
  renamedHint: "A system or an unpacking program refuses what stood there.",
  skipped: (count: number) => `${countOf(count, "thing was", "things were")} left out`,
  skippedHint: "Links, devices and the like cannot be made here.",
  failures: (count: number) => `${countOf(count, "file", "files")} could not be had`,
  kept: (count: number) =>
    `${countOf(count, "file was", "files were")} already there and left as ${count === 1 ? "it was" : "they were"}.`,
  writtenAs: "written as",
  copy: "Copy the list",
  copied: "Copied",
  saveText: "Save as text",
  fileName: (subject: string) => `${subject} result.txt`,
} as const;

export const resticText = {
  summary: "The same with restic",
  copy: "Copy",
  copied: "Copied",
  hint: "For restic 0.17 or newer. It asks for the password of the repository, and for the login if the server wants one.",
} as const;
