import type { ArchivePlan, OverwriteMode, RestorePlanInfo } from "../../workers/repository-api.ts";
import type { SaveWay } from "../state/save-form.svelte.ts";
import { countOf, countText, sizeText } from "./amounts.ts";

export const saveText = {
  title: "Save",
  what: (count: number, name: string | null) => (name === null ? countOf(count, "thing", "things") : name),
  way: "As what",
  planning: "Looking up what is in it…",
  found: (files: number, bytes: number) => `${countOf(files, "file", "files")}, ${sizeText(bytes)} so far`,
  planFailed: "It could not be looked up",
  overwrite: "Files that are there already",
  chooseFolder: "Choose a folder…",
  otherFolder: "Another folder…",
  into: (folder: string) => `Into ${folder}`,
  folderFirst: "What is saved is put into it under its own name. First you see what would happen.",
  cancel: "Cancel",
  start: {
    download: "Download",
    zip: "Save ZIP",
    tar: "Save tar",
    folder: "Restore",
  } satisfies Record<SaveWay, string>,
  tooLarge: (bytes: number, limit: number) =>
    `This browser, at this address, can save at most ${sizeText(limit)} in one download, since it must hold all of it in memory first. This would be ${sizeText(bytes)}.`,
  tooLargeAdvice:
    "Choose fewer things, restore into a folder where that is offered, or open Holdall at an address with https, where downloads have no limit.",
} as const;

export const wayTexts: Record<SaveWay, { name: string; hint: string }> = {
  download: { name: "The file", hint: "As it is, into your downloads." },
  zip: { name: "ZIP", hint: "Opens everywhere. Keeps names and times of change." },
  tar: { name: "tar", hint: "Keeps permissions, times, owners and links as well." },
  folder: { name: "Into a folder", hint: "On this computer, file by file. Goes on where it stopped." },
};

export const overwriteTexts: Record<OverwriteMode, { name: string; hint: string }> = {
  changed: {
    name: "Replace if changed",
    hint: "Only what differs is fetched and written. Also goes on with an interrupted restore.",
  },
  always: { name: "Replace always", hint: "Everything is fetched and written again." },
  never: { name: "Leave them", hint: "They stay as they are and are listed at the end." },
};

/** "412 files in 31 folders, 3.1 GB. The ZIP will have 3.1 GB." */
export function archivePlanText(plan: ArchivePlan, way: SaveWay): string {
  return `${amountText(plan)}. The ${wayTexts[way].name} will have ${sizeText(plan.archiveBytes)}.`;
}

/** "412 files in 31 folders, 3.1 GB. 4 are there already and would be replaced." */
export function restorePlanText(plan: RestorePlanInfo, overwrite: OverwriteMode): string {
  if (plan.existing === 0) return `${amountText(plan)}. Nothing of these names is there yet.`;
  const is = plan.existing === 1 ? "is" : "are";
  const there = `${countText(plan.existing)} ${is} there already (${sizeText(plan.existingBytes)})`;
  const what = {
    always: "would be replaced",
    changed: "would be replaced where the content differs",
    never: plan.existing === 1 ? "stays as it is" : "stay as they are",
  }[overwrite];
  return `${amountText(plan)}. ${there} and ${what}.`;
}

/** What a plan says besides amounts. */
export function planNotes(plan: ArchivePlan | RestorePlanInfo, way: SaveWay): string[] {
  const notes: string[] = [];
  if (plan.renamed > 0) {
    const get = plan.renamed === 1 ? "gets another name, since its own" : "get other names, since theirs";
    notes.push(`${countText(plan.renamed)} ${get} would be refused.`);
  }
  if (plan.skipped > 0) {
    const where =
      way === "folder" ? "A browser cannot make them in a folder." : `A ${wayTexts[way].name} cannot hold them.`;
    notes.push(`${countOf(plan.skipped, "thing is", "things are")} left out: links, devices and the like. ${where}`);
  }
  return notes;
}

function amountText({ files, folders, bytes }: { files: number; folders: number; bytes: number }): string {
  const inFolders = folders === 0 ? "" : ` in ${countOf(folders, "folder", "folders")}`;
  return `${countOf(files, "file", "files")}${inFolders}, ${sizeText(bytes)}`;
}
