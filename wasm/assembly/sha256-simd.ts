/**
 * SHA-256 of one stream with SIMD: the rounds are those of the scalar one, but the schedule is made four words at a time. It
 * is done in between the rounds, for it has nothing to do with them: the processor fills with one what the other waits for.
 */
import { roundConstants } from "./sha256-constants";
import { mix, stir } from "./sha256-round";
import { bigEndian, rotated } from "./sha256-vectors";

/** The words of the next sixteen rounds, each with the constant of its round added. */
const words: usize = memory.data(64, 64);

/** Takes blocks into the eight words at `state`. */
export function takeBlocksByVectors(state: usize, bytes: usize, blocks: usize): void {
  let s0 = load<u32>(state);
  let s1 = load<u32>(state, 4);
  let s2 = load<u32>(state, 8);
  let s3 = load<u32>(state, 12);
  let s4 = load<u32>(state, 16);
  let s5 = load<u32>(state, 20);
  let s6 = load<u32>(state, 24);
  let s7 = load<u32>(state, 28);

  for (const end = bytes + (blocks << 6); bytes < end; bytes += 64) {
    let a = s0, b = s1, c = s2, d = s3, e = s4, f = s5, g = s6, h = s7;
    let x: u32 = 0, y = b ^ c;
    let v0 = bigEndian(v128.load(bytes, 0));
    let v4 = bigEndian(v128.load(bytes, 16));
    let v8 = bigEndian(v128.load(bytes, 32));
    let v12 = bigEndian(v128.load(bytes, 48));
    let k = roundConstants;
    v128.store(words, i32x4.add(v0, v128.load(k, 0)), 0);
    v128.store(words, i32x4.add(v4, v128.load(k, 16)), 16);
    v128.store(words, i32x4.add(v8, v128.load(k, 32)), 32);
    v128.store(words, i32x4.add(v12, v128.load(k, 48)), 48);
    for (const last = k + 3 * 64; k < last; k += 64) {
      h = stir(h, e, f, g, load<u32>(words, 0)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      g = stir(g, d, e, f, load<u32>(words, 4)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      f = stir(f, c, d, e, load<u32>(words, 8)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      e = stir(e, b, c, d, load<u32>(words, 12)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      v0 = extend(v0, v4, v8, v12);
      v128.store(words, i32x4.add(v0, v128.load(k, 64)), 0);
      d = stir(d, a, b, c, load<u32>(words, 16)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      c = stir(c, h, a, b, load<u32>(words, 20)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      b = stir(b, g, h, a, load<u32>(words, 24)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      a = stir(a, f, g, h, load<u32>(words, 28)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      v4 = extend(v4, v8, v12, v0);
      v128.store(words, i32x4.add(v4, v128.load(k, 80)), 16);
      h = stir(h, e, f, g, load<u32>(words, 32)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      g = stir(g, d, e, f, load<u32>(words, 36)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      f = stir(f, c, d, e, load<u32>(words, 40)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      e = stir(e, b, c, d, load<u32>(words, 44)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      v8 = extend(v8, v12, v0, v4);
      v128.store(words, i32x4.add(v8, v128.load(k, 96)), 32);
      d = stir(d, a, b, c, load<u32>(words, 48)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      c = stir(c, h, a, b, load<u32>(words, 52)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      b = stir(b, g, h, a, load<u32>(words, 56)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      a = stir(a, f, g, h, load<u32>(words, 60)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      v12 = extend(v12, v0, v4, v8);
      v128.store(words, i32x4.add(v12, v128.load(k, 112)), 48);
    }
    h = stir(h, e, f, g, load<u32>(words, 0)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, load<u32>(words, 4)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, load<u32>(words, 8)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, load<u32>(words, 12)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, load<u32>(words, 16)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, load<u32>(words, 20)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, load<u32>(words, 24)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, load<u32>(words, 28)), e += a;
    y = b ^ c, a += mix(b) + (c ^ (y & x));
    h = stir(h, e, f, g, load<u32>(words, 32)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, load<u32>(words, 36)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, load<u32>(words, 40)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, load<u32>(words, 44)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, load<u32>(words, 48)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, load<u32>(words, 52)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, load<u32>(words, 56)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, load<u32>(words, 60)), e += a;
    y = b ^ c, a += mix(b) + (c ^ (y & x));
    s0 += a;
    s1 += b;
    s2 += c;
    s3 += d;
    s4 += e;
    s5 += f;
    s6 += g;
    s7 += h;
  }
  store<u32>(state, s0);
  store<u32>(state, s1, 4);
  store<u32>(state, s2, 8);
  store<u32>(state, s3, 12);
  store<u32>(state, s4, 16);
  store<u32>(state, s5, 20);
  store<u32>(state, s6, 24);
  store<u32>(state, s7, 28);
}

/** The words of the schedule 16 rounds after the first four, out of these and the twelve after them. */
@inline
function extend(first: v128, after4: v128, after8: v128, after12: v128): v128 {
  const zero = i32x4.splat(0);
  const after1 = i32x4.shuffle(first, after4, 1, 2, 3, 4);
  const after9 = i32x4.shuffle(after8, after12, 1, 2, 3, 4);
  const low = v128.xor(v128.xor(rotated(after1, 7), rotated(after1, 18)), i32x4.shr_u(after1, 3));
  const sum = i32x4.add(i32x4.add(first, low), after9);
  // The upper two words need the lower two. A zero adds nothing, so each half is completed while the other keeps its value.
  const half = i32x4.add(sum, high(i32x4.shuffle(after12, zero, 2, 3, 4, 5)));
  return i32x4.add(half, high(i32x4.shuffle(zero, half, 0, 1, 4, 5)));
}

@inline
function high(last: v128): v128 {
  return v128.xor(v128.xor(rotated(last, 17), rotated(last, 19)), i32x4.shr_u(last, 10));
}
