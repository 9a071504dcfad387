import { expect, test } from "vitest";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { FormatError } from "../../../../src/core/base/errors.ts";
import { FieldNames } from "../../../../src/core/base/field-names.ts";
import { JsonReader } from "../../../../src/core/base/go-json-reader.ts";

const names = new FieldNames(["name", "size", "mode"]);
const idText = "0123456789abcdef".repeat(4);

function reader(json: string): JsonReader {
  return new JsonReader(utf8(json), "tree-malformed");
}

function readAll<T>(json: string, read: (reader: JsonReader) => T): T {
  const open = reader(json);
  const value = read(open);
  open.end();
  return value;
}

function fails(json: string, read: (reader: JsonReader) => unknown): string {
  try {
    readAll(json, read);
  } catch (error) {
    expect(error).toBeInstanceOf(FormatError);
    return String((error as FormatError).context["reason"]);
  }
  throw new Error(`${json} was accepted`);
}

test("fields are read in the order in which they stand, known or not", () => {
  const open = reader(' { "size" : 7 , "other" : [ {} ] , "na\\u006de" : "x" , "MODE" : 1 } \n');
  const seen: unknown[] = [];
  for (let more = open.enterObject(); more; more = open.moreFields()) {
    seen.push(open.readName(names), open.readRawField("").json);
  }
  open.end();
  expect(seen).toEqual(["size", "7", { unknown: "other" }, "[ {} ]", "name", '"x"', "mode", "1"]);
});

test.each([
  ['"plain"', "plain"],
  ['"a string of more than twenty-four bytes"', "a string of more than twenty-four bytes"],
  ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
  ['"\\u00e9\\ud83d\\ude00é😀"', "é😀é😀"],
  ['"\\ud800x\\udc00"', "\ufffdx\ufffd"],
  ['"\\\\u0041"', "\\u0041"],
])("the string %s is %j", (json, text) => {
  expect(readAll(json, (open) => open.readString())).toBe(text);
});

test("each byte of a string that is not UTF-8 is one replacement character, as in Go", () => {
  const bytes = Uint8Array.of(0x22, 0xe2, 0x82, 0x41, 0xff, 0x22);
  expect(new JsonReader(bytes, "tree-malformed").readString()).toBe("\ufffd\ufffdA\ufffd");
});

test("whole numbers are exact up to 2^64 - 1", () => {
  expect(readAll("0", (open) => open.readUint64())).toBe(0n);
  expect(readAll("999999999999999", (open) => open.readUint64())).toBe(999999999999999n);
  expect(readAll("9007199254740993", (open) => open.readUint64())).toBe(9007199254740993n);
  expect(readAll("18446744073709551615", (open) => open.readUint64())).toBe(18446744073709551615n);
  expect(readAll("4294967295", (open) => open.readUint32())).toBe(4294967295);
  expect(readAll("9007199254740991", (open) => open.readSafeUint())).toBe(9007199254740991);
});

test.each(["18446744073709551616", "-1", "01", "1.0", "1e3", "", "x", '"1"', "100000000000000000000000"])(
  "%s is no uint64",
  (json) => {
    fails(json, (open) => open.readUint64());
  },
);

test("numbers beyond their field are refused", () => {
  fails("4294967296", (open) => open.readUint32());
  fails("9007199254740992", (open) => open.readSafeUint());
  fails("99999999999999999999", (open) => open.readSafeUint());
});

test("ids are read with either case of digits and given out in lower case", () => {
  expect(readAll(`"${idText}"`, (open) => open.readId())).toBe(idText);
  expect(readAll(`"${idText.toUpperCase()}"`, (open) => open.readId())).toBe(idText);
  fails(`"${idText.slice(1)}"`, (open) => open.readId());
  fails(`"${idText}0"`, (open) => open.readId());
  fails(`"${idText.slice(1)}g"`, (open) => open.readId());
  fails("null", (open) => open.readId());
});

test("Base64 comes as bytes, times as their text, and null is an empty list", () => {
  expect(readAll('"AP8="', (open) => open.readBase64())).toEqual(Uint8Array.of(0, 255));
  expect(readAll('"2024-01-01T00:00:00.5+01:00"', (open) => open.readTime())).toBe("2024-01-01T00:00:00.5+01:00");
  expect(readAll("null", (open) => open.readStrings())).toEqual([]);
  expect(readAll('["a",null]', (open) => open.readStrings())).toEqual(["a", ""]);
  fails('"A"', (open) => open.readBase64());
  fails('"2024-01-01 00:00:00Z"', (open) => open.readTime());
  fails('"\\u0032024-01-01T00:00:00Z"', (open) => open.readTime());
});

test.each(["{}", "[]", "[[],{}]", '{"a":{"b":[1,-0.5e+3,true,false,null,"\\u0000"]},"c":0}', "-0", " [ 1 , 2 ] "])(
  "%s is valid and can be passed over",
  (json) => {
    readAll(json, (open) => open.skipValue());
  },
);

test.each([
  "",
  "{",
  "[",
  "[1",
  "[1,",
  "[1,]",
  "[,1]",
  "[1 2]",
  "[1}",
  '{"a":1]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{a:1}",
  "{,}",
  "nul",
  "nulL",
  "tru",
  "01",
  "1.",
  ".5",
  "1e",
  "+1",
  "-",
  '"',
  '"\\x"',
  '"\\u12g4"',
  '"\\u12',
  '"\n"',
  "1 2",
  "[] []",
  "\ufeff[]",
])("%j is refused", (json) => {
  fails(json, (open) => open.skipValue());
});

test("nesting a million deep is refused without overflowing the stack, ten thousand deep is not", () => {
  expect(fails("[".repeat(1_000_000), (open) => open.skipValue())).toBe("nested too deeply");
  expect(fails('{"a":'.repeat(1_000_000), (open) => open.skipValue())).toBe("nested too deeply");
  readAll("[".repeat(10_000) + "]".repeat(10_000), (open) => open.skipValue());
});

test("an unclosed or unseparated object or array is refused while it is read", () => {
  fails("[1 2]", (open) => {
    for (let more = open.enterArray(); more; more = open.moreItems()) open.readUint32();
  });
  fails('{"a" 1}', (open) => {
    if (open.enterObject()) open.readName(names);
  });
  fails("{1:1}", (open) => {
    if (open.enterObject()) open.readName(names);
  });
  fails("[", (open) => open.enterArray() && open.readString());
});
