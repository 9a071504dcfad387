/**
 * SHA-256 of one stream by words, for engines without SIMD. The sixteen words that the schedule still needs are in memory: as
 * locals they do not fit the registers beside the working variables, and what the engine then moves about costs more.
 */
import { roundConstants } from "./sha256-constants";
import { mix, stir } from "./sha256-round";

const words: usize = memory.data(64, 64);

/** Takes blocks into the eight words at `state`. */
export function takeBlocksByWords(state: usize, bytes: usize, blocks: usize): void {
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
    store<u32>(words, bswap<u32>(load<u32>(bytes, 0)), 0);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 4)), 4);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 8)), 8);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 12)), 12);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 16)), 16);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 20)), 20);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 24)), 24);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 28)), 28);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 32)), 32);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 36)), 36);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 40)), 40);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 44)), 44);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 48)), 48);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 52)), 52);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 56)), 56);
    store<u32>(words, bswap<u32>(load<u32>(bytes, 60)), 60);
    let k = roundConstants;
    for (const last = k + 3 * 64; k < last; k += 64) {
      h = stir(h, e, f, g, load<u32>(words, 0) + load<u32>(k, 0)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      extend(0, 4, 36, 56);
      g = stir(g, d, e, f, load<u32>(words, 4) + load<u32>(k, 4)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      extend(4, 8, 40, 60);
      f = stir(f, c, d, e, load<u32>(words, 8) + load<u32>(k, 8)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      extend(8, 12, 44, 0);
      e = stir(e, b, c, d, load<u32>(words, 12) + load<u32>(k, 12)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      extend(12, 16, 48, 4);
      d = stir(d, a, b, c, load<u32>(words, 16) + load<u32>(k, 16)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      extend(16, 20, 52, 8);
      c = stir(c, h, a, b, load<u32>(words, 20) + load<u32>(k, 20)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      extend(20, 24, 56, 12);
      b = stir(b, g, h, a, load<u32>(words, 24) + load<u32>(k, 24)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      extend(24, 28, 60, 16);
      a = stir(a, f, g, h, load<u32>(words, 28) + load<u32>(k, 28)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      extend(28, 32, 0, 20);
      h = stir(h, e, f, g, load<u32>(words, 32) + load<u32>(k, 32)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      extend(32, 36, 4, 24);
      g = stir(g, d, e, f, load<u32>(words, 36) + load<u32>(k, 36)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      extend(36, 40, 8, 28);
      f = stir(f, c, d, e, load<u32>(words, 40) + load<u32>(k, 40)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      extend(40, 44, 12, 32);
      e = stir(e, b, c, d, load<u32>(words, 44) + load<u32>(k, 44)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      extend(44, 48, 16, 36);
      d = stir(d, a, b, c, load<u32>(words, 48) + load<u32>(k, 48)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      extend(48, 52, 20, 40);
      c = stir(c, h, a, b, load<u32>(words, 52) + load<u32>(k, 52)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      extend(52, 56, 24, 44);
      b = stir(b, g, h, a, load<u32>(words, 56) + load<u32>(k, 56)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      extend(56, 60, 28, 48);
      a = stir(a, f, g, h, load<u32>(words, 60) + load<u32>(k, 60)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      extend(60, 0, 32, 52);
    }
    h = stir(h, e, f, g, load<u32>(words, 0) + load<u32>(k, 0)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, load<u32>(words, 4) + load<u32>(k, 4)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, load<u32>(words, 8) + load<u32>(k, 8)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, load<u32>(words, 12) + load<u32>(k, 12)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, load<u32>(words, 16) + load<u32>(k, 16)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, load<u32>(words, 20) + load<u32>(k, 20)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, load<u32>(words, 24) + load<u32>(k, 24)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, load<u32>(words, 28) + load<u32>(k, 28)), e += a;
    y = b ^ c, a += mix(b) + (c ^ (y & x));
    h = stir(h, e, f, g, load<u32>(words, 32) + load<u32>(k, 32)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, load<u32>(words, 36) + load<u32>(k, 36)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, load<u32>(words, 40) + load<u32>(k, 40)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, load<u32>(words, 44) + load<u32>(k, 44)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, load<u32>(words, 48) + load<u32>(k, 48)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, load<u32>(words, 52) + load<u32>(k, 52)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, load<u32>(words, 56) + load<u32>(k, 56)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, load<u32>(words, 60) + load<u32>(k, 60)), e += a;
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

/** Puts the word 16 rounds after that at the offset in its place, out of those 1, 9 and 14 rounds after it. */
@inline
function extend(offset: usize, after1: usize, after9: usize, after14: usize): void {
  const first = load<u32>(words + after1);
  const last = load<u32>(words + after14);
  const low = rotr<u32>(first, 7) ^ rotr<u32>(first, 18) ^ (first >> 3);
  const high = rotr<u32>(last, 17) ^ rotr<u32>(last, 19) ^ (last >> 10);
  store<u32>(words + offset, load<u32>(words + offset) + low + load<u32>(words + after9) + high);
}
