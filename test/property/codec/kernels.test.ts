import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, hexOf } from "../../../src/core/base/bytes.ts";
import { Chunker } from "../../../src/core/codec/chunker.ts";
import { loadKernelBuild } from "../../../src/core/codec/kernel.ts";
import { choosePolynomial, type Polynomial, parsePolynomial } from "../../../src/core/codec/polynomial.ts";
import { nodeKernelBuilds, nodeKernels } from "../../support/kernels.ts";
import { noise } from "../../support/noise.ts";
import { digestBefore, plantDigest, ReferenceChunker } from "../../support/reference-chunker.ts";
import { referencePoly1305 } from "../../support/reference-poly1305.ts";

const cutMask = 0xfffff;
/** What the lanes look closer at, though it is no cut. */
const candidateMask = 0x1fff;

const seeds = fc.integer({ min: 1, max: 0x7fffffff });
const polynomials = seeds.map((seed): Polynomial => {
  let next = seed;
  return choosePolynomial((length) => {
    next += 1;
    return noise(next, length);
  });
});

/** Files out of stretches without structure, runs of one byte and short periods: what real files are made of. */
const files = fc
  .array(fc.record({ seed: seeds, kind: fc.constantFrom("noise", "run", "period"), length: fc.nat(3_000_000) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((stretches) => {
    const file = new Uint8Array(stretches.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const { seed, kind, length } of stretches) {
      const period = kind === "noise" ? length : kind === "run" ? 1 : 1 + (seed % 700);
      const pattern = noise(seed, period);
      for (let at = 0; at < length; at += period) {
        file.set(pattern.subarray(0, Math.min(period, length - at)), offset + at);
      }
      offset += length;
    }
    return file;
  });

const keys = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes): Bytes => new Uint8Array(bytes));
/** Ones carry furthest. */
const extremeKeys = fc.constantFrom(
  new Uint8Array(16).fill(0xff),
  new Uint8Array(16),
  Uint8Array.of(...Array(15).fill(0), 1),
);

describe.each(nodeKernelBuilds)("%s", async (build) => {
  const kernel = await loadKernelBuild(nodeKernels, build);

  test("cuts files as the reference does", () => {
    fc.assert(
      fc.property(polynomials, files, (polynomial, file) => {
        expect(new Chunker(kernel, polynomial).cuts(file, true)).toEqual(new ReferenceChunker(polynomial).cuts(file));
      }),
      { numRuns: 15 },
    );
  });

  test("finds the first of some planted cuts, and is not taken in by near misses", () => {
    const positions = fc.array(fc.nat(), { maxLength: 12 });
    fc.assert(
      fc.property(
        polynomials,
        seeds,
        fc.nat(700_000),
        positions,
        positions,
        (polynomial, seed, length, cuts, misses) => {
          const bytes = noise(seed, length + 70);
          const inside = (position: number) => 64 + (position % (bytes.length - 64));
          for (const miss of misses) plantDigest(bytes, inside(miss), candidateMask, polynomial);
          for (const cut of cuts) plantDigest(bytes, inside(cut), cutMask, polynomial);
          const planted = cuts.map(inside).filter((p) => (Number(digestBefore(bytes, p, polynomial)) & cutMask) === 0);
          const found = kernel.findCut(polynomial, bytes, 64, bytes.length);
          expect(found).toBeLessThanOrEqual(Math.min(bytes.length, ...planted));
          if (found < bytes.length) expect(Number(digestBefore(bytes, found, polynomial) & BigInt(cutMask))).toBe(0);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("finds a cut in every lane and at its borders, and none outside the range", () => {
    const polynomial = parsePolynomial("3da3358b4dc173");
    const clean = noise(78, 2 * 32_768 + 200);
    expect(kernel.findCut(polynomial, clean, 64, clean.length + 1)).toBe(clean.length + 1);
    const anywhere = Array.from({ length: 800 }, (_, i) => 100 + 79 * i);
    const borders = Array.from({ length: 32 }, (_, lane) => [63, 64, 65].map((at) => at + 2048 * (lane + 1))).flat();
    for (const position of [...anywhere, ...borders]) {
      const bytes = clean.slice();
      plantDigest(bytes, position, cutMask, polynomial);
      expect(kernel.findCut(polynomial, bytes, 64, bytes.length + 1)).toBe(position);
      expect(kernel.findCut(polynomial, bytes, position, bytes.length + 1)).toBe(position);
      expect(kernel.findCut(polynomial, bytes, 64, position)).toBe(position);
      expect(kernel.findCut(polynomial, bytes, 64, position - 1)).toBe(position - 1);
    }
  });

  test("authenticates as the reference does", () => {
    const lengths = fc.oneof(fc.nat(200), fc.nat(5000), fc.constantFrom(262_143, 262_144, 262_145, 300_001));
    const contents = fc.record({ length: lengths, seed: seeds, fill: fc.option(fc.constantFrom(0, 0xff)) });
    const anyKey = fc.oneof(keys, extremeKeys);
    fc.assert(
      fc.property(anyKey, anyKey, contents, (r, s, { length, seed, fill }) => {
        const message = fill === null ? noise(seed, length) : new Uint8Array(length).fill(fill);
        expect(hexOf(kernel.poly1305(r, s, message))).toBe(hexOf(referencePoly1305(r, s, message)));
      }),
      { numRuns: 300 },
    );
  });
});
