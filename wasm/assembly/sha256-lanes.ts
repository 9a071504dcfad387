/**
 * SHA-256 of four streams at once: lane n of every vector is stream n. The rounds are those of sha256-blocks.ts.
 */
import { roundConstants } from "./sha256-constants";
import { stateBytes } from "./sha256";

const scratch: usize = memory.data(256, 64);

/** Takes as many blocks from each of four places into the four states that stand one after the other at `states`. */
export function takeBlocksInLanes(states: usize, bytes0: usize, bytes1: usize, bytes2: usize, bytes3: usize, blocks: usize): void {
  let s0 = gather(states + 0);
  let s1 = gather(states + 4);
  let s2 = gather(states + 8);
  let s3 = gather(states + 12);
  let s4 = gather(states + 16);
  let s5 = gather(states + 20);
  let s6 = gather(states + 24);
  let s7 = gather(states + 28);

  for (; blocks > 0; blocks--) {
    let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7;
    let x = b, y = v128.xor(b, c);
    for (let part: usize = 0; part < 64; part += 16) {
      transpose(scratch + part * 4, swapped(bytes0 + part), swapped(bytes1 + part), swapped(bytes2 + part), swapped(bytes3 + part));
    }
    let w0 = v128.load(scratch, 0);
    let w1 = v128.load(scratch, 16);
    let w2 = v128.load(scratch, 32);
    let w3 = v128.load(scratch, 48);
    let w4 = v128.load(scratch, 64);
    let w5 = v128.load(scratch, 80);
    let w6 = v128.load(scratch, 96);
    let w7 = v128.load(scratch, 112);
    let w8 = v128.load(scratch, 128);
    let w9 = v128.load(scratch, 144);
    let w10 = v128.load(scratch, 160);
    let w11 = v128.load(scratch, 176);
    let w12 = v128.load(scratch, 192);
    let w13 = v128.load(scratch, 208);
    let w14 = v128.load(scratch, 224);
    let w15 = v128.load(scratch, 240);
    let k = roundConstants;
    for (const last = k + 3 * 64; k < last; k += 64) {
      h = stir(h, e, f, g, w0, v128.load32_splat(k, 0));
      d = i32x4.add(d, h), x = v128.xor(a, b);
      h = mix(h, a, b, x, y);
      w0 = extend(w0, w1, w9, w14);
      g = stir(g, d, e, f, w1, v128.load32_splat(k, 4));
      c = i32x4.add(c, g), y = v128.xor(h, a);
      g = mix(g, h, a, y, x);
      w1 = extend(w1, w2, w10, w15);
      f = stir(f, c, d, e, w2, v128.load32_splat(k, 8));
      b = i32x4.add(b, f), x = v128.xor(g, h);
      f = mix(f, g, h, x, y);
      w2 = extend(w2, w3, w11, w0);
      e = stir(e, b, c, d, w3, v128.load32_splat(k, 12));
      a = i32x4.add(a, e), y = v128.xor(f, g);
      e = mix(e, f, g, y, x);
      w3 = extend(w3, w4, w12, w1);
      d = stir(d, a, b, c, w4, v128.load32_splat(k, 16));
      h = i32x4.add(h, d), x = v128.xor(e, f);
      d = mix(d, e, f, x, y);
      w4 = extend(w4, w5, w13, w2);
      c = stir(c, h, a, b, w5, v128.load32_splat(k, 20));
      g = i32x4.add(g, c), y = v128.xor(d, e);
      c = mix(c, d, e, y, x);
      w5 = extend(w5, w6, w14, w3);
      b = stir(b, g, h, a, w6, v128.load32_splat(k, 24));
      f = i32x4.add(f, b), x = v128.xor(c, d);
      b = mix(b, c, d, x, y);
      w6 = extend(w6, w7, w15, w4);
      a = stir(a, f, g, h, w7, v128.load32_splat(k, 28));
      e = i32x4.add(e, a), y = v128.xor(b, c);
      a = mix(a, b, c, y, x);
      w7 = extend(w7, w8, w0, w5);
      h = stir(h, e, f, g, w8, v128.load32_splat(k, 32));
      d = i32x4.add(d, h), x = v128.xor(a, b);
      h = mix(h, a, b, x, y);
      w8 = extend(w8, w9, w1, w6);
      g = stir(g, d, e, f, w9, v128.load32_splat(k, 36));
      c = i32x4.add(c, g), y = v128.xor(h, a);
      g = mix(g, h, a, y, x);
      w9 = extend(w9, w10, w2, w7);
      f = stir(f, c, d, e, w10, v128.load32_splat(k, 40));
      b = i32x4.add(b, f), x = v128.xor(g, h);
      f = mix(f, g, h, x, y);
      w10 = extend(w10, w11, w3, w8);
      e = stir(e, b, c, d, w11, v128.load32_splat(k, 44));
      a = i32x4.add(a, e), y = v128.xor(f, g);
      e = mix(e, f, g, y, x);
      w11 = extend(w11, w12, w4, w9);
      d = stir(d, a, b, c, w12, v128.load32_splat(k, 48));
      h = i32x4.add(h, d), x = v128.xor(e, f);
      d = mix(d, e, f, x, y);
      w12 = extend(w12, w13, w5, w10);
      c = stir(c, h, a, b, w13, v128.load32_splat(k, 52));
      g = i32x4.add(g, c), y = v128.xor(d, e);
      c = mix(c, d, e, y, x);
      w13 = extend(w13, w14, w6, w11);
      b = stir(b, g, h, a, w14, v128.load32_splat(k, 56));
      f = i32x4.add(f, b), x = v128.xor(c, d);
      b = mix(b, c, d, x, y);
      w14 = extend(w14, w15, w7, w12);
      a = stir(a, f, g, h, w15, v128.load32_splat(k, 60));
      e = i32x4.add(e, a), y = v128.xor(b, c);
      a = mix(a, b, c, y, x);
      w15 = extend(w15, w0, w8, w13);
    }
    h = stir(h, e, f, g, w0, v128.load32_splat(k, 0));
    d = i32x4.add(d, h), x = v128.xor(a, b);
    h = mix(h, a, b, x, y);
    g = stir(g, d, e, f, w1, v128.load32_splat(k, 4));
    c = i32x4.add(c, g), y = v128.xor(h, a);
    g = mix(g, h, a, y, x);
    f = stir(f, c, d, e, w2, v128.load32_splat(k, 8));
    b = i32x4.add(b, f), x = v128.xor(g, h);
    f = mix(f, g, h, x, y);
    e = stir(e, b, c, d, w3, v128.load32_splat(k, 12));
    a = i32x4.add(a, e), y = v128.xor(f, g);
    e = mix(e, f, g, y, x);
    d = stir(d, a, b, c, w4, v128.load32_splat(k, 16));
    h = i32x4.add(h, d), x = v128.xor(e, f);
    d = mix(d, e, f, x, y);
    c = stir(c, h, a, b, w5, v128.load32_splat(k, 20));
    g = i32x4.add(g, c), y = v128.xor(d, e);
    c = mix(c, d, e, y, x);
    b = stir(b, g, h, a, w6, v128.load32_splat(k, 24));
    f = i32x4.add(f, b), x = v128.xor(c, d);
    b = mix(b, c, d, x, y);
    a = stir(a, f, g, h, w7, v128.load32_splat(k, 28));
    e = i32x4.add(e, a), y = v128.xor(b, c);
    a = mix(a, b, c, y, x);
    h = stir(h, e, f, g, w8, v128.load32_splat(k, 32));
    d = i32x4.add(d, h), x = v128.xor(a, b);
    h = mix(h, a, b, x, y);
    g = stir(g, d, e, f, w9, v128.load32_splat(k, 36));
    c = i32x4.add(c, g), y = v128.xor(h, a);
    g = mix(g, h, a, y, x);
    f = stir(f, c, d, e, w10, v128.load32_splat(k, 40));
    b = i32x4.add(b, f), x = v128.xor(g, h);
    f = mix(f, g, h, x, y);
    e = stir(e, b, c, d, w11, v128.load32_splat(k, 44));
    a = i32x4.add(a, e), y = v128.xor(f, g);
    e = mix(e, f, g, y, x);
    d = stir(d, a, b, c, w12, v128.load32_splat(k, 48));
    h = i32x4.add(h, d), x = v128.xor(e, f);
    d = mix(d, e, f, x, y);
    c = stir(c, h, a, b, w13, v128.load32_splat(k, 52));
    g = i32x4.add(g, c), y = v128.xor(d, e);
    c = mix(c, d, e, y, x);
    b = stir(b, g, h, a, w14, v128.load32_splat(k, 56));
    f = i32x4.add(f, b), x = v128.xor(c, d);
    b = mix(b, c, d, x, y);
    a = stir(a, f, g, h, w15, v128.load32_splat(k, 60));
    e = i32x4.add(e, a), y = v128.xor(b, c);
    a = mix(a, b, c, y, x);
    s0 = i32x4.add(s0, a);
    s1 = i32x4.add(s1, b);
    s2 = i32x4.add(s2, c);
    s3 = i32x4.add(s3, d);
    s4 = i32x4.add(s4, e);
    s5 = i32x4.add(s5, f);
    s6 = i32x4.add(s6, g);
    s7 = i32x4.add(s7, h);
    bytes0 += 64;
    bytes1 += 64;
    bytes2 += 64;
    bytes3 += 64;
  }
  scatter(states + 0, s0);
  scatter(states + 4, s1);
  scatter(states + 8, s2);
  scatter(states + 12, s3);
  scatter(states + 16, s4);
  scatter(states + 20, s5);
  scatter(states + 24, s6);
  scatter(states + 28, s7);
}

@inline
function gather(first: usize): v128 {
  let words = v128.load32_zero(first);
  words = v128.load32_lane(first + stateBytes, words, 1);
  words = v128.load32_lane(first + 2 * stateBytes, words, 2);
  return v128.load32_lane(first + 3 * stateBytes, words, 3);
}

@inline
function scatter(first: usize, words: v128): void {
  v128.store32_lane(first, words, 0);
  v128.store32_lane(first + stateBytes, words, 1);
  v128.store32_lane(first + 2 * stateBytes, words, 2);
  v128.store32_lane(first + 3 * stateBytes, words, 3);
}

/** Four big-endian words. */
@inline
function swapped(bytes: usize): v128 {
  const words = v128.load(bytes);
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

/** Four words of each of four streams become four vectors of one word of all. */
@inline
function transpose(target: usize, of0: v128, of1: v128, of2: v128, of3: v128): void {
  const low01 = i32x4.shuffle(of0, of1, 0, 4, 1, 5);
  const low23 = i32x4.shuffle(of2, of3, 0, 4, 1, 5);
  const high01 = i32x4.shuffle(of0, of1, 2, 6, 3, 7);
  const high23 = i32x4.shuffle(of2, of3, 2, 6, 3, 7);
  v128.store(target, i64x2.shuffle(low01, low23, 0, 2));
  v128.store(target, i64x2.shuffle(low01, low23, 1, 3), 16);
  v128.store(target, i64x2.shuffle(high01, high23, 0, 2), 32);
  v128.store(target, i64x2.shuffle(high01, high23, 1, 3), 48);
}

/** T1 of the round. */
@inline
function stir(h: v128, e: v128, f: v128, g: v128, word: v128, constant: v128): v128 {
  const choice = v128.xor(v128.and(v128.xor(f, g), e), g);
  const sum = v128.xor(v128.xor(rotated(e, 6), rotated(e, 11)), rotated(e, 25));
  return i32x4.add(i32x4.add(i32x4.add(h, i32x4.add(word, constant)), choice), sum);
}

/** T1 + T2. */
@inline
function mix(h: v128, a: v128, b: v128, ab: v128, bc: v128): v128 {
  const majority = v128.xor(b, v128.and(ab, bc));
  const sum = v128.xor(v128.xor(rotated(a, 2), rotated(a, 13)), rotated(a, 22));
  return i32x4.add(i32x4.add(h, majority), sum);
}

@inline
function extend(word: v128, after1: v128, after9: v128, after14: v128): v128 {
  const low = v128.xor(v128.xor(rotated(after1, 7), rotated(after1, 18)), i32x4.shr_u(after1, 3));
  const high = v128.xor(v128.xor(rotated(after14, 17), rotated(after14, 19)), i32x4.shr_u(after14, 10));
  return i32x4.add(i32x4.add(word, low), i32x4.add(after9, high));
}

@inline
function rotated(words: v128, right: i32): v128 {
  return v128.or(i32x4.shr_u(words, right), i32x4.shl(words, 32 - right));
}
