import fc from "fast-check";
import { expect, test } from "vitest";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { goJsonString } from "../../../../src/core/base/go-json.ts";
import { bytesOfRawName, type RawName, rawNameOf, rawNameOfBytes } from "../../../../src/core/base/raw-name.ts";
import { quoteName, unquoteName } from "../../../../src/core/format/node-name.ts";

// What restic 0.19.1 wrote for these names.
test.each([
  ["readme.txt", '"readme.txt"'],
  ['"double quotes"', '"\\\\\\"double quotes\\\\\\""'],
  ["back\\slash", '"back\\\\\\\\slash"'],
  ["\t", '"\\\\t"'],
  ["\n", '"\\\\n"'],
  ["\x1b", '"\\\\x1b"'],
  ["\x7f", '"\\\\x7f"'],
  ["\x07\b\f\r\v\0", '"\\\\a\\\\b\\\\f\\\\r\\\\v\\\\x00"'],
  ["<html>&amp;", '"\\u003chtml\\u003e\\u0026amp;"'],
  ["\u2028", '"\\\\u2028"'],
  ["\u00a0", '"\\\\u00a0"'],
  ["\u0080\u00ad\u200b\ufeff\ue000", '"\\\\u0080\\\\u00ad\\\\u200b\\\\ufeff\\\\ue000"'],
  ["\u{f0000}", '"\\\\U000f0000"'],
  ["😀 é 日本語 \ufffd", '"😀 é 日本語 \ufffd"'],
])("the name %j is %s in a tree", (name, json) => {
  const raw = rawNameOf(name);
  expect(goJsonString(quoteName(raw))).toBe(json);
  expect(unquoteName(JSON.parse(json))).toBe(raw);
});

test("bytes that are no UTF-8 are escaped one by one, surrogates included", () => {
  expect(quoteName(rawNameOfBytes(Uint8Array.of(0xff, 0xfe, 0x80)))).toBe("\\xff\\xfe\\x80");
  expect(quoteName(rawNameOfBytes(Uint8Array.of(0xed, 0xa0, 0x80, 0x41)))).toBe("\\xed\\xa0\\x80A");
  expect(quoteName(rawNameOfBytes(Uint8Array.of(0xe2, 0x82)))).toBe("\\xe2\\x82");
});

test.each([
  ["\\101\\377", "A\xff"],
  ["\\u0041\\U0001f600", "A\xf0\x9f\x98\x80"],
  ["\\xC3\\xA9", "\xc3\xa9"],
  ["tab\tand \x01 raw", "tab\tand \x01 raw"],
  ["", ""],
])("%j is read as restic reads it", (text, name) => {
  expect(unquoteName(text)).toBe(name);
});

test.each([
  "\\'",
  "\\",
  "a\\",
  "\\z",
  "\\x4",
  "\\x4g",
  "\\u123",
  "\\ud800",
  "\\U00110000",
  "\\U0000dfff",
  "\\400",
  "\\12",
  "\\8",
  'a"b',
  'a"b\\n',
  "a\nb",
  "\\n\n",
])("%j is no quoted name", (text) => {
  expect(unquoteName(text)).toBeNull();
});

test("every name of bytes comes back from its quoted form", () => {
  const anyName = fc.oneof(
    (fc.uint8Array({ maxLength: 40 }) as fc.Arbitrary<Bytes>).map(rawNameOfBytes),
    fc.string({ unit: "binary", maxLength: 20 }).map(rawNameOf),
  );
  fc.assert(
    fc.property(anyName, (name) => {
      const quoted = quoteName(name);
      expect(quoted).not.toMatch(/[\ud800-\udfff]/u);
      expect(unquoteName(quoted)).toBe(name);
      expect(rawNameOfBytes(bytesOfRawName(name))).toBe(name);
    }),
    { numRuns: 500 },
  );
});

test("no text makes unquoting throw, and what it accepts it would write in one way", () => {
  const pieces = fc.constantFrom("\\", '"', "\n", "x", "u", "U", "0", "4", "1", "f", "é", "'", "n", "😀");
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const name = unquoteName(parts.join(""));
      if (name !== null) expect(unquoteName(quoteName(name as RawName))).toBe(name);
    }),
    { numRuns: 1000 },
  );
});
