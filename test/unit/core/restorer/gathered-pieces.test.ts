import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, concatBytes } from "../../../../src/core/base/bytes.ts";
import { gathered } from "../../../../src/core/restorer/gathered-pieces.ts";

/** Parts of these lengths, each of them spoilt as soon as the next is asked for, as one that was only lent may be. */
async function* lent(lengths: readonly number[]): AsyncGenerator<Bytes> {
  for (const [i, length] of lengths.entries()) {
    const part = new Uint8Array(length).fill(i + 1);
    yield part;
    if (part.length > 0) part.fill(0xee);
  }
}

test("pieces hold the same bytes in the same order, however the parts are cut", async () => {
  const length = fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 900_000 }), fc.constantFrom(262_143, 262_144, 524_288));
  await fc.assert(
    fc.asyncProperty(fc.array(length, { maxLength: 12 }), async (lengths) => {
      const pieces: Bytes[] = [];
      for await (const piece of gathered(lent(lengths))) pieces.push(piece.slice());
      const expected = concatBytes(lengths.map((length, i) => new Uint8Array(length).fill(i + 1)));
      expect(Buffer.from(concatBytes(pieces)).equals(expected)).toBe(true);
      expect(pieces.every((piece) => piece.length > 0)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("many small parts come in few pieces, each a buffer of its own", async () => {
  const pieces: Bytes[] = [];
  for await (const piece of gathered(lent(Array.from({ length: 250 }, () => 10_000)))) pieces.push(piece);
  expect(pieces.map((piece) => piece.length)).toEqual([524_288, 524_288, 524_288, 524_288, 402_848]);
  expect(pieces.every((piece) => piece.buffer.byteLength === piece.length)).toBe(true);
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(5);
});
