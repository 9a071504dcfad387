import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { codePointOfUtf8, lossyTextOf, utf8Width, validTextsOf } from "../../../../src/core/base/utf8.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function strictlyDecodes(bytes: Bytes): boolean {
  try {
    strict.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test("every code point has the width and value that the platform gives it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), (character) => {
      const bytes = utf8(character);
      const width = utf8Width(bytes, 0);
      expect(width).toBe(bytes.length);
      if (width !== 0) expect(codePointOfUtf8(bytes, 0, width)).toBe(character.codePointAt(0));
    }),
    { numRuns: 500 },
  );
});

test("bytes are UTF-8 exactly when the platform decodes them", () => {
  const leads = fc.constantFrom(
    0x41,
    0x80,
    0xc1,
    0xc2,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0x9f,
    0xa0,
    0xbf,
    0x8f,
    0x90,
  );
  fc.assert(
    fc.property(fc.array(leads, { maxLength: 5 }), (values) => {
      const bytes = Uint8Array.from(values);
      expect(validTextsOf(bytes).length === 1).toBe(strictlyDecodes(bytes));
    }),
    { numRuns: 500 },
  );
});

test("each invalid byte is one replacement character", () => {
  expect(lossyTextOf(Uint8Array.of(0x66, 0xff, 0xfe, 0x6f))).toBe("f\ufffd\ufffdo");
  expect(lossyTextOf(Uint8Array.of(0xe2, 0x82))).toBe("\ufffd\ufffd");
  expect(lossyTextOf(Uint8Array.of(0xed, 0xa0, 0x80))).toBe("\ufffd\ufffd\ufffd");
  expect(lossyTextOf(utf8("é😀"))).toBe("é😀");
});
