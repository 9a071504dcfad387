/**
 * The SIMD search: 16 rolling hashes, one in each byte lane of a vector.
 *
 * A digest has 53 bits. Shifted left by 3 it fills 7 bytes, and byte k of all 16 digests is one vector, plane k. Then
 * - rolling on by a byte, a shift by 8, only renames the planes: plane k becomes plane k + 1;
 * - the byte that overflows is exactly the old plane 6;
 * - both tables are linear (the entry of a ^ b is the xor of the entries), so the look-up of a byte is the xor of two
 *   look-ups of its nibbles, and a look-up in 16 entries is one swizzle for all 16 lanes: 4 swizzles a plane, 28 in all;
 * - planes 0 and 1 are zero together exactly if the low 13 bits of the digest are, which is rare enough to look closer.
 *
 * Every lane walks over a stripe of its own. The bytes are loaded 16 a lane and transposed, so that step q finds the q-th
 * byte of all lanes in one vector.
 */
import { findCutInLine } from "./rabin-pairs";
import { cutMask, leavingOf, overflowOf, windowBytes } from "./rabin-tables";

const lanes: usize = 16;
const planes: usize = 7;

/** Positions of one lane: long enough that the 64 bytes of warming up do not count. */
const stripe: usize = 2048;

/** Four tables of 16 bytes a plane, one after the other: overflow low and high nibble, leaving low and high nibble. */
const nibbleTables: usize = memory.data(planes * 4 * 16, 64);
/** The last 64 bytes of every lane, a vector a step: what leaves the window is found where the new byte is put. */
const history: usize = memory.data(windowBytes * 16, 64);
const block: usize = memory.data(256, 64);
const transposing: usize = memory.data(256, 64);
const digests: usize = memory.data(planes * 16, 64);

/** Makes the nibble tables out of the byte tables. */
export function prepareLanes(): void {
  for (let nibble: u32 = 0; nibble < 16; nibble++) {
    prepareNibble(0, nibble, overflowOf(nibble) << 3);
    prepareNibble(1, nibble, overflowOf(nibble << 4) << 3);
    prepareNibble(2, nibble, leavingOf(<u8>nibble) << 3);
    prepareNibble(3, nibble, leavingOf(<u8>(nibble << 4)) << 3);
  }
}

function prepareNibble(table: usize, nibble: usize, value: u64): void {
  for (let plane: usize = 0; plane < planes; plane++) {
    store<u8>(nibbleTables + (plane * 4 + table) * 16 + nibble, <u8>(value >> (8 * plane)));
  }
}

export function findCutInLanes(from: usize, to: usize): usize {
  while (from + lanes * stripe <= to) {
    const cut = findInStripes(from);
    if (cut != 0) return cut;
    from += lanes * stripe;
  }
  return findCutInLine(from, to);
}

/** The lowest cut in 16 stripes from `first` on, or 0. */
function findInStripes(first: usize): usize {
  const lowBits = i8x16.splat(0x0f);
  const zero = i8x16.splat(0);
  let plane0 = zero;
  let plane1 = zero;
  let plane2 = zero;
  let plane3 = zero;
  let plane4 = zero;
  let plane5 = zero;
  let plane6 = zero;
  let found: usize = 0;
  memory.fill(history, 0, windowBytes * 16);

  for (let at: i32 = -(<i32>windowBytes); at < <i32>stripe; at += 16) {
    loadTransposed(first + at);
    const past = history + ((<usize>at & (windowBytes - 1)) << 4);
    for (let step: usize = 0; step < 16; step++) {
      const incoming = v128.load(block + (step << 4));
      const outgoing = v128.load(past + (step << 4));
      v128.store(past + (step << 4), incoming);

      // Shifts of 16-bit lanes do for bytes where the bits that cross over are masked away.
      const overflowLow = v128.and(plane6, lowBits);
      const overflowHigh = v128.and(i16x8.shr_u(plane6, 4), lowBits);
      const leavingLow = v128.and(outgoing, lowBits);
      const leavingHigh = v128.and(i16x8.shr_u(outgoing, 4), lowBits);
      const incomingLow = v128.and(i16x8.shl(incoming, 3), i8x16.splat(<i8>0xf8));
      const incomingHigh = v128.and(i16x8.shr_u(incoming, 5), i8x16.splat(0x07));

      plane6 = v128.xor(plane5, lookUp(6, overflowLow, overflowHigh, leavingLow, leavingHigh));
      plane5 = v128.xor(plane4, lookUp(5, overflowLow, overflowHigh, leavingLow, leavingHigh));
      plane4 = v128.xor(plane3, lookUp(4, overflowLow, overflowHigh, leavingLow, leavingHigh));
      plane3 = v128.xor(plane2, lookUp(3, overflowLow, overflowHigh, leavingLow, leavingHigh));
      plane2 = v128.xor(plane1, lookUp(2, overflowLow, overflowHigh, leavingLow, leavingHigh));
      const carried = v128.xor(plane0, incomingHigh);
      plane1 = v128.xor(carried, lookUp(1, overflowLow, overflowHigh, leavingLow, leavingHigh));
      plane0 = v128.xor(incomingLow, lookUp(0, overflowLow, overflowHigh, leavingLow, leavingHigh));

      const candidates = i8x16.eq(v128.or(plane0, plane1), zero);
      const position = at + <i32>step + 1;
      if (v128.any_true(candidates) && position >= 0 && position < <i32>stripe) {
        storeDigests(plane0, plane1, plane2);
        const cut = lowestCut(i8x16.bitmask(candidates), first + position);
        if (cut != 0 && cut < first + stripe) return cut;
        if (cut != 0 && (found == 0 || cut < found)) found = cut;
      }
    }
  }
  return found;
}

/** What the overflowing and the leaving bytes of all lanes add to a plane. */
@inline
function lookUp(plane: usize, overflowLow: v128, overflowHigh: v128, leavingLow: v128, leavingHigh: v128): v128 {
  const overflow = v128.xor(lookUpNibble(plane * 4, overflowLow), lookUpNibble(plane * 4 + 1, overflowHigh));
  const leaving = v128.xor(lookUpNibble(plane * 4 + 2, leavingLow), lookUpNibble(plane * 4 + 3, leavingHigh));
  return v128.xor(overflow, leaving);
}

/** The relaxed instruction differs from the other only for indices above 15, which nibbles never are. */
@inline
function lookUpNibble(table: usize, nibbles: v128): v128 {
  const entries = v128.load(nibbleTables + table * 16);
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(entries, nibbles);
  return i8x16.swizzle(entries, nibbles);
}

/** The cut mask covers 20 bits of the digest: 23 of the shifted one, so three planes decide. */
function storeDigests(plane0: v128, plane1: v128, plane2: v128): void {
  v128.store(digests, plane0);
  v128.store(digests + 16, plane1);
  v128.store(digests + 32, plane2);
}

/** The cut of the lowest candidate lane that has one, or 0; `position` is lane 0's. */
function lowestCut(candidates: i32, position: usize): usize {
  for (let lane: usize = 0; lane < lanes; lane++) {
    if (((candidates >> <i32>lane) & 1) == 0) continue;
    const shifted =
      <u64>load<u8>(digests + lane) | (<u64>load<u8>(digests + 16 + lane) << 8) | (<u64>load<u8>(digests + 32 + lane) << 16);
    if (((shifted >> 3) & cutMask) == 0) return position + lane * stripe;
  }
  return 0;
}

/** Loads the next 16 bytes of every lane so that `block` holds the q-th byte of all lanes in its q-th vector. */
function loadTransposed(source: usize): void {
  for (let lane: usize = 0; lane < lanes; lane++) {
    v128.store(block + (lane << 4), v128.load(source + lane * stripe));
  }
  interleave(block, transposing);
  interleave(transposing, block);
  interleave(block, transposing);
  interleave(transposing, block);
}

/** Interleaves the first 128 bytes with the last 128; done four times it transposes 16 by 16 bytes. */
@inline
function interleave(source: usize, target: usize): void {
  for (let i: usize = 0; i < 8; i++) {
    const first = v128.load(source + (i << 4));
    const second = v128.load(source + 128 + (i << 4));
    const low = i8x16.shuffle(first, second, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    const high = i8x16.shuffle(first, second, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    v128.store(target + (i << 5), low);
    v128.store(target + (i << 5) + 16, high);
  }
}
