import fc from "fast-check";
import { expect, test } from "vitest";
import { base64Of, bytesOfBase64 } from "../../../../src/core/base/base64.ts";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";

const anyBytes = fc.uint8Array({ maxLength: 100 }) as fc.Arbitrary<Bytes>;

test("Base64 is what Node makes of the bytes, and comes back", () => {
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const text = base64Of(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(bytesOfBase64(utf8(text))).toEqual(bytes);
    }),
    { numRuns: 300 },
  );
});

test.each(["A", "AA", "AAA", "A===", "====", "AA=A", "AAAA=", "AA==AAAA", "AA-_", "AA A", "AAA\n", "Aé=="])(
  "%j is no Base64",
  (text) => {
    expect(bytesOfBase64(utf8(text))).toBeNull();
  },
);
