import { countOf, countText, sizeText } from "./amounts.ts";

/** Reading everything that is stored. */
export const checkText = {
  title: "Check",
  lead: "Fetches all data of the repository, opens every piece of it and compares it with its name and with the index. Nothing is changed. It takes about as long as a download of the whole repository.",
  start: "Read and check all data",
  busy: "The check is running.",
  see: "See how far it is",
  running: (name: string) => `Checking ${name}`,
  done: (name: string) => `Checked ${name}`,
  found: (name: string) => `Checked ${name}: damage found`,
  failed: (name: string) => `The check of ${name} was broken off`,
  cancelled: (name: string) => `Check of ${name} cancelled`,
  cancelledBody: "Nothing was changed. A new check begins at the beginning.",
  failedBody: "Nothing was changed. What was read until then says nothing about the rest.",
  /** What it works on. */
  subject: "all data",
  packsOf: (done: number, total: number) => `${countText(done)} of ${countOf(total, "pack", "packs")}`,
  good: "Everything is as it was written.",
  bad: (count: number) => `${countOf(count, "thing is", "things are")} not as they were written`,
  badBody:
    "All other packs are sound. See whether the server’s disk is failing, and copy the repository to another one before you repair it. A trial restore of a snapshot tells whether it is affected. Backing the same folders up again stores what is missing.",
  badList: "What is damaged",
  packs: "Packs",
  blobs: "Blobs",
  size: "Read",
  sizeHint: "fetched, opened and compared",
  unnamed: (packs: number, bytes: number) =>
    `${countOf(packs, "pack", "packs")} with ${sizeText(bytes)} ${packs === 1 ? "is" : "are"} named by no index: left by a backup that was cut off, or of one that runs. They take room and do no harm.`,
  fileName: "check.txt",
  again: "Check again",
  toSettings: "To the settings",
} as const;

/** Reading all that a snapshot holds, as a restore does. */
export const trialText = {
  start: "Try a restore",
  lead: "Reads and verifies all that is in it, and keeps nothing.",
  running: (name: string) => `Trying to restore ${name}`,
  done: (name: string) => `Tried to restore ${name}`,
  failed: (name: string) => `The trial restore of ${name} was broken off`,
  cancelled: (name: string) => `Trial restore of ${name} cancelled`,
  cancelledBody: "Nothing was kept or changed.",
  failedBody: "Nothing was kept or changed. What was read until then says nothing about the rest.",
  good: "Every file could be read and is as it was backed up. Nothing of it was kept.",
  bad: "What is listed here could not be restored. Everything else could; nothing of it was kept.",
} as const;
