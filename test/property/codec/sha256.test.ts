import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, hexOf } from "../../../src/core/base/bytes.ts";
import { hashLaneLength, loadKernelBuild } from "../../../src/core/codec/kernel.ts";
import { hashAll, RunningHash } from "../../../src/core/codec/sha256.ts";
import { nodeKernelBuilds, nodeKernels } from "../../support/kernels.ts";
import { noise } from "../../support/noise.ts";

const lengths = fc.oneof(
  fc.nat(200),
  fc.nat(5000),
  fc.nat(300_000),
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: -130, max: 130 }))
    .map(([n, at]) => n * hashLaneLength + at),
);
const inputs = fc
  .record({ seed: fc.integer({ min: 1, max: 0x7fffffff }), length: lengths })
  .map(({ seed, length }) => noise(seed, length));

/** The parts between these positions, which are taken modulo the length. */
function partsOf(message: Bytes, positions: readonly number[]): Bytes[] {
  const borders = positions.map((position) => position % (message.length + 1)).sort((left, right) => left - right);
  return [...borders, message.length].map((end, i) => message.subarray(borders[i - 1] ?? 0, end));
}

function expectedHash(bytes: Bytes): string {
  return createHash("sha256").update(bytes).digest("hex");
}

describe.each(nodeKernelBuilds)("%s", async (build) => {
  const kernel = await loadKernelBuild(nodeKernels, build);

  test("any set of inputs is hashed as Node hashes it", () => {
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 12 }), (chunks) => {
        expect(hashAll(kernel, chunks).map(hexOf)).toEqual(chunks.map(expectedHash));
      }),
      { numRuns: 150 },
    );
  });

  test("hashes that grow in turn, by parts of any length, are those of the whole messages", () => {
    const growing = fc.record({ message: inputs, positions: fc.array(fc.nat(), { maxLength: 12 }) });
    fc.assert(
      fc.property(fc.array(growing, { minLength: 1, maxLength: 4 }), (messages) => {
        const hashes = messages.map(() => new RunningHash(kernel));
        const parts = messages.map(({ message, positions }) => partsOf(message, positions));
        for (let turn = 0; turn < 13; turn++) {
          for (const [i, hash] of hashes.entries()) hash.update(parts[i]?.[turn] ?? new Uint8Array(0));
        }
        expect(hashes.map((hash) => hexOf(hash.finish()))).toEqual(
          messages.map(({ message }) => expectedHash(message)),
        );
      }),
      { numRuns: 150 },
    );
  });
});
