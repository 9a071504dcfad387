import { expect, test } from "vitest";
import { FormatError } from "../../../../src/core/base/errors.ts";
import {
  choosePolynomial,
  formatPolynomial,
  isIrreducible,
  parsePolynomial,
} from "../../../../src/core/codec/polynomial.ts";
import { codecVectors } from "../../../support/codec-vectors.ts";
import { noise } from "../../../support/noise.ts";

/** Remainder in GF(2)[x] by long division. */
function remainder(a: number, b: number): number {
  let rest = a;
  while (Math.clz32(rest) <= Math.clz32(b) && rest !== 0) rest ^= b << (Math.clz32(b) - Math.clz32(rest));
  return rest;
}

test("for all polynomials of up to degree 10 the test agrees with division by every smaller one", () => {
  for (let candidate = 2; candidate < 1 << 11; candidate++) {
    let hasDivisor = false;
    for (let divisor = 2; divisor < candidate && Math.clz32(divisor) > Math.clz32(candidate); divisor++) {
      hasDivisor ||= remainder(candidate, divisor) === 0;
    }
    expect(isIrreducible(BigInt(candidate)), candidate.toString(2)).toBe(!hasDivisor);
  }
});

test("polynomials of real repositories are accepted, in digits of either case", () => {
  for (const hex of [codecVectors.chunker.polynomial, "33e47a8a42533b"]) {
    expect(formatPolynomial(parsePolynomial(hex))).toBe(hex);
    expect(parsePolynomial(hex.toUpperCase())).toBe(parsePolynomial(hex));
  }
});

test.each([
  ["a prefix", "0x3da3358b4dc173"],
  ["nothing", ""],
  ["a sign", "-3da3358b4dc173"],
  ["white space", " 3da3358b4dc173"],
  ["no number", "polynomial"],
  ["more than 64 bits", "13da3358b4dc173aa"],
  ["a huge number", "3".repeat(100_000)],
  ["zero", "0"],
  ["a reducible one", "3da3358b4dc172"],
  ["an irreducible one of another degree", "11b"],
])("%s is no polynomial", (_, hex) => {
  expect(() => parsePolynomial(hex)).toThrow(FormatError);
  expect(() => parsePolynomial(hex)).toThrow("config-malformed");
});

test("chosen polynomials have degree 53, are irreducible and differ", () => {
  const chosen = Array.from({ length: 5 }, () => choosePolynomial());
  for (const polynomial of chosen) {
    expect(polynomial >> 53n).toBe(1n);
    expect(parsePolynomial(formatPolynomial(polynomial))).toBe(polynomial);
  }
  expect(new Set(chosen).size).toBe(chosen.length);
});

test("the choice follows its random bytes: the first irreducible candidate is taken", () => {
  const stream = noise(9, 8 * 500);
  let used = 0;
  const chosen = choosePolynomial((length) => {
    used += length;
    return stream.subarray(used - length, used);
  });
  const words = new DataView(stream.buffer);
  const candidates = Array.from({ length: used / 8 }, (_, i) => {
    return BigInt.asUintN(53, words.getBigUint64(8 * i, true)) | (1n << 53n) | 1n;
  });
  expect(candidates.pop()).toBe(chosen);
  expect(candidates.some(isIrreducible)).toBe(false);
});

test("a broken random source is an error, not an endless search", () => {
  expect(() => choosePolynomial((length) => new Uint8Array(length))).toThrow(RangeError);
});
