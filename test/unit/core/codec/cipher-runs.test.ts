import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, bytesOfHex, equalBytes, hexOf } from "../../../../src/core/base/bytes.ts";
import {
  Cipher,
  generateMasterKey,
  importMasterKey,
  type SealedText,
  sealOverhead,
} from "../../../../src/core/codec/cipher.ts";
import { segmentLength } from "../../../../src/core/codec/counter-mode.ts";
import { CounterRun, runsOf } from "../../../../src/core/codec/counter-run.ts";
import { loadKernelBuild } from "../../../../src/core/codec/kernel.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const kernel = await loadKernelBuild(nodeKernels, "scalar");
const master = generateMasterKey();
const cipher = new Cipher(await importMasterKey(master), kernel);

function textsOf(lengths: readonly number[]): SealedText[] {
  return lengths.map((length, i) => ({
    plain: noise(i + 1, length),
    sealed: new Uint8Array(length + sealOverhead),
  }));
}

const lengths = fc.array(
  fc.oneof(
    fc.integer({ min: 0, max: 70 }),
    fc.integer({ min: 4000, max: 6000 }),
    fc.integer({ min: 49_000, max: 49_300 }),
    fc.constant(300_000),
  ),
  { maxLength: 90 },
);

describe("texts that are sealed together", () => {
  test("open one by one, and together, to what they were", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (given) => {
        const texts = textsOf(given);
        await cipher.sealEachInto(texts);
        for (const { plain, sealed } of texts) expect(equalBytes(await cipher.open(sealed), plain)).toBe(true);
        expect(await cipher.opensEachTo(texts)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("use no counter twice, whatever their lengths", async () => {
    await fc.assert(
      fc.asyncProperty(lengths, async (given) => {
        const texts = textsOf(given);
        await cipher.sealEachInto(texts);
        const used = texts.map(({ plain, sealed }) => {
          const first = BigInt(`0x${hexOf(sealed.subarray(0, 16))}`);
          return { first, end: first + BigInt(Math.max(1, Math.ceil(plain.length / 16))) };
        });
        used.sort((a, b) => (a.first < b.first ? -1 : 1));
        for (const [i, { first }] of used.entries()) expect(first >= (used[i - 1]?.end ?? 0n)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("begin somewhere else each time", async () => {
    const [first, second] = [textsOf([10, 20]), textsOf([10, 20])];
    await cipher.sealEachInto(first);
    await cipher.sealEachInto(second);
    expect(hexOf(first[0]?.sealed as Bytes)).not.toBe(hexOf(second[0]?.sealed as Bytes));
  });

  test.each([0, 16, 40, 64])("are not what they were when byte %i of one is altered", async (at) => {
    const texts = textsOf([100, 60, 5000]);
    await cipher.sealEachInto(texts);
    for (const { sealed } of texts) {
      const position = Math.min(at, sealed.length - 1);
      sealed[position] = (sealed[position] ?? 0) ^ 4;
      expect(await cipher.opensEachTo(texts)).toBe(false);
      sealed[position] = (sealed[position] ?? 0) ^ 4;
    }
    expect(await cipher.opensEachTo(texts)).toBe(true);
  });

  test("are not taken for other texts", async () => {
    const texts = textsOf([100, 5000]);
    await cipher.sealEachInto(texts);
    const [first, second] = texts as [SealedText, SealedText];
    expect(await cipher.opensEachTo([{ ...first, plain: noise(9, 100) }, second])).toBe(false);
    expect(await cipher.opensEachTo([{ ...first, plain: first.plain.subarray(1) }, second])).toBe(false);
    expect(await cipher.opensEachTo([second, first])).toBe(false);
  });

  test("are not sealed with a cipher that was wiped", async () => {
    const wiped = new Cipher(await importMasterKey(master), kernel);
    wiped.wipe();
    await expect(wiped.sealEachInto(textsOf([10]))).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a run of counters", () => {
  test("goes on from the largest counter to zero", () => {
    const run = new CounterRun(bytesOfHex("ff".repeat(16)), [16, 1, 0, 33, 5]);
    const counters = [0, 1, 2, 3, 4].map((text) => hexOf(run.counter(text)));
    expect(counters).toEqual(["ff".repeat(16), ...["00", "01", "02", "05"].map((end) => end.padStart(32, "0"))]);
  });

  test("is no longer than a segment, and has no text that belongs to another", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 48 * 1024 }), { maxLength: 100 }), (given) => {
        const runs = [...runsOf(given, (length) => length)];
        expect(runs.flat()).toEqual(given);
        expect(runs.every((run) => run.length > 0)).toBe(true);
        for (const run of runs) expect(() => new CounterRun(new Uint8Array(16), run)).not.toThrow();
      }),
    );
    expect(() => new CounterRun(new Uint8Array(16), [segmentLength, 1])).toThrow(RangeError);
  });
});
