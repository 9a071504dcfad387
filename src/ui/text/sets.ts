import type { BackupRules, BackupRun } from "../../workers/repository-api.ts";
import { excludePresets, readPresets } from "../exclude-presets.ts";
import { countOf, countText, sizeText } from "./amounts.ts";
import { errorText } from "./errors.ts";

/** The cards of the screen "Back up", a set's history, and what is asked before a run. */
export const setsText = {
  lead: "A set is what you back up together: some folders, under names that stay the same. Make it once, then it is one click.",
  listTitle: "Sets",
  guest: "This is not your device, so sets last until the page is closed. Their snapshots stay.",
  unkept: "The set could not be kept on this device. It lasts until the page is closed; its backups are not affected.",
  listFailed: "The sets that this device keeps could not be read.",
  add: "Another set",
  chooseFiles: "Choose files…",
  continueSeries: "Continue a series of this repository",
  continueHint: "For another computer, or a browser that has forgotten its sets.",
  draft: (name: string) => (name === "" ? "A new set was begun." : `A new set was begun: ${name}.`),
  draftGoOn: "Go on",
  draftDiscard: "Discard it",

  run: "Run",
  runNamed: (name: string) => `Run ${name}`,
  goOn: "Go on",
  goOnNamed: (name: string) => `Go on with ${name}`,
  dryRun: "Dry run",
  dryRunNamed: (name: string) => `Dry run of ${name}`,
  edit: "Edit",
  editNamed: (name: string) => `Edit ${name}`,
  preview: "Preview",
  previewNamed: (name: string) => `Preview of ${name}`,
  history: "History",
  historyNamed: (name: string) => `History of ${name}`,
  remove: "Remove",
  removeNamed: (name: string) => `Remove ${name}`,
  moreNamed: (name: string) => `More for ${name}`,
  removeTitle: (name: string) => `Remove the set ${name}?`,
  removeBody:
    "This device forgets the set and its history. Its snapshots stay in the repository, and a new set can continue them.",
  keepIt: "Keep it",
  removeSet: "Remove the set",
  on: (hostname: string) => `on ${hostname}`,

  caches: "cache folders",
  foldersWith: (name: string) => `folders with ${name}`,
  largerThan: (bytes: number) => `files over ${sizeText(bytes)}`,

  neverRun: "Not run yet",
  newFiles: (count: number) => countOf(count, "new file", "new files"),
  changedFiles: (count: number) => `${countText(count)} changed`,
  storedBytes: (bytes: number) => `${sizeText(bytes)} stored`,
  unreadable: (count: number) => `${countText(count)} unreadable`,
  nothingChanged: "nothing had changed",
  failed: (reason: string) => `not finished: ${reason}`,
  cancelled: "cancelled",
  due: "Due",
  dueSince: (when: string) => `Due since ${when}`,
  dueNext: (date: string) => `Next reminder: ${date}`,
  noReminder: "No reminder",
  runsOnChange: "Runs when files change",

  unfinishedTitle: "The last run was cut off",
  unfinished: (files: number, uploaded: number) =>
    `It had done ${countOf(files, "file", "files")}; ${sizeText(uploaded)} were uploaded, and are not uploaded again.`,
  unfinishedAt: "It was in",
  unfinishedDismiss: "Forget that it was cut off",
  damaged: "What this device kept about sets could not be read. A set can be continued from its snapshots.",
  filesPicked: (count: number) => `${countOf(count, "file", "files")} picked for the next run`,

  reconnect: "Reconnect",
  reconnectTitle: "Choose the folders again",
  reconnectLapsed: "The browser no longer lets Holdall read these. Choose them again; nothing is uploaded twice.",
  reconnectEach: "This browser cannot keep folders, so pick them for each run. Nothing is uploaded twice.",
  reconnectStarts: "It starts when all are chosen.",
  lapsed: "Reconnect the folder to run again",
  asks: "The browser will ask whether Holdall may read the folder.",
  otherName: (picked: string, wanted: string) =>
    `You picked “${picked}” for “${wanted}”. If that is right, run it; else choose again.`,

  historyTitle: (name: string) => `History of ${name}`,
  historyEmpty: "This set has not run yet.",
  historyUnkept: "This set is not kept on this device, so neither are its runs.",
  tookFor: (duration: string) => `took ${duration}`,
  newAndChanged: (fresh: string, changed: string) => `${fresh} new, ${changed} changed`,
  uploadedBytes: (size: string) => `${size} uploaded`,
  lookInsideOf: (when: string) => `Look inside the snapshot of ${when}`,
  lookInside: "Look inside",
  gone: "snapshot gone",
  outcomes: {
    stored: "Stored",
    unchanged: "Nothing had changed",
    "dry-run": "Dry run",
    failed: "Failed",
    cancelled: "Cancelled",
  } satisfies Record<BackupRun["outcome"], string>,
  missingTitle: "This set is gone",
  missingBody: "It may have been removed, or this device never knew it.",
  toSets: "To the sets",

  seriesTitle: "Continue a series",
  seriesLead:
    "Choose what this computer goes on with. The set gets the names, rules and tags of the last snapshot; you then choose the folders, since a browser cannot know them.",
  seriesEmpty: "This repository has no series that a set could continue.",
  seriesTaken: (set: string) => `The set “${set}” continues it here already.`,
  seriesFacts: (count: number, when: string) => `${countOf(count, "snapshot", "snapshots")}, the last ${when}`,
  unknownProgram: "an unknown program",
  seriesBy: (program: string) => `by ${program}`,
  seriesOthers: (count: number, example: string) =>
    `${countOf(count, "series is", "series are")} of paths that a browser cannot have, such as ${example}. Only the program that wrote ${count === 1 ? "it" : "them"} can continue ${count === 1 ? "it" : "them"}.`,
  seriesChoose: "Continue",
  seriesChooseNamed: (paths: string, host: string) => `Continue ${paths} on ${host}`,
} as const;

/** What the last run brought, in one line. */
export function runFacts(run: BackupRun): string[] {
  if (run.outcome === "cancelled") return [setsText.cancelled];
  if (run.outcome === "failed") return [setsText.failed(run.code === null ? "" : errorText(run.code).title)];
  const facts = [
    run.outcome === "unchanged" ? setsText.nothingChanged : "",
    run.filesNew > 0 ? setsText.newFiles(run.filesNew) : "",
    run.filesChanged > 0 ? setsText.changedFiles(run.filesChanged) : "",
    run.outcome === "stored" ? setsText.storedBytes(run.bytesStored) : "",
  ];
  return facts.filter((fact) => fact !== "");
}

/** What a set leaves out, in a few words: "without node_modules, *.iso and 3 more"; "" if it leaves out nothing. */
export function leftOutText(rules: BackupRules): string {
  const { chosen, own } = readPresets(excludePresets, rules.exclude);
  const things = [
    ...excludePresets.filter(({ id }) => chosen.has(id)).map(({ name }) => name.toLowerCase()),
    ...own,
    ...rules.iexclude,
    ...(rules.excludeCaches ? [setsText.caches] : []),
    ...rules.excludeIfPresent.map(({ name }) => setsText.foldersWith(name)),
    ...(rules.excludeLargerThanBytes === null ? [] : [setsText.largerThan(rules.excludeLargerThanBytes)]),
  ];
  if (things.length === 0) return "";
  const shown = things.slice(0, 3).join(", ");
  return things.length <= 3 ? `without ${shown}` : `without ${shown} and ${countText(things.length - 3)} more`;
}
