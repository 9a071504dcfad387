import type { CompressionMode } from "../../core/codec/codec.ts";
import { countOf } from "./amounts.ts";

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
