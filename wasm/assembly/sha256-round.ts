/**
 * A round of SHA-256, FIPS 180-4, 6.2.2, step 3. Rounds are written out in sixteens, so that the eight working variables
 * change their roles by name instead of by moves. The majority of a, b and c is b ^ ((a ^ b) & (b ^ c)), and b ^ c is the
 * a ^ b of the round before: two variables, x and y, hold them in turn.
 */

/** T1 of the round, `word` being W + K. What waits for e longest is added last. */
@inline
export function stir(h: u32, e: u32, f: u32, g: u32, word: u32): u32 {
  return h + word + (((f ^ g) & e) ^ g) + (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25));
}

/** Σ0. */
@inline
export function mix(a: u32): u32 {
  return rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
}
