import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { type Bytes, hexOf } from "../../../../src/core/base/bytes.ts";
import { hashAlone, idsOf, measureFreshMemory } from "../../../../src/core/codec/hashing.ts";
import { loadKernel } from "../../../../src/core/codec/kernel.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const kernel = await loadKernel(nodeKernels);

function expectedId(bytes: Bytes): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** On both sides of where another way begins. */
const lengths = [0, 1, 48 * 1024 - 1, 48 * 1024, 896 * 1024, 896 * 1024 + 1, 3_000_000];

test.each([1, 2, 3, 5])("every length has its id, among %s of its like", async (count) => {
  for (const length of lengths) {
    const chunks = Array.from({ length: count }, (_, i) => noise(i + 1, length));
    expect(await idsOf(kernel, chunks), `${length} bytes`).toEqual(chunks.map(expectedId));
  }
});

test("ids come in the order of the chunks, whichever way each is hashed", async () => {
  const chunks = [...lengths, ...lengths.toReversed()].map((length, i) => noise(i + 1, length));
  expect(await idsOf(kernel, chunks)).toEqual(chunks.map(expectedId));
  expect(await idsOf(kernel, [])).toEqual([]);
});

test("an input may be written over as soon as its hash was asked for, before and after fresh memory was measured", async () => {
  for (let round = 0; round < 2; round++) {
    for (const length of lengths) {
      const bytes = noise(1, length);
      const expected = expectedId(bytes);
      const hashing = hashAlone(kernel, bytes);
      bytes.fill(0);
      expect(hexOf(await hashing), `${length} bytes, round ${round}`).toBe(expected);
    }
    await measureFreshMemory();
  }
});
