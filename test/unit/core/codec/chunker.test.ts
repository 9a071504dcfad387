import { describe, expect, test } from "vitest";
import { type Bytes, hexOf, sha256 } from "../../../../src/core/base/bytes.ts";
import { Chunker, maximumChunkLength, minimumChunkLength } from "../../../../src/core/codec/chunker.ts";
import { loadKernelBuild } from "../../../../src/core/codec/kernel.ts";
import { parsePolynomial } from "../../../../src/core/codec/polynomial.ts";
import { codecVectors } from "../../../support/codec-vectors.ts";
import { nodeKernelBuilds, nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";
import { digestBefore, ReferenceChunker } from "../../../support/reference-chunker.ts";

const polynomial = parsePolynomial(codecVectors.chunker.polynomial);

function filled(length: number, byte: number): Bytes {
  return new Uint8Array(length).fill(byte);
}

/** The bytes that a case of the vectors describes. */
function inputOf(description: string, length: number): Bytes {
  const seed = /seed (\d+)/.exec(description)?.[1];
  if (seed !== undefined) return noise(Number(seed), length);
  const byte = /byte 0x(\w\w)/.exec(description)?.[1] ?? "00";
  return filled(length, Number.parseInt(byte, 16));
}

test("the test data are those that the vectors are described by", async () => {
  expect(hexOf(noise(1, 16))).toBe(codecVectors.generator.first_16_bytes_seed_1);
  expect(hexOf(noise(7, 16))).toBe(codecVectors.generator.first_16_bytes_seed_7);
  expect(hexOf(await sha256(noise(1, 1 << 20)))).toBe(codecVectors.generator.sha256_1MiB_seed_1);
});

test("the reference agrees with restic, and with the definition of the digest", () => {
  const bytes = noise(42, 16 * 1024 * 1024);
  const ends = new ReferenceChunker(polynomial).cuts(bytes);
  expect(ends.slice(0, 3)).toEqual([1055194, 2027665, 3207690]);
  expect(digestBefore(bytes, 1055194, polynomial)).toBe(0x0008f683ed300000n);
  expect(digestBefore(bytes, 2027665, polynomial)).toBe(0x000f545088400000n);
});

describe.each(nodeKernelBuilds)("%s", (build) => {
  const loading = loadKernelBuild(nodeKernels, build);
  const makeChunker = async () => new Chunker(await loading, polynomial);

  test.each(codecVectors.chunker.cases)(
    "cuts where restic cuts: $input",
    async ({ input, size, sha256: hash, chunks }) => {
      const bytes = inputOf(input, size);
      expect(hexOf(await sha256(bytes))).toBe(hash);
      const ends = (await makeChunker()).cuts(bytes, true);
      expect(ends).toEqual(chunks.map(({ start, length }) => start + length));
      const hashes = await Promise.all(chunks.map(({ start }, i) => sha256(bytes.subarray(start, ends[i]))));
      expect(hashes.map(hexOf)).toEqual(chunks.map((chunk) => chunk.sha256));
    },
  );

  test("an empty file has no chunk", async () => {
    expect((await makeChunker()).cuts(filled(0, 0), true)).toEqual([]);
  });

  test("without the end of the file, only chunks that are whole are given out", async () => {
    const chunker = await makeChunker();
    const bytes = noise(42, 16 * 1024 * 1024);
    expect(chunker.cuts(bytes.subarray(0, 1055193), false)).toEqual([]);
    expect(chunker.cuts(bytes.subarray(0, 1055194), false)).toEqual([1055194]);
    expect(chunker.cuts(bytes.subarray(0, 2027664), false)).toEqual([1055194]);
    expect(chunker.cuts(bytes.subarray(0, 2027664), true)).toEqual([1055194, 2027664]);
  });

  test("windows of any length give the cuts of the whole file", async () => {
    const chunker = await makeChunker();
    const bytes = noise(42, 16 * 1024 * 1024);
    const whole = chunker.cuts(bytes, true);
    for (const windowLength of [8 * 1024 * 1024, 8 * 1024 * 1024 + 1, 9_999_999]) {
      const ends: number[] = [];
      for (let start = 0; start < bytes.length; start = ends.at(-1) ?? bytes.length) {
        const end = Math.min(bytes.length, start + windowLength);
        ends.push(...chunker.cuts(bytes.subarray(start, end), end === bytes.length).map((cut) => start + cut));
      }
      expect(ends).toEqual(whole);
    }
  });

  test("a chunk is cut at the minimum and not before", async () => {
    const chunker = await makeChunker();
    expect(chunker.cuts(filled(minimumChunkLength - 1, 0), false)).toEqual([]);
    expect(chunker.cuts(filled(minimumChunkLength, 0), false)).toEqual([minimumChunkLength]);
    expect(chunker.cuts(filled(minimumChunkLength + 1, 0), false)).toEqual([minimumChunkLength]);
  });

  test("a chunk without a cut ends at the maximum", async () => {
    const chunker = await makeChunker();
    expect(chunker.cuts(filled(maximumChunkLength - 1, 1), false)).toEqual([]);
    expect(chunker.cuts(filled(maximumChunkLength, 1), false)).toEqual([maximumChunkLength]);
    expect(chunker.cuts(filled(maximumChunkLength + 1, 1), false)).toEqual([maximumChunkLength]);
    expect(chunker.cuts(filled(maximumChunkLength, 1), true)).toEqual([maximumChunkLength]);
    expect(chunker.cuts(filled(maximumChunkLength - 1, 1), true)).toEqual([maximumChunkLength - 1]);
  });

  test("what lies before the bytes in their buffer does not matter", async () => {
    const chunker = await makeChunker();
    const bytes = noise(42, 3 * 1024 * 1024);
    const shifted = new Uint8Array(new ArrayBuffer(bytes.length + 77), 77);
    shifted.set(bytes);
    expect(chunker.cuts(shifted, true)).toEqual(chunker.cuts(bytes, true));
  });
});
