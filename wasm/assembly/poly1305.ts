/**
 * Poly1305 with numbers below 2^130 as five limbs of 26 bits: a sum of ten products of two limbs still fits 64 bits. Two
 * blocks a round: ((h + a)·r + b)·r = (h + a)·r² + b·r, which are two products that do not wait for each other and share
 * one carry.
 */
const limbMask: u64 = 0x3ffffff;
/** The bit above a full block of 16 bytes, 2^128, as a part of limb 4. */
const fullBlock: u64 = 1 << 24;

let r0: u64 = 0;
let r1: u64 = 0;
let r2: u64 = 0;
let r3: u64 = 0;
let r4: u64 = 0;
/** r² */
let q0: u64 = 0;
let q1: u64 = 0;
let q2: u64 = 0;
let q3: u64 = 0;
let q4: u64 = 0;
let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
let h4: u64 = 0;

const lastBlock: usize = memory.data(16, 16);

/** Starts a MAC with the 16 bytes of r at an address; they are clamped here. */
export function beginMac(r: usize): void {
  const low = load<u64>(r) & 0x0ffffffc0fffffff;
  const high = load<u64>(r + 8) & 0x0ffffffc0ffffffc;
  r0 = low & limbMask;
  r1 = (low >> 26) & limbMask;
  r2 = ((low >> 52) | (high << 12)) & limbMask;
  r3 = (high >> 14) & limbMask;
  r4 = high >> 40;
  // r² is what one block of r itself, without the bit above, makes of an empty sum.
  h0 = h1 = h2 = h3 = h4 = 0;
  multiplyByR(r0, r1, r2, r3, r4);
  q0 = h0;
  q1 = h1;
  q2 = h2;
  q3 = h3;
  q4 = h4;
  h0 = h1 = h2 = h3 = h4 = 0;
}

/** Takes in bytes; only the last call may have a length that is no multiple of 16. */
export function updateMac(bytes: usize, length: usize): void {
  const pairs = length >> 5;
  takePairs(bytes, pairs);
  bytes += pairs << 5;
  length &= 31;
  if (length >= 16) {
    takeBlock(bytes, fullBlock);
    bytes += 16;
    length -= 16;
  }
  if (length > 0) takeRest(bytes, length);
}

/** Writes the MAC, (h + s) mod 2^128 with the 16 bytes at s, to `tag`, and forgets the key. */
export function finishMac(s: usize, tag: usize): void {
  reduce();
  const low = h0 | (h1 << 26) | (h2 << 52);
  const high = (h2 >> 12) | (h3 << 14) | (h4 << 40);
  const tagLow = low + load<u64>(s);
  const carry: u64 = tagLow < low ? 1 : 0;
  store<u64>(tag, tagLow);
  store<u64>(tag + 8, high + load<u64>(s + 8) + carry);
  r0 = r1 = r2 = r3 = r4 = 0;
  q0 = q1 = q2 = q3 = q4 = 0;
  h0 = h1 = h2 = h3 = h4 = 0;
}

/** The hot loop. Everything lives in locals: globals would be loaded and stored in every round. */
function takePairs(bytes: usize, pairs: usize): void {
  const b0 = r0, b1 = r1, b2 = r2, b3 = r3, b4 = r4;
  const a0 = q0, a1 = q1, a2 = q2, a3 = q3, a4 = q4;
  // A product above 2^130 wraps around with a factor 5, for 2^130 = 5 mod (2^130 - 5).
  const b1x5 = b1 * 5, b2x5 = b2 * 5, b3x5 = b3 * 5, b4x5 = b4 * 5;
  const a1x5 = a1 * 5, a2x5 = a2 * 5, a3x5 = a3 * 5, a4x5 = a4 * 5;
  let s0 = h0, s1 = h1, s2 = h2, s3 = h3, s4 = h4;

  for (const end = bytes + (pairs << 5); bytes < end; bytes += 32) {
    let low = load<u64>(bytes);
    let high = load<u64>(bytes, 8);
    const x0 = s0 + (low & limbMask);
    const x1 = s1 + ((low >> 26) & limbMask);
    const x2 = s2 + (((low >> 52) | (high << 12)) & limbMask);
    const x3 = s3 + ((high >> 14) & limbMask);
    const x4 = s4 + ((high >> 40) | fullBlock);
    low = load<u64>(bytes, 16);
    high = load<u64>(bytes, 24);
    const y0 = low & limbMask;
    const y1 = (low >> 26) & limbMask;
    const y2 = ((low >> 52) | (high << 12)) & limbMask;
    const y3 = (high >> 14) & limbMask;
    const y4 = (high >> 40) | fullBlock;

    const p0 = x0 * a0 + x1 * a4x5 + x2 * a3x5 + x3 * a2x5 + x4 * a1x5 + y0 * b0 + y1 * b4x5 + y2 * b3x5 + y3 * b2x5 + y4 * b1x5;
    let p1 = x0 * a1 + x1 * a0 + x2 * a4x5 + x3 * a3x5 + x4 * a2x5 + y0 * b1 + y1 * b0 + y2 * b4x5 + y3 * b3x5 + y4 * b2x5;
    let p2 = x0 * a2 + x1 * a1 + x2 * a0 + x3 * a4x5 + x4 * a3x5 + y0 * b2 + y1 * b1 + y2 * b0 + y3 * b4x5 + y4 * b3x5;
    let p3 = x0 * a3 + x1 * a2 + x2 * a1 + x3 * a0 + x4 * a4x5 + y0 * b3 + y1 * b2 + y2 * b1 + y3 * b0 + y4 * b4x5;
    let p4 = x0 * a4 + x1 * a3 + x2 * a2 + x3 * a1 + x4 * a0 + y0 * b4 + y1 * b3 + y2 * b2 + y3 * b1 + y4 * b0;

    p1 += p0 >> 26;
    p2 += p1 >> 26;
    p3 += p2 >> 26;
    p4 += p3 >> 26;
    const wrapped = (p0 & limbMask) + (p4 >> 26) * 5;
    s0 = wrapped & limbMask;
    s1 = (p1 & limbMask) + (wrapped >> 26);
    s2 = p2 & limbMask;
    s3 = p3 & limbMask;
    s4 = p4 & limbMask;
  }
  h0 = s0;
  h1 = s1;
  h2 = s2;
  h3 = s3;
  h4 = s4;
}

function takeBlock(bytes: usize, above: u64): void {
  const low = load<u64>(bytes);
  const high = load<u64>(bytes, 8);
  multiplyByR(
    h0 + (low & limbMask),
    h1 + ((low >> 26) & limbMask),
    h2 + (((low >> 52) | (high << 12)) & limbMask),
    h3 + ((high >> 14) & limbMask),
    h4 + ((high >> 40) | above),
  );
}

/** The last, shorter block: a 1 follows the bytes directly. */
function takeRest(bytes: usize, length: usize): void {
  memory.fill(lastBlock, 0, 16);
  memory.copy(lastBlock, bytes, length);
  store<u8>(lastBlock + length, 1);
  takeBlock(lastBlock, 0);
}

/** h = x·r, carried so that every limb fits 26 bits, but limb 1 by a small overhang. */
function multiplyByR(x0: u64, x1: u64, x2: u64, x3: u64, x4: u64): void {
  const r1x5 = r1 * 5, r2x5 = r2 * 5, r3x5 = r3 * 5, r4x5 = r4 * 5;
  const p0 = x0 * r0 + x1 * r4x5 + x2 * r3x5 + x3 * r2x5 + x4 * r1x5;
  const p1 = x0 * r1 + x1 * r0 + x2 * r4x5 + x3 * r3x5 + x4 * r2x5 + (p0 >> 26);
  const p2 = x0 * r2 + x1 * r1 + x2 * r0 + x3 * r4x5 + x4 * r3x5 + (p1 >> 26);
  const p3 = x0 * r3 + x1 * r2 + x2 * r1 + x3 * r0 + x4 * r4x5 + (p2 >> 26);
  const p4 = x0 * r4 + x1 * r3 + x2 * r2 + x3 * r1 + x4 * r0 + (p3 >> 26);
  const wrapped = (p0 & limbMask) + (p4 >> 26) * 5;
  h0 = wrapped & limbMask;
  h1 = (p1 & limbMask) + (wrapped >> 26);
  h2 = p2 & limbMask;
  h3 = p3 & limbMask;
  h4 = p4 & limbMask;
}

/** Brings h below 2^130 - 5, without a branch on what it is. */
function reduce(): void {
  carry();
  carry();
  // h + 5 reaches 2^130 exactly if h is not below 2^130 - 5; the bits below 2^130 are the difference then.
  const g0 = h0 + 5;
  const g1 = h1 + (g0 >> 26);
  const g2 = h2 + (g1 >> 26);
  const g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26);
  const take: u64 = 0 - (g4 >> 26);
  h0 = (h0 & ~take) | (g0 & limbMask & take);
  h1 = (h1 & ~take) | (g1 & limbMask & take);
  h2 = (h2 & ~take) | (g2 & limbMask & take);
  h3 = (h3 & ~take) | (g3 & limbMask & take);
  h4 = (h4 & ~take) | (g4 & limbMask & take);
}

function carry(): void {
  h1 += h0 >> 26;
  h2 += h1 >> 26;
  h3 += h2 >> 26;
  h4 += h3 >> 26;
  h0 = (h0 & limbMask) + (h4 >> 26) * 5;
  h1 &= limbMask;
  h2 &= limbMask;
  h3 &= limbMask;
  h4 &= limbMask;
}
