/** What the hashing of one stream and of four does with vectors of four words. */

/** Turned right by so many bits. */
@inline
export function rotated(words: v128, right: i32): v128 {
  return v128.or(i32x4.shr_u(words, right), i32x4.shl(words, 32 - right));
}

/** Four words as they stand in a message. */
@inline
export function bigEndian(words: v128): v128 {
  return i8x16.shuffle(words, words, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}
