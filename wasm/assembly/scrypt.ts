/**
 * scryptROMix (RFC 7914, section 5) of one block: what makes a password expensive to guess. A module of its own, since it
 * needs so much memory: the block, behind it the table of n blocks, and behind that room for two more. The host is
 * src/core/codec/block-mixer.ts, the only caller.
 *
 * Salsa20 works on the diagonals of a square of 4 by 4 words. All 64-byte parts are kept with each diagonal as one vector
 * from the first step to the last, so that four words are always worked on at once.
 */

/** Where the block begins: behind all static data, at a multiple of 64. */
export function blockOffset(): usize {
  return (__heap_base + 63) & ~63;
}

/** Mixes the block of 128·r bytes in place; n is a power of two. */
export function mixBlock(n: u32, r: u32): void {
  const block = blockOffset();
  const length = r << 7;
  const table = block + length;
  turnIntoDiagonals(block, table, r);
  const end = table + n * length;
  // What comes behind the table's last block is the first one that is looked up with.
  for (let at = table; at < end; at += length) mixSalsa(at, 0, at + length, r);
  let mixed = end;
  let next = end + length;
  for (let i: u32 = 0; i < n; i++) {
    const position = load<u32>(mixed + length - 64) & (n - 1);
    mixSalsa(mixed, table + position * length, next, r);
    const swapped = mixed;
    mixed = next;
    next = swapped;
  }
  turnBack(mixed, block, r);
}

/** scryptBlockMix of the block at `from`, or of its sum with the one at `other` if that is not 0, into the one at `to`. */
function mixSalsa(from: usize, other: usize, to: usize, r: u32): void {
  const last = (r << 7) - 64;
  let a = v128.load(from + last, 0);
  let b = v128.load(from + last, 16);
  let c = v128.load(from + last, 32);
  let d = v128.load(from + last, 48);
  if (other !== 0) {
    a = v128.xor(a, v128.load(other + last, 0));
    b = v128.xor(b, v128.load(other + last, 16));
    c = v128.xor(c, v128.load(other + last, 32));
    d = v128.xor(d, v128.load(other + last, 48));
  }
  for (let part: u32 = 0; part < r << 1; part++) {
    const source = from + (part << 6);
    a = v128.xor(a, v128.load(source, 0));
    b = v128.xor(b, v128.load(source, 16));
    c = v128.xor(c, v128.load(source, 32));
    d = v128.xor(d, v128.load(source, 48));
    if (other !== 0) {
      const added = other + (part << 6);
      a = v128.xor(a, v128.load(added, 0));
      b = v128.xor(b, v128.load(added, 16));
      c = v128.xor(c, v128.load(added, 32));
      d = v128.xor(d, v128.load(added, 48));
    }
    const a0 = a, b0 = b, c0 = c, d0 = d;
    for (let doubleRound = 0; doubleRound < 4; doubleRound++) {
      b = v128.xor(b, rotated(i32x4.add(a, d), 7));
      c = v128.xor(c, rotated(i32x4.add(b, a), 9));
      d = v128.xor(d, rotated(i32x4.add(c, b), 13));
      a = v128.xor(a, rotated(i32x4.add(d, c), 18));
      b = v128.shuffle<u32>(b, b, 3, 0, 1, 2);
      c = v128.shuffle<u32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<u32>(d, d, 1, 2, 3, 0);
      d = v128.xor(d, rotated(i32x4.add(a, b), 7));
      c = v128.xor(c, rotated(i32x4.add(d, a), 9));
      b = v128.xor(b, rotated(i32x4.add(c, d), 13));
      a = v128.xor(a, rotated(i32x4.add(b, c), 18));
      b = v128.shuffle<u32>(b, b, 1, 2, 3, 0);
      c = v128.shuffle<u32>(c, c, 2, 3, 0, 1);
      d = v128.shuffle<u32>(d, d, 3, 0, 1, 2);
    }
    a = i32x4.add(a, a0);
    b = i32x4.add(b, b0);
    c = i32x4.add(c, c0);
    d = i32x4.add(d, d0);
    // Parts with an even number come first, then those with an odd one.
    const target = to + (((part & 1) * r + (part >> 1)) << 6);
    v128.store(target, a, 0);
    v128.store(target, b, 16);
    v128.store(target, c, 32);
    v128.store(target, d, 48);
  }
}

// @ts-ignore: decorator
@inline
function rotated(words: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(words, bits), i32x4.shr_u(words, 32 - bits));
}

/** Word 5·i (modulo 16) of each part becomes word i. */
function turnIntoDiagonals(from: usize, to: usize, r: u32): void {
  for (let word: u32 = 0; word < r << 5; word++) store<u32>(to + (word << 2), load<u32>(from + (diagonal(word) << 2)));
}

function turnBack(from: usize, to: usize, r: u32): void {
  for (let word: u32 = 0; word < r << 5; word++) store<u32>(to + (diagonal(word) << 2), load<u32>(from + (word << 2)));
}

// @ts-ignore: decorator
@inline
function diagonal(word: u32): u32 {
  return (word & ~15) | ((word * 5) & 15);
}
