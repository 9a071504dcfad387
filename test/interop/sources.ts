import { join } from "node:path";
import { describeTree, fullSize, makeSourceTree, seededBytes, smallSize, TreeWriter } from "../support/source-tree.ts";
import type { CellSources } from "./cell.ts";

/** "small" has all kinds of entries, but no large file. */
export async function makeSources(folder: string, size: "full" | "small"): Promise<CellSources> {
  const source = join(folder, "source");
  makeSourceTree(source, 20_240_229, size === "full" ? fullSize : smallSize);
  const extra = join(folder, "extra");
  const tree = new TreeWriter(extra);
  tree.file("unlike.bin", seededBytes(77, 3_000_000));
  tree.file("folder/note.txt", "only here\n");
  return { source, sourceContents: await describeTree(source), extra };
}
