import { type Bytes, randomBytes } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";

/**
 * The irreducible polynomial of degree 53 over GF(2) by which a repository's files are cut into chunks; bit i is the
 * coefficient of x^i. It is stored in the config and decides what deduplicates with what. Made only by parsePolynomial and
 * choosePolynomial.
 */
export type Polynomial = bigint & { readonly polynomialBrand: unique symbol };

const degree = 53;

/** More than enough: about one candidate in 27 is irreducible. */
const maximumAttempts = 10_000;

/**
 * Reads a polynomial as the config has it: hex digits of either case without "0x". Throws FormatError "config-malformed"
 * unless it is irreducible and of degree 53, the only one that restic writes and that the kernels cut by.
 */
export function parsePolynomial(hex: string): Polynomial {
  if (!/^[0-9a-fA-F]{1,16}$/.test(hex)) throw malformed("not a hexadecimal number of 64 bits");
  const value = BigInt(`0x${hex}`);
  if (degreeOf(value) !== degree) throw malformed("the degree is not 53");
  if (!isIrreducible(value)) throw malformed("it is reducible");
  return value as Polynomial;
}

/** The hex digits that the config stores: lower-case, without "0x". */
export function formatPolynomial(polynomial: Polynomial): string {
  return polynomial.toString(16);
}

/** A random irreducible polynomial of degree 53. `random` returns as many fresh random bytes as it is asked for. */
export function choosePolynomial(random: (length: number) => Bytes = randomBytes): Polynomial {
  for (let attempt = 0; attempt < maximumAttempts; attempt++) {
    const bytes = random(8);
    const word = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
    const candidate = BigInt.asUintN(degree, word) | (1n << BigInt(degree)) | 1n;
    if (isIrreducible(candidate)) return candidate as Polynomial;
  }
  throw new RangeError("the random source yields no irreducible polynomial");
}

/**
 * True if the polynomial has no divisor but 1 and itself. Ben-Or's test: a reducible one has a divisor of a degree i of at
 * most half its own, and every such divisor divides x^(2^i) - x.
 */
export function isIrreducible(polynomial: bigint): boolean {
  if (polynomial < 2n) return false;
  const half = Math.floor(degreeOf(polynomial) / 2);
  let power = remainder(2n, polynomial);
  for (let i = 1; i <= half; i++) {
    power = remainder(square(power), polynomial);
    if (greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false;
  }
  return true;
}

function degreeOf(a: bigint): number {
  return a.toString(2).length - 1;
}

/** The square of a polynomial over GF(2) is itself with a zero between every two coefficients. */
function square(a: bigint): bigint {
  return BigInt(`0b${a.toString(2).split("").join("0")}`);
}

function remainder(a: bigint, b: bigint): bigint {
  const bDegree = degreeOf(b);
  let rest = a;
  while (rest !== 0n && degreeOf(rest) >= bDegree) rest ^= b << BigInt(degreeOf(rest) - bDegree);
  return rest;
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, remainder(a, b));
}

function malformed(reason: string): FormatError {
  return new FormatError("config-malformed", { field: "chunker_polynomial", reason });
}
