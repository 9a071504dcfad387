import { expect, test } from "vitest";
import { decodeText } from "../../../../src/ui/preview/text-bytes.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const little = (text: string) => Uint8Array.from(Array.from(text, (character) => [character.charCodeAt(0), 0]).flat());
const big = (text: string) => Uint8Array.from(Array.from(text, (character) => [0, character.charCodeAt(0)]).flat());

test("UTF-8 is read, with or without a mark, and a cut character at the end is left out", () => {
  expect(decodeText(utf8("größe ☃"))).toEqual({ text: "größe ☃", encoding: "UTF-8" });
  expect(decodeText(utf8("\ufeffa"))?.text).toBe("a");
  expect(decodeText(utf8("a☃").subarray(0, 3))?.text).toBe("a");
});

test("UTF-16 is read in both orders, by its mark or by its zeros", () => {
  expect(decodeText(little("Dear Anna,"))).toEqual({ text: "Dear Anna,", encoding: "UTF-16" });
  expect(decodeText(big("Dear Anna,"))).toEqual({ text: "Dear Anna,", encoding: "UTF-16" });
  expect(decodeText(Uint8Array.of(0xff, 0xfe, 0x03, 0x26))?.text).toBe("☃");
  expect(decodeText(Uint8Array.of(0xfe, 0xff, 0x26, 0x03))?.text).toBe("☃");
});

test("bytes that are no UTF-8 and hold no controls are Latin-1", () => {
  expect(decodeText(Uint8Array.of(0x67, 0x72, 0xf6, 0xdf, 0x65))).toEqual({ text: "größe", encoding: "Latin-1" });
});

test("what holds zeros or controls is no text", () => {
  expect(decodeText(Uint8Array.of(1, 2, 3, 0, 5, 6))).toBeNull();
  expect(decodeText(Uint8Array.of(0x61, 1, 2, 3, 4))).toBeNull();
});

test("an escape sequence in a log does not make it something else", () => {
  expect(decodeText(utf8(`${"a line\n".repeat(50)}\u001b[31mred`))?.encoding).toBe("UTF-8");
});
