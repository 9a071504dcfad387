import type { IndexInfo, IndexProgress } from "../../workers/repository-api.ts";
import { countOf, durationText } from "./amounts.ts";

/** What is said about a repository when it has been opened. */
export const openingText = {
  clock: "Clock",
  clockTitle: (aheadMs: number) =>
    `This computer’s clock is ${durationText(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} the server’s`,
  clockBody:
    "Snapshots and locks carry this computer’s time, so others may misread them. Set the clock, or the server’s if that is the wrong one.",
  clockRefused:
    "Backups are refused until the clocks agree: other programs would take a lock of this computer for dead. Set the clock, or the server’s if that is the wrong one, and open the repository again. Looking and restoring work.",
  putAway: "Put away",
  readingIndex: ({ filesDone, filesTotal }: IndexProgress) =>
    filesTotal > 1 ? `Reading the index, ${filesDone} of ${filesTotal}` : "Reading the index",
  indexed: ({ blobs, packs }: IndexInfo) => `${countOf(blobs, "blob", "blobs")} in ${countOf(packs, "pack", "packs")}`,
  notIndexed: "The index could not be read",
} as const;
