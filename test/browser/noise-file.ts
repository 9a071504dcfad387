import { open } from "node:fs/promises";
import { seededBytes } from "../support/source-tree.ts";

const mebibyte = 1024 * 1024;

/** Makes a file that no compression makes smaller; the same seed gives the same bytes. */
export async function writeNoise(path: string, mebibytes: number, seed = 1): Promise<void> {
  await using file = await open(path, "w");
  for (let part = 0; part < mebibytes; part++) await file.write(seededBytes(seed + part, mebibyte));
}
