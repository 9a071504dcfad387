import type { SourceFolder } from "../../src/core/base/ports.ts";
import { blobOf } from "../../src/core/codec/small-files.ts";

const never = new AbortController().signal;

/** Text, size and time of every file by path; in place of one that cannot be read, its error. Folders are null. */
export async function readSource(folder: SourceFolder, prefix = ""): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for await (const entry of folder.entries(never)) {
    const path = prefix + entry.name;
    if (entry.kind === "folder") {
      found[`${path}/`] = null;
      Object.assign(found, await readSource(entry.folder, `${path}/`));
      continue;
    }
    try {
      const { size, modifiedMs, blob } = await entry.open(never);
      found[path] = [await (await blobOf(blob, never)).text(), size, modifiedMs];
    } catch (error) {
      found[path] = error;
    }
  }
  return found;
}
