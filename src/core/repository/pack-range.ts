import type { Id } from "../base/id.ts";
import type { BlobType } from "../codec/codec.ts";
import type { PackedBlob } from "../format/pack-header.ts";
import type { MasterIndex } from "./master-index.ts";

/** A stretch of a pack that one request fetches, and the wanted blobs in it, in order of offset. */
export interface PackRange {
  pack: Id;
  offset: number;
  length: number;
  blobs: PackedBlob[];
}

/** Wanted blobs that are at most this far apart are fetched by one request: reading on is cheaper than asking again. */
const largestGap = 1024 * 1024;
const largestRange = 32 * 1024 * 1024;

/** Joins blobs of one pack into ranges. Blobs that overlap (a damaged index) are fetched apart. */
export function joinRanges(pack: Id, blobs: readonly PackedBlob[]): PackRange[] {
  const ranges: PackRange[] = [];
  for (const blob of [...blobs].sort((a, b) => a.offset - b.offset)) {
    const last = ranges[ranges.length - 1];
    const end = last ? last.offset + last.length : 0;
    const gap = blob.offset - end;
    const joined = last ? blob.offset + blob.length - last.offset : 0;
    if (last && gap >= 0 && gap <= largestGap && joined <= largestRange) {
      last.blobs.push(blob);
      last.length = joined;
    } else {
      ranges.push({ pack, offset: blob.offset, length: blob.length, blobs: [blob] });
    }
  }
  return ranges;
}

/**
 * The ranges that fetch these blobs, each from the `attempt`-th place that the index knows, packs in order of first use.
 * Blobs with no such place are left out and returned apart.
 */
export function planRanges(
  index: MasterIndex,
  type: BlobType,
  ids: Iterable<Id>,
  attempt = 0,
): { ranges: PackRange[]; missing: Id[] } {
  const packs = new Map<Id, PackedBlob[]>();
  const missing: Id[] = [];
  for (const id of ids) {
    const place = index.locations(type, id)[attempt];
    if (!place) {
      missing.push(id);
      continue;
    }
    const blobs = packs.get(place.pack) ?? [];
    packs.set(place.pack, blobs);
    blobs.push({ type, id, ...place });
  }
  return { ranges: [...packs].flatMap(([pack, blobs]) => joinRanges(pack, blobs)), missing };
}
