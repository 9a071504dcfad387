import type { Bytes } from "../../src/core/base/bytes.ts";
import { hexOf } from "../../src/core/base/bytes.ts";
import { Chunker } from "../../src/core/codec/chunker.ts";
import type { Kernel } from "../../src/core/codec/kernel.ts";
import { parsePolynomial } from "../../src/core/codec/polynomial.ts";
import { noise } from "./noise.ts";
import { plantDigest, ReferenceChunker } from "./reference-chunker.ts";
import { referencePoly1305 } from "./reference-poly1305.ts";

/** What a kernel, or the references, make of the same inputs: equal for every build, wherever it runs. */
export interface KernelAnswers {
  cuts: number[];
  plantedCuts: number[];
  tags: string[];
}

const polynomial = parsePolynomial("3da3358b4dc173");

/** Positions in every lane and pair, at the borders of stripes and of pieces, and in the rest that is too short for lanes. */
const plantedPositions = [
  64, 65, 2111, 2112, 2113, 30_000, 32_831, 32_832, 32_833, 50_001, 262_207, 262_208, 262_209, 299_999,
];

export function kernelAnswers(kernel: Kernel): KernelAnswers {
  return {
    cuts: new Chunker(kernel, polynomial).cuts(sampleFile(), true),
    plantedCuts: plantedPositions.map((position) => {
      const bytes = plantedBytes(position);
      return kernel.findCut(polynomial, bytes, 64, bytes.length + 1);
    }),
    tags: messages().map(({ r, s, message }) => hexOf(kernel.poly1305(r, s, message))),
  };
}

export function referenceAnswers(): KernelAnswers {
  return {
    cuts: new ReferenceChunker(polynomial).cuts(sampleFile()),
    plantedCuts: plantedPositions,
    tags: messages().map(({ r, s, message }) => hexOf(referencePoly1305(r, s, message))),
  };
}

/** Noise, a run that is cut at once, a run that is never cut, noise again. */
function sampleFile(): Bytes {
  const file = noise(42, 24 * 1024 * 1024);
  file.fill(0, 5_000_000, 7_000_000);
  file.fill(1, 8_000_000, 18_000_000);
  return file;
}

/** Noise that has no cut but the planted one. */
function plantedBytes(position: number): Bytes {
  const bytes = noise(71, 300_000);
  plantDigest(bytes, position, 0xfffff, polynomial);
  return bytes;
}

function messages(): { r: Bytes; s: Bytes; message: Bytes }[] {
  const lengths = [...Array(100).keys(), 1000, 4096, 262_143, 262_144, 262_145, 600_001];
  return lengths.flatMap((length) => [
    { r: noise(length + 1, 16), s: noise(length + 2, 16), message: noise(length + 3, length) },
    { r: ones(16), s: ones(16), message: ones(length) },
  ]);
}

function ones(length: number): Bytes {
  return new Uint8Array(length).fill(0xff);
}
