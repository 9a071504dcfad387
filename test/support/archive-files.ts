import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import type { Id } from "../../src/core/base/id.ts";
import { Archive, type ArchiveFormat } from "../../src/core/restorer/archive.ts";
import type { RestorePlan } from "../../src/core/restorer/restore-plan.ts";
import type { RestorerRepository } from "../../src/core/restorer/restorer.ts";

export interface WrittenArchive {
  plan: RestorePlan;
  /** As it was told before the first byte. */
  plannedLength: number;
  length: number;
}

/** Writes the archive of a whole snapshot into a file of this machine. */
export async function writeArchive(
  repository: RestorerRepository,
  { snapshot, format, path }: { snapshot: Id; format: ArchiveFormat; path: string },
  signal: AbortSignal = new AbortController().signal,
): Promise<WrittenArchive> {
  const archive = new Archive(repository, { snapshot, format, paths: [[]] });
  const { plan, length: plannedLength } = await archive.prepare(signal);
  const file = createWriteStream(path);
  let length = 0;
  for await (const piece of archive.pieces(signal)) {
    length += piece.length;
    if (!file.write(piece)) await once(file, "drain");
  }
  file.end();
  await once(file, "close");
  return { plan, plannedLength, length };
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
