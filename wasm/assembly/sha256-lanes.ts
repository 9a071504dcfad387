/**
 * SHA-256 of four streams at once: lane n of every vector is stream n, and the rounds are those of sha256-round.ts. The words
 * of the schedule are in memory: there are no registers for them beside the working variables.
 */
import { roundConstants, stateBytes } from "./sha256-constants";
import { bigEndian, rotated } from "./sha256-vectors";

/** The sixteen words that the schedule still needs, a vector each. */
const words: usize = memory.data(256, 64);

/** Takes as many blocks from each of four places into the four states that stand one after the other at `states`. */
export function takeBlocksInLanes(
  states: usize,
  bytes0: usize,
  bytes1: usize,
  bytes2: usize,
  bytes3: usize,
  blocks: usize,
): void {
  let s0 = gather(states);
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
      const of0 = loadFour(bytes0 + part);
      const of1 = loadFour(bytes1 + part);
      const of2 = loadFour(bytes2 + part);
      const of3 = loadFour(bytes3 + part);
      transpose(words + part * 4, of0, of1, of2, of3);
    }
    let k = roundConstants;
    for (const last = k + 3 * 64; k < last; k += 64) {
      h = stir(h, e, f, g, v128.load(words, 0), v128.load32_splat(k, 0));
      d = i32x4.add(d, h), x = v128.xor(a, b);
      h = mix(h, a, b, x, y);
      v128.store(words, extend(v128.load(words, 0), v128.load(words, 16), v128.load(words, 144), v128.load(words, 224)), 0);
      g = stir(g, d, e, f, v128.load(words, 16), v128.load32_splat(k, 4));
      c = i32x4.add(c, g), y = v128.xor(h, a);
      g = mix(g, h, a, y, x);
      v128.store(words, extend(v128.load(words, 16), v128.load(words, 32), v128.load(words, 160), v128.load(words, 240)), 16);
      f = stir(f, c, d, e, v128.load(words, 32), v128.load32_splat(k, 8));
      b = i32x4.add(b, f), x = v128.xor(g, h);
      f = mix(f, g, h, x, y);
      v128.store(words, extend(v128.load(words, 32), v128.load(words, 48), v128.load(words, 176), v128.load(words, 0)), 32);
      e = stir(e, b, c, d, v128.load(words, 48), v128.load32_splat(k, 12));
      a = i32x4.add(a, e), y = v128.xor(f, g);
      e = mix(e, f, g, y, x);
      v128.store(words, extend(v128.load(words, 48), v128.load(words, 64), v128.load(words, 192), v128.load(words, 16)), 48);
      d = stir(d, a, b, c, v128.load(words, 64), v128.load32_splat(k, 16));
      h = i32x4.add(h, d), x = v128.xor(e, f);
      d = mix(d, e, f, x, y);
      v128.store(words, extend(v128.load(words, 64), v128.load(words, 80), v128.load(words, 208), v128.load(words, 32)), 64);
      c = stir(c, h, a, b, v128.load(words, 80), v128.load32_splat(k, 20));
      g = i32x4.add(g, c), y = v128.xor(d, e);
      c = mix(c, d, e, y, x);
      v128.store(words, extend(v128.load(words, 80), v128.load(words, 96), v128.load(words, 224), v128.load(words, 48)), 80);
      b = stir(b, g, h, a, v128.load(words, 96), v128.load32_splat(k, 24));
      f = i32x4.add(f, b), x = v128.xor(c, d);
      b = mix(b, c, d, x, y);
      v128.store(words, extend(v128.load(words, 96), v128.load(words, 112), v128.load(words, 240), v128.load(words, 64)), 96);
      a = stir(a, f, g, h, v128.load(words, 112), v128.load32_splat(k, 28));
      e = i32x4.add(e, a), y = v128.xor(b, c);
      a = mix(a, b, c, y, x);
      v128.store(words, extend(v128.load(words, 112), v128.load(words, 128), v128.load(words, 0), v128.load(words, 80)), 112);
      h = stir(h, e, f, g, v128.load(words, 128), v128.load32_splat(k, 32));
      d = i32x4.add(d, h), x = v128.xor(a, b);
      h = mix(h, a, b, x, y);
      v128.store(words, extend(v128.load(words, 128), v128.load(words, 144), v128.load(words, 16), v128.load(words, 96)), 128);
      g = stir(g, d, e, f, v128.load(words, 144), v128.load32_splat(k, 36));
      c = i32x4.add(c, g), y = v128.xor(h, a);
      g = mix(g, h, a, y, x);
      v128.store(words, extend(v128.load(words, 144), v128.load(words, 160), v128.load(words, 32), v128.load(words, 112)), 144);
      f = stir(f, c, d, e, v128.load(words, 160), v128.load32_splat(k, 40));
      b = i32x4.add(b, f), x = v128.xor(g, h);
      f = mix(f, g, h, x, y);
      v128.store(words, extend(v128.load(words, 160), v128.load(words, 176), v128.load(words, 48), v128.load(words, 128)), 160);
      e = stir(e, b, c, d, v128.load(words, 176), v128.load32_splat(k, 44));
      a = i32x4.add(a, e), y = v128.xor(f, g);
      e = mix(e, f, g, y, x);
      v128.store(words, extend(v128.load(words, 176), v128.load(words, 192), v128.load(words, 64), v128.load(words, 144)), 176);
      d = stir(d, a, b, c, v128.load(words, 192), v128.load32_splat(k, 48));
      h = i32x4.add(h, d), x = v128.xor(e, f);
      d = mix(d, e, f, x, y);
      v128.store(words, extend(v128.load(words, 192), v128.load(words, 208), v128.load(words, 80), v128.load(words, 160)), 192);
      c = stir(c, h, a, b, v128.load(words, 208), v128.load32_splat(k, 52));
      g = i32x4.add(g, c), y = v128.xor(d, e);
      c = mix(c, d, e, y, x);
      v128.store(words, extend(v128.load(words, 208), v128.load(words, 224), v128.load(words, 96), v128.load(words, 176)), 208);
      b = stir(b, g, h, a, v128.load(words, 224), v128.load32_splat(k, 56));
      f = i32x4.add(f, b), x = v128.xor(c, d);
      b = mix(b, c, d, x, y);
      v128.store(words, extend(v128.load(words, 224), v128.load(words, 240), v128.load(words, 112), v128.load(words, 192)), 224);
      a = stir(a, f, g, h, v128.load(words, 240), v128.load32_splat(k, 60));
      e = i32x4.add(e, a), y = v128.xor(b, c);
      a = mix(a, b, c, y, x);
      v128.store(words, extend(v128.load(words, 240), v128.load(words, 0), v128.load(words, 128), v128.load(words, 208)), 240);
    }
    h = stir(h, e, f, g, v128.load(words, 0), v128.load32_splat(k, 0));
    d = i32x4.add(d, h), x = v128.xor(a, b);
    h = mix(h, a, b, x, y);
    g = stir(g, d, e, f, v128.load(words, 16), v128.load32_splat(k, 4));
    c = i32x4.add(c, g), y = v128.xor(h, a);
    g = mix(g, h, a, y, x);
    f = stir(f, c, d, e, v128.load(words, 32), v128.load32_splat(k, 8));
    b = i32x4.add(b, f), x = v128.xor(g, h);
    f = mix(f, g, h, x, y);
    e = stir(e, b, c, d, v128.load(words, 48), v128.load32_splat(k, 12));
    a = i32x4.add(a, e), y = v128.xor(f, g);
    e = mix(e, f, g, y, x);
    d = stir(d, a, b, c, v128.load(words, 64), v128.load32_splat(k, 16));
    h = i32x4.add(h, d), x = v128.xor(e, f);
    d = mix(d, e, f, x, y);
    c = stir(c, h, a, b, v128.load(words, 80), v128.load32_splat(k, 20));
    g = i32x4.add(g, c), y = v128.xor(d, e);
    c = mix(c, d, e, y, x);
    b = stir(b, g, h, a, v128.load(words, 96), v128.load32_splat(k, 24));
    f = i32x4.add(f, b), x = v128.xor(c, d);
    b = mix(b, c, d, x, y);
    a = stir(a, f, g, h, v128.load(words, 112), v128.load32_splat(k, 28));
    e = i32x4.add(e, a), y = v128.xor(b, c);
    a = mix(a, b, c, y, x);
    h = stir(h, e, f, g, v128.load(words, 128), v128.load32_splat(k, 32));
    d = i32x4.add(d, h), x = v128.xor(a, b);
    h = mix(h, a, b, x, y);
    g = stir(g, d, e, f, v128.load(words, 144), v128.load32_splat(k, 36));
    c = i32x4.add(c, g), y = v128.xor(h, a);
    g = mix(g, h, a, y, x);
    f = stir(f, c, d, e, v128.load(words, 160), v128.load32_splat(k, 40));
    b = i32x4.add(b, f), x = v128.xor(g, h);
    f = mix(f, g, h, x, y);
    e = stir(e, b, c, d, v128.load(words, 176), v128.load32_splat(k, 44));
    a = i32x4.add(a, e), y = v128.xor(f, g);
    e = mix(e, f, g, y, x);
    d = stir(d, a, b, c, v128.load(words, 192), v128.load32_splat(k, 48));
    h = i32x4.add(h, d), x = v128.xor(e, f);
    d = mix(d, e, f, x, y);
    c = stir(c, h, a, b, v128.load(words, 208), v128.load32_splat(k, 52));
    g = i32x4.add(g, c), y = v128.xor(d, e);
    c = mix(c, d, e, y, x);
    b = stir(b, g, h, a, v128.load(words, 224), v128.load32_splat(k, 56));
    f = i32x4.add(f, b), x = v128.xor(c, d);
    b = mix(b, c, d, x, y);
    a = stir(a, f, g, h, v128.load(words, 240), v128.load32_splat(k, 60));
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
  scatter(states, s0);
  scatter(states + 4, s1);
  scatter(states + 8, s2);
  scatter(states + 12, s3);
  scatter(states + 16, s4);
  scatter(states + 20, s5);
  scatter(states + 24, s6);
  scatter(states + 28, s7);
}

/** The same word of all four states. */
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

/** Four words of one stream. */
@inline
function loadFour(bytes: usize): v128 {
  return bigEndian(v128.load(bytes));
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
  // A bitselect would say it in one, but engines make more of it.
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

/** The word of the schedule 16 rounds after `word`, out of those 1, 9 and 14 rounds after it. */
@inline
function extend(word: v128, after1: v128, after9: v128, after14: v128): v128 {
  const low = v128.xor(v128.xor(rotated(after1, 7), rotated(after1, 18)), i32x4.shr_u(after1, 3));
  const high = v128.xor(v128.xor(rotated(after14, 17), rotated(after14, 19)), i32x4.shr_u(after14, 10));
  return i32x4.add(i32x4.add(word, low), i32x4.add(after9, high));
}
