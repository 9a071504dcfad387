/** Arithmetic in GF(2)[x]: bit i of a number is the coefficient of x^i, adding is xor. */

/** Degree of every chunker polynomial. The tables and the lanes below are built on it. */
export const degree: u64 = 53;

function degreeOf(a: u64): i32 {
  return 63 - <i32>clz(a);
}

/** The remainder of a by b; b is not zero. */
export function remainder(a: u64, b: u64): u64 {
  const bDegree = degreeOf(b);
  while (a != 0 && degreeOf(a) >= bDegree) a ^= b << (degreeOf(a) - bDegree);
  return a;
}

/** The remainder of a·x^(8·count), for a of a degree below 53. */
export function shiftBytes(a: u64, count: i32, polynomial: u64): u64 {
  for (let i = 0; i < count; i++) a = remainder(a << 8, polynomial);
  return a;
}
