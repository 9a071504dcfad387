import { type Bytes, equalBytes, utf8 } from "../base/bytes.ts";
import { HoldallError, isAbort } from "../base/errors.ts";
import type { SourceEntry } from "../base/ports.ts";
import { isPlainName, type RawName, rawNameOf } from "../base/raw-name.ts";
import { blobOf } from "../codec/small-files.ts";
import type { ExclusionReason } from "./selection.ts";

/** What leaves out everything beside it: an entry of this name which, if there is a header, is a file that begins with it. */
export interface FolderMarker {
  name: RawName;
  header: Bytes;
  reason: ExclusionReason;
}

/** https://bford.info/cachedir/ */
export const cacheMarker: FolderMarker = {
  name: rawNameOf("CACHEDIR.TAG"),
  header: utf8("Signature: 8a477f597d28d172789f06886806bc55"),
  reason: "cache",
};

/** Throws "pattern-malformed" if no entry can have the name. */
export function folderMarker({ name, header }: { name: string; header: string }): FolderMarker {
  const raw = rawNameOf(name);
  if (!isPlainName(raw)) throw new HoldallError("pattern-malformed", { pattern: name, reason: "marker" });
  return { name: raw, header: utf8(header), reason: "marker" };
}

/**
 * Those of the markers that a folder has. One that cannot be read marks nothing: rather too much is backed up than too
 * little. Throws the signal's reason only.
 */
export async function findMarkers(
  markers: readonly FolderMarker[],
  entries: readonly SourceEntry[],
  signal: AbortSignal,
): Promise<FolderMarker[]> {
  const found: FolderMarker[] = [];
  for (const marker of markers) {
    const entry = entries.find(({ name }) => name === marker.name);
    if (entry && (await isMarker(entry, marker, signal))) found.push(marker);
  }
  return found;
}

async function isMarker(entry: SourceEntry, { header }: FolderMarker, signal: AbortSignal): Promise<boolean> {
  if (header.length === 0) return true;
  if (entry.kind === "folder") return false;
  try {
    const blob = await blobOf((await entry.open(signal)).blob, signal);
    const beginning = new Uint8Array(await blob.slice(0, header.length).arrayBuffer());
    return equalBytes(beginning, header);
  } catch (error) {
    if (isAbort(error)) throw error;
    signal.throwIfAborted();
    return false;
  }
}
