import type { CompressionMode } from "../../core/codec/codec.ts";
import { countOf, countText, durationText, sizeText } from "./amounts.ts";

export const backupText = {
  title: "Back up",
  lead: "Pick the folders, check the names, start.",
  drop: "Drop folders anywhere on this page",
  dropNow: "Let go to add",
  pick: "Choose a folder…",
  pickAnother: "Choose another folder…",
  inputHint: "This browser reads the whole list of files first; nothing is uploaded yet.",
  nothingDropped: "That was no folder. Drop folders, not single files.",
  pickFailed: "The folder could not be opened.",
  sources: "Folders",
  rootName: "Name in the backup",
  rootNameHint: "Keep the name from run to run: it tells which folder continues which.",
  rootNameLabel: (folder: string) => `Name in the backup for ${folder}`,
  remove: (name: string) => `Remove ${name}`,
  nameMissing: "Give it a name.",
  nameUnusable: "A name holds no slash and is not . or ..",
  nameTwice: "Two folders need two names.",
  host: "Name of this computer",
  hostHint: "A browser does not know it. Backups of one name and one folder make a series.",
  hostMissing: "Give this computer a name.",
  hostsKnown: "Already in this repository",
  continues: (when: string, program: string) =>
    `Continues a series. Its last backup: ${when}${program === "" ? "" : `, by ${program}`}.`,
  startsNew: "Starts a new series: every file is read once.",
  invisible:
    "A browser sees files and folders only: no links, owners or permissions. Pipes and devices look like empty files, and names that it dislikes, such as CON or a:b, are left out without a word.",
  parentLoses: (count: number) =>
    `The last backup holds ${countOf(count, "thing", "things")} of these kinds. ${count === 1 ? "It" : "They"} will be missing from the new one, and stay in the old ones.`,
  foreign: (program: string) =>
    `This series was made by ${program}, which sees more than a browser. Another name for this computer starts a series of its own.`,
  foreignConfirm: "Continue this series all the same",
  foreignMissing: "Tick this, or choose another name.",
  more: "More choices",
  tags: "Tags",
  tagsHint: "Words to find it by, with commas between them. May stay empty.",
  compression: "Compression",
  compressionFormat1: "This repository is of format 1, which does not compress.",
  start: "Start backup",
  oneAtATime: "One backup runs at a time.",
} as const;

export const compressionTexts: Record<CompressionMode, { name: string; hint: string }> = {
  auto: { name: "Automatic", hint: "Fast, and good for nearly everything." },
  max: { name: "Strongest", hint: "Slower; a little smaller." },
  off: { name: "None", hint: "For what is compressed already: photos, films, archives." },
};

export const runText = {
  running: (name: string) => `Backing up ${name}`,
  done: (name: string) => `Backed up ${name}`,
  failed: (name: string) => `${name} was not backed up`,
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
  cancel: "Cancel",
  cancelling: "Cancelling…",
  browse: "Look inside",
  again: "Back up another folder",
  back: "Back to the folders",
  toSnapshots: "To the snapshots",
  took: (ms: number) => `Finished in ${durationText(ms)}; the snapshot was read back and is sound.`,
  newFiles: "New files",
  changedFiles: "Changed",
  unchanged: (count: number) => `${countOf(count, "file", "files")} unchanged`,
  storedOf: (bytes: number) => `for ${sizeText(bytes)} of new data`,
  failuresHint: "They are not in this snapshot. The next backup tries them again.",
  storedHint: (bytes: number) => `${sizeText(bytes)} read`,
  stored: "Stored",
  holds: (files: number, bytes: number) => `The snapshot holds ${countOf(files, "file", "files")}, ${sizeText(bytes)}.`,
} as const;
