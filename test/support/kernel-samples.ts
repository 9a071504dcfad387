import type { Bytes } from "../../src/core/base/bytes.ts";
import { hexOf, sha256 } from "../../src/core/base/bytes.ts";
import { Chunker } from "../../src/core/codec/chunker.ts";
import type { Kernel } from "../../src/core/codec/kernel.ts";
import { parsePolynomial } from "../../src/core/codec/polynomial.ts";
import { hashAll } from "../../src/core/codec/sha256.ts";
import { noise } from "./noise.ts";
import { plantDigest, ReferenceChunker } from "./reference-chunker.ts";
import { referencePoly1305 } from "./reference-poly1305.ts";

/** What a kernel, or the references, make of the same inputs: equal for every build, wherever it runs. */
export interface KernelAnswers {
  cuts: number[];
  plantedCuts: number[];
  tags: string[];
  hashes: string[];
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
    hashes: hashAll(kernel, hashedMessages()).map(hexOf),
  };
}

export async function referenceAnswers(): Promise<KernelAnswers> {
  return {
    cuts: new ReferenceChunker(polynomial).cuts(sampleFile()),
    plantedCuts: plantedPositions,
    tags: messages().map(({ r, s, message }) => hexOf(referencePoly1305(r, s, message))),
    hashes: (await Promise.all(hashedMessages().map(sha256))).map(hexOf),
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

/** Lanes that are full, that change hands, and that are left over, with lengths around the borders of blocks. */
function hashedMessages(): Bytes[] {
  return [...Array(130).keys(), 32_767, 32_768, 32_769, 100_000, 300_001, 700_064].map((length) => noise(7, length));
}

interface Message {
  r: Bytes;
  s: Bytes;
  message: Bytes;
}

function messages(): Message[] {
  const lengths = [...Array(100).keys(), 1000, 4096, 262_143, 262_144, 262_145, 600_001];
  const byLength = lengths.flatMap((length) => [
    { r: noise(length + 1, 16), s: noise(length + 2, 16), message: noise(length + 3, length) },
    { r: ones(16), s: ones(16), message: ones(length) },
  ]);
  return [...byLength, ...borderMessages()];
}

/**
 * With r = 1 the sum before the last reduction is the sum of the blocks, so it can be put where carries run through: at the
 * borders of the 26-bit limbs, at multiples of 2^130 and of the prime. Random messages never get there.
 */
function borderMessages(): Message[] {
  const r = Uint8Array.of(1, ...Array<number>(15).fill(0));
  const s = new Uint8Array(16);
  const borders = [26n, 52n, 78n, 104n, 128n].map((bits) => 1n << bits);
  const sums = [0n, 1n << 130n].flatMap((base) => [0n, ...borders].map((border) => base + border));
  const around = sums.flatMap((sum) => Array.from({ length: 17 }, (_, i) => sum + BigInt(i - 8)));
  const messages = around.flatMap((sum) => [3, 4, 5].map((blocks) => messageOfSum(sum, blocks)));
  return messages.filter((message) => message !== null).map((message) => ({ r, s, message }));
}

/** A message of so many full blocks, each counting 2^128 more than its bytes, whose sum is this one; null if there is none. */
function messageOfSum(sum: bigint, blocks: number): Bytes | null {
  const largest = (1n << 128n) - 1n;
  let rest = sum - BigInt(blocks) * (1n << 128n);
  if (rest < 0n || rest > BigInt(blocks) * largest) return null;
  const words = new BigUint64Array(2 * blocks);
  for (let block = 0; block < blocks; block++) {
    const value = rest < largest ? rest : largest;
    words.set([BigInt.asUintN(64, value), value >> 64n], 2 * block);
    rest -= value;
  }
  return new Uint8Array(words.buffer);
}

function ones(length: number): Bytes {
  return new Uint8Array(length).fill(0xff);
}
