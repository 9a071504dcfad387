import { expect, test } from "vitest";
import { compactGoJson, encodeRawFields, goJsonString, goJsonStrings } from "../../../../src/core/base/go-json.ts";

test.each([
  ["plain text / with slash", '"plain text / with slash"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ["<html>&amp;", '"\\u003chtml\\u003e\\u0026amp;"'],
  ["\u2028 \u2029", '"\\u2028 \\u2029"'],
  ["\b\f\n\r\t", '"\\b\\f\\n\\r\\t"'],
  ["\0\x1b\x7f", '"\\u0000\\u001b\x7f"'],
  ["é日😀\u00a0\ufffd", '"é日😀\u00a0\ufffd"'],
  ["a\ud800b\udfff", '"a\\ufffdb\\ufffd"'],
  ["\ud83d\ude00\ud83d", '"😀\\ufffd"'],
  ["", '""'],
])("Go writes %j as %s", (text, json) => {
  expect(goJsonString(text)).toBe(json);
});

test("an array of strings has no spaces", () => {
  expect(goJsonStrings(["a", "<"])).toBe('["a","\\u003c"]');
  expect(goJsonStrings([])).toBe("[]");
});

test("a raw message loses white space between tokens, not inside strings, and its strings are escaped for HTML", () => {
  expect(compactGoJson(' { "a<" : [ 1.50 , "x y\\"<\u2028" ] ,\n"b" : 12345678901234567890 }\t')).toBe(
    '{"a\\u003c":[1.50,"x y\\"\\u003c\\u2028"],"b":12345678901234567890}',
  );
});

test("raw fields follow other fields as they were written", () => {
  expect(encodeRawFields([{ name: "<", json: "1e3" }])).toBe(',"\\u003c":1e3');
  expect(encodeRawFields([])).toBe("");
});
