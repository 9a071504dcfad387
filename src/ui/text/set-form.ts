import type { ExclusionReason } from "../../workers/repository-api.ts";
import type { PatternProblem } from "../exclude-lines.ts";
import { countOf, countText, percentText, sizeText } from "./amounts.ts";

const patternProblems: Record<PatternProblem, string> = {
  bracket: "A [ needs its ]. Write \\[ for the character itself.",
  class: "Between [ and ] stand characters or ranges such as a-z.",
  backslash: "A \\ needs the character behind it that it protects.",
  nothing: "Behind the ! stands the pattern to take in again.",
};

/** Making and changing a set. */
export const setFormText = {
  newTitle: "A new set",
  newLead: "Check the names, then start. The next time it is one click.",
  editTitle: (name: string) => `Change ${name}`,
  continueTitle: "Continue a series",
  continueLead: (when: string) =>
    `Made from the snapshot of ${when}. A browser cannot know the folders behind these names, so choose each of them once. Nothing that is stored is uploaded again.`,
  back: "Back to the sets",
  name: "Name of this set",
  nameHint: "May stay empty: then it is called after its folders.",
  sources: "What is backed up",
  sourcesMissing: "Choose a folder or files first.",
  folderSource: "Folder",
  filesSource: "Loose files",
  filesName: "Files",
  filesHint: "Files that were picked before stay in the backup; those that you pick now join them.",
  filesReady: (count: number) => `${countOf(count, "file", "files")} picked`,
  fixedNames:
    "Snapshots have these names and this computer's name. Others would start a new series, so they stay as they are.",
  choose: "Choose the folder…",
  chooseAgain: "Choose the folder again…",
  chooseFor: (name: string) => `Choose the folder for ${name}…`,
  chooseFiles: "Choose files…",
  chooseFilesFor: (name: string) => `Choose files for ${name}…`,
  linkReady: "Chosen",
  linkAsks: "The browser will ask for it again",
  linkMissing: "Not chosen in this browser",
  filesNone: "Nothing new picked",
  linkLooking: "Looking…",
  twinNew: (set: string, names: string) =>
    `The set “${set}” backs up ${names} of this computer already. Two sets never share their names.`,
  twinRun: "It is the same: run that set",
  twinOther: "It is another: give it another name",
  twinAgreed: (set: string) => `This is what the set “${set}” backs up. Start runs that set.`,
  twinKnown: (set: string) =>
    `The set “${set}” has these names on this computer already. Two sets never share them: change a name here.`,
  save: "Save",
  saveChanges: "Save changes",
  saveAndRun: "Save and run",
  cancel: "Cancel",
  discard: "Discard",
  more: "More choices",
  moreHint: "What to leave out, limits, reminders",

  leaveOut: "Leave out",
  leaveOutLead: "What is left out is not in the backup. What earlier backups hold of it stays in them.",
  ruleCount: (count: number) => countOf(count, "rule", "rules"),
  presets: "What people often leave out",
  patterns: "Patterns",
  patternsHint:
    "One a line, as restic writes them: *.tmp, node_modules, /Documents/Old. A line with ! takes in again, one with # is a remark and is not kept.",
  patternsAnyCase: "Patterns, small and capital letters alike",
  patternsAnyCaseHint: "The same, but thumbs.db also means Thumbs.DB.",
  patternProblem: (pattern: string, problem: PatternProblem) =>
    `“${pattern}” cannot be read. ${patternProblems[problem]}`,
  patternsGuide: "How restic reads patterns",
  patternsExamples: [
    ["*.iso", "every file or folder whose name ends so"],
    ["Downloads", "everything of this name, anywhere"],
    ["/Documents/Old", "this one folder: / stands before the name in the backup"],
    ["cache/**/*.bin", "** stands for any number of folders"],
    ["!keep.iso", "taken in again, if a line above left it out"],
  ] as readonly (readonly [string, string])[],
  loadFile: "Load an exclude file…",
  loadFailed: "The file could not be read.",
  loaded: (count: number) => `${countOf(count, "pattern", "patterns")} read.`,
  caches: "Cache folders",
  cachesHint: "The contents of folders that a program marked with CACHEDIR.TAG.",
  markers: "Folders that hold a file called",
  markersHint: "One name a line. NAME:TEXT means a file that begins with that text.",
  markerUnusable: "A name holds no slash, and stands before the colon.",
  larger: "Files larger than",
  largerHint: "Empty: files of any size are taken in.",
  unit: (label: string) => `Unit of “${label}”`,
  sizeUnreadable: "Write a number, such as 500 or 1.5.",

  limits: "How it runs",
  tagsTitle: "Names and tags",
  packSize: "Size of stored files",
  packSizeHint: "Larger ones make fewer files on the server; each is lost as a whole if an upload breaks off.",
  packSizeDefault: "16 MiB, as restic does",
  packSizeOf: (mebibytes: number) => `${mebibytes} MiB`,
  upload: "Upload at most",
  uploadHint: "Each second. Empty: as fast as it goes.",
  rateUnreadable: "Write a number, such as 2 or 0.5.",
  numberUnreadable: "Write a whole number from 1 on, or leave it empty.",
  skip: "No snapshot if nothing changed",
  skipHint: "Otherwise every run makes one, which costs next to nothing.",
  reread: "Read anew one file in",
  rereadHint: (every: number | null) =>
    every === null
      ? "Empty: files of the same size and time are believed to be unchanged, but those that hide changes, such as disk images and mail files, are always read."
      : every === 1
        ? "Every byte is compared in each run."
        : `Every byte is compared within ${countText(every)} runs. Files that hide changes, such as disk images and mail files, are always read.`,
  reminder: "Remind me after days",
  reminderHint: "The set then says that it is due. Empty: never.",
  onChange: "Run when files change",
  onChangeHint: "While Holdall is open here, a run starts some minutes after the last change.",
} as const;

export const previewText = {
  title: "What is included",
  show: "See what is included",
  again: "Look again",
  hint: "Reads the names and sizes, and stores nothing.",
  looking: "Looking…",
  stop: "Stop",
  needsFolders: "Choose all folders first.",
  total: (files: number, bytes: number) => `${countOf(files, "file", "files")}, ${sizeText(bytes)}`,
  soFar: (total: string) => `${total} so far`,
  untick: "Untick what is not wanted: that writes a pattern.",
  tick: (path: string) => `Include ${path}`,
  open: (path: string) => `Show what is in ${path}`,
  rest: (files: number) => `${countOf(files, "file", "files")} directly in it`,
  leftOutNow: "left out",
  files: (count: number) => countOf(count, "file", "files"),
  share: (share: number) => percentText(share),
  excluded: (files: number, folders: number) => {
    const parts = [
      files > 0 ? countOf(files, "file", "files") : "",
      folders > 0 ? countOf(folders, "folder", "folders") : "",
    ].filter(Boolean);
    return `Left out: ${parts.join(" and ")}`;
  },
  excludedFirst: (shown: number) => `The first ${countText(shown)} of them:`,
  reasons: {
    pattern: "a pattern",
    cache: "a cache folder",
    marker: "a marked folder",
    size: "too large",
  } satisfies Record<ExclusionReason, string>,
  reasonCount: (reason: ExclusionReason, count: number) => `${countText(count)} by ${reasonNouns[reason]}`,
  failures: (count: number) => `${countOf(count, "file", "files")} could not be looked at`,
  nothing: "Nothing is included. Either the folders are empty, or the rules leave out everything.",
} as const;

const reasonNouns: Record<ExclusionReason, string> = {
  pattern: "pattern",
  cache: "cache marks",
  marker: "marker files",
  size: "size",
};
