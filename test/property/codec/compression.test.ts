import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../../../src/core/base/bytes.ts";
import { equalBytes } from "../../../src/core/base/bytes.ts";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { loadCompression } from "../../../src/core/codec/compression.ts";
import { nodeKernels } from "../../support/kernels.ts";

const compression = await loadCompression(nodeKernels);

const limit = 1024 * 1024;

const plains = fc
  .tuple(fc.uint8Array({ maxLength: 3000 }), fc.integer({ min: 1, max: 40 }))
  .map(([bytes, times]): Bytes => new Uint8Array(Array.from({ length: times }, () => [...bytes]).flat()));

/** A call ends with bytes within the limit or with a typed error that blames the data. */
function expectSound(work: () => Bytes): void {
  let result: Bytes;
  try {
    result = work();
  } catch (error) {
    expect(error).toBeInstanceOf(HoldallError);
    expect((error as HoldallError).code).toMatch(/^(compressed-data-malformed|blob-length-mismatch)$/);
    return;
  }
  expect(result.length).toBeLessThanOrEqual(limit);
}

test("what was compressed comes back, with its length promised or not", () => {
  fc.assert(
    fc.property(plains, fc.constantFrom("auto" as const, "max" as const), (plain, mode) => {
      const frame = compression.compress(plain, mode);
      expect(equalBytes(compression.decompress(frame, plain.length), plain)).toBe(true);
      expect(equalBytes(compression.decompressBounded(frame, plain.length), plain)).toBe(true);
    }),
    { numRuns: 100 },
  );
});

test("damaged frames are typed errors or text within the limit", () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(plains, damage, (plain, flips) => {
      const frame = compression.compress(plain, "auto");
      for (const [at, flip] of flips) frame[at % frame.length] = (frame[at % frame.length] ?? 0) ^ flip;
      expectSound(() => compression.decompress(frame, plain.length));
      expectSound(() => compression.decompressBounded(frame, limit));
    }),
    { numRuns: 500 },
  );
});

test("random bytes behind a frame's magic number are typed errors or text within the limit", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, ...bytes);
      expectSound(() => compression.decompress(frame, 1000));
      expectSound(() => compression.decompressBounded(frame, limit));
      expectSound(() => compression.decompressBounded(new Uint8Array(bytes), limit));
    }),
    { numRuns: 500 },
  );
});
