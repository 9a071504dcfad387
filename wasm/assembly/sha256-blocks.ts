/**
 * SHA-256 of one stream, FIPS 180-4, 6.2.2: whole blocks of 64 bytes. Sixteen rounds after sixteen are written out, so that
 * the eight working variables change their roles by name instead of by moves, and the sixteen words that the schedule still
 * needs are locals. x and y hold a ^ b of this round and of the one before, where it was the b ^ c of this one: with both,
 * the majority of a, b and c is b ^ ((a ^ b) & (b ^ c)).
 */
import { roundConstants } from "./sha256-constants";

/** Takes blocks into the eight words at `state`. */
export function takeBlocks(state: usize, bytes: usize, blocks: usize): void {
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
    let w0 = bswap<u32>(load<u32>(bytes, 0));
    let w1 = bswap<u32>(load<u32>(bytes, 4));
    let w2 = bswap<u32>(load<u32>(bytes, 8));
    let w3 = bswap<u32>(load<u32>(bytes, 12));
    let w4 = bswap<u32>(load<u32>(bytes, 16));
    let w5 = bswap<u32>(load<u32>(bytes, 20));
    let w6 = bswap<u32>(load<u32>(bytes, 24));
    let w7 = bswap<u32>(load<u32>(bytes, 28));
    let w8 = bswap<u32>(load<u32>(bytes, 32));
    let w9 = bswap<u32>(load<u32>(bytes, 36));
    let w10 = bswap<u32>(load<u32>(bytes, 40));
    let w11 = bswap<u32>(load<u32>(bytes, 44));
    let w12 = bswap<u32>(load<u32>(bytes, 48));
    let w13 = bswap<u32>(load<u32>(bytes, 52));
    let w14 = bswap<u32>(load<u32>(bytes, 56));
    let w15 = bswap<u32>(load<u32>(bytes, 60));
    let k = roundConstants;
    for (const last = k + 3 * 64; k < last; k += 64) {
      h = stir(h, e, f, g, w0 + load<u32>(k, 0)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      w0 = extend(w0, w1, w9, w14);
      g = stir(g, d, e, f, w1 + load<u32>(k, 4)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      w1 = extend(w1, w2, w10, w15);
      f = stir(f, c, d, e, w2 + load<u32>(k, 8)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      w2 = extend(w2, w3, w11, w0);
      e = stir(e, b, c, d, w3 + load<u32>(k, 12)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      w3 = extend(w3, w4, w12, w1);
      d = stir(d, a, b, c, w4 + load<u32>(k, 16)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      w4 = extend(w4, w5, w13, w2);
      c = stir(c, h, a, b, w5 + load<u32>(k, 20)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      w5 = extend(w5, w6, w14, w3);
      b = stir(b, g, h, a, w6 + load<u32>(k, 24)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      w6 = extend(w6, w7, w15, w4);
      a = stir(a, f, g, h, w7 + load<u32>(k, 28)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      w7 = extend(w7, w8, w0, w5);
      h = stir(h, e, f, g, w8 + load<u32>(k, 32)), d += h;
      x = a ^ b, h += mix(a) + (b ^ (x & y));
      w8 = extend(w8, w9, w1, w6);
      g = stir(g, d, e, f, w9 + load<u32>(k, 36)), c += g;
      y = h ^ a, g += mix(h) + (a ^ (y & x));
      w9 = extend(w9, w10, w2, w7);
      f = stir(f, c, d, e, w10 + load<u32>(k, 40)), b += f;
      x = g ^ h, f += mix(g) + (h ^ (x & y));
      w10 = extend(w10, w11, w3, w8);
      e = stir(e, b, c, d, w11 + load<u32>(k, 44)), a += e;
      y = f ^ g, e += mix(f) + (g ^ (y & x));
      w11 = extend(w11, w12, w4, w9);
      d = stir(d, a, b, c, w12 + load<u32>(k, 48)), h += d;
      x = e ^ f, d += mix(e) + (f ^ (x & y));
      w12 = extend(w12, w13, w5, w10);
      c = stir(c, h, a, b, w13 + load<u32>(k, 52)), g += c;
      y = d ^ e, c += mix(d) + (e ^ (y & x));
      w13 = extend(w13, w14, w6, w11);
      b = stir(b, g, h, a, w14 + load<u32>(k, 56)), f += b;
      x = c ^ d, b += mix(c) + (d ^ (x & y));
      w14 = extend(w14, w15, w7, w12);
      a = stir(a, f, g, h, w15 + load<u32>(k, 60)), e += a;
      y = b ^ c, a += mix(b) + (c ^ (y & x));
      w15 = extend(w15, w0, w8, w13);
    }
    h = stir(h, e, f, g, w0 + load<u32>(k, 0)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, w1 + load<u32>(k, 4)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, w2 + load<u32>(k, 8)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, w3 + load<u32>(k, 12)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, w4 + load<u32>(k, 16)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, w5 + load<u32>(k, 20)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, w6 + load<u32>(k, 24)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, w7 + load<u32>(k, 28)), e += a;
    y = b ^ c, a += mix(b) + (c ^ (y & x));
    h = stir(h, e, f, g, w8 + load<u32>(k, 32)), d += h;
    x = a ^ b, h += mix(a) + (b ^ (x & y));
    g = stir(g, d, e, f, w9 + load<u32>(k, 36)), c += g;
    y = h ^ a, g += mix(h) + (a ^ (y & x));
    f = stir(f, c, d, e, w10 + load<u32>(k, 40)), b += f;
    x = g ^ h, f += mix(g) + (h ^ (x & y));
    e = stir(e, b, c, d, w11 + load<u32>(k, 44)), a += e;
    y = f ^ g, e += mix(f) + (g ^ (y & x));
    d = stir(d, a, b, c, w12 + load<u32>(k, 48)), h += d;
    x = e ^ f, d += mix(e) + (f ^ (x & y));
    c = stir(c, h, a, b, w13 + load<u32>(k, 52)), g += c;
    y = d ^ e, c += mix(d) + (e ^ (y & x));
    b = stir(b, g, h, a, w14 + load<u32>(k, 56)), f += b;
    x = c ^ d, b += mix(c) + (d ^ (x & y));
    a = stir(a, f, g, h, w15 + load<u32>(k, 60)), e += a;
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

/** T1 of the round, `word` being W + K. What waits for e longest is added last. */
@inline
function stir(h: u32, e: u32, f: u32, g: u32, word: u32): u32 {
  return h + word + (((f ^ g) & e) ^ g) + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25));
}

/** Σ0. */
@inline
function mix(a: u32): u32 {
  return rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
}

/** The word of the schedule 16 rounds after `word`, out of those 1, 9 and 14 rounds after it. */
@inline
function extend(word: u32, after1: u32, after9: u32, after14: u32): u32 {
  const low = rotr<u32>(after1, 7) ^ rotr<u32>(after1, 18) ^ (after1 >> 3);
  const high = rotr<u32>(after14, 17) ^ rotr<u32>(after14, 19) ^ (after14 >> 10);
  return word + low + after9 + high;
}
