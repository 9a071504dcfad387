/** The scalar search: two rolling hashes side by side, since one alone waits for its own table look-ups. */
import { append, cutMask, roll, windowBytes } from "./rabin-tables";

/** Positions that each of the two tests before the other's findings are looked at. */
const stripe: usize = 2048;

export function findCutInPairs(from: usize, to: usize): usize {
  while (from + 2 * stripe <= to) {
    const cut = findInStripes(from);
    if (cut != 0) return cut;
    from += 2 * stripe;
  }
  return findCutInLine(from, to);
}

/** The search with one rolling hash: for the rest that is too short for stripes. */
export function findCutInLine(from: usize, to: usize): usize {
  if (from >= to) return to;
  let digest = digestBefore(from);
  while ((digest & cutMask) != 0) {
    if (from + 1 >= to) return to;
    digest = roll(digest, load<u8>(from), load<u8>(from - windowBytes));
    from++;
  }
  return from;
}

/** The lowest cut in two stripes from `first` on, or 0. */
function findInStripes(first: usize): usize {
  const middle = first + stripe;
  let low = first;
  let high = middle;
  let lowDigest = digestBefore(low);
  let highDigest = digestBefore(high);
  let found: usize = 0;
  while (true) {
    if ((lowDigest & cutMask) == 0) return low;
    if ((highDigest & cutMask) == 0 && found == 0) found = high;
    if (low + 1 == middle) return found;
    lowDigest = roll(lowDigest, load<u8>(low), load<u8>(low - windowBytes));
    highDigest = roll(highDigest, load<u8>(high), load<u8>(high - windowBytes));
    low++;
    high++;
  }
}

function digestBefore(position: usize): u64 {
  let digest: u64 = 0;
  for (let at = position - windowBytes; at < position; at++) digest = append(digest, load<u8>(at));
  return digest;
}
