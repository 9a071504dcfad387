/**
 * Tables of the rolling hash. The digest of the 64 bytes before a position is their remainder, read as a polynomial with
 * the newest byte lowest. Rolling on by one byte is
 *
 *     digest' = ((digest << 8) | in) ^ overflow[digest >> 45] ^ leaving[out]
 *
 * where overflow clears the 8 bits above the degree and adds what they are worth below it, and leaving is the share that
 * the byte 64 positions back still has in the digest after the shift.
 */
import { degree, remainder, shiftBytes } from "./polynomial";

export const windowBytes: usize = 64;

/** A position is a cut if these bits of its digest are zero. */
export const cutMask: u64 = (1 << 20) - 1;

const overflow: usize = memory.data(256 * 8, 64);
const leaving: usize = memory.data(256 * 8, 64);

export function prepareTables(polynomial: u64): void {
  for (let byte: u64 = 0; byte < 256; byte++) {
    const above = byte << degree;
    store<u64>(overflow + (<usize>byte << 3), remainder(above, polynomial) | above);
    store<u64>(leaving + (<usize>byte << 3), shiftBytes(byte, <i32>windowBytes, polynomial));
  }
}

@inline
export function roll(digest: u64, incoming: u8, outgoing: u8): u64 {
  return append(digest, incoming) ^ leavingOf(outgoing);
}

/** Rolls while the window is not yet full: nothing leaves. */
@inline
export function append(digest: u64, incoming: u8): u64 {
  return ((digest << 8) | incoming) ^ overflowOf(digest >> (degree - 8));
}

@inline
export function overflowOf(topByte: u64): u64 {
  return load<u64>(overflow + (<usize>topByte << 3));
}

@inline
export function leavingOf(byte: u8): u64 {
  return load<u64>(leaving + (<usize>byte << 3));
}
