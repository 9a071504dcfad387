/**
 * The search for the next cut. Behind a chunk's minimum length the digest depends on the last 64 bytes only (what the
 * chunker is started with has long left the window), so positions can be tested in any order: several lanes roll side by
 * side over stripes of the data, and the lowest position found wins.
 */
import { findCutInLanes, prepareLanes } from "./rabin-lanes";
import { findCutInPairs } from "./rabin-pairs";
import { prepareTables } from "./rabin-tables";

/** To be called before findCut with an irreducible polynomial of degree 53. */
export function prepareChunker(polynomial: u64): void {
  prepareTables(polynomial);
  if (ASC_FEATURE_SIMD) prepareLanes();
}

/**
 * The first cut p with from <= p < to, or `to` if there is none. Both are addresses, and p is a cut if the digest of the 64
 * bytes before it has the low 20 bits zero: the chunk ends before p. Reads the bytes from - 64 up to to - 1.
 */
export function findCut(from: usize, to: usize): usize {
  if (ASC_FEATURE_SIMD) return findCutInLanes(from, to);
  return findCutInPairs(from, to);
}
