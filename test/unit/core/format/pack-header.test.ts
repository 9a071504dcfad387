import { expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../../../../src/core/base/bytes.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import {
  decodePackHeader,
  encodePackEnd,
  encodePackHeader,
  entryLength,
  headerReadLength,
  isHeaderFull,
  locatePackHeader,
  type PackedBlob,
  packLengthOf,
} from "../../../../src/core/format/pack-header.ts";

const id = "6e6c7a6fbb477a6073df1eb4a3d66a72c357b85c7209a4e3aeb9cb2333c7c676" as Id;
const compressed: PackedBlob = { type: "data", id, offset: 0, length: 52, uncompressedLength: 11 };
const raw: PackedBlob = { type: "tree", id, offset: 52, length: 32, uncompressedLength: null };
const header = `0234000000${"0b000000"}${id}${"0120000000"}${id}`;

function end(length: number, size = 4) {
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(size - 4, length, true);
  return bytes;
}

test("a header names each blob by type, lengths and id, all numbers little end first", () => {
  expect(hexOf(encodePackHeader([compressed, raw]))).toBe(header);
  const packLength = packLengthOf([compressed, raw]);
  expect(packLength).toBe(52 + 32 + 36 + 41 + 37);
  expect(decodePackHeader(bytesOfHex(header), packLength, 2)).toEqual([compressed, raw]);
  expect([entryLength(compressed), entryLength(raw), headerReadLength]).toEqual([41, 37, 651]);
});

test("blobs with a gap between them are not written", () => {
  expect(() => encodePackHeader([compressed, { ...raw, offset: 53 }])).toThrow(RangeError);
  expect(() => encodePackHeader([raw])).toThrow(RangeError);
});

test("lengths that do not add up to the pack's are refused", () => {
  for (const length of [0, 197, 199]) {
    expect(() => decodePackHeader(bytesOfHex(header), length, 2)).toThrow("lengths do not add up");
  }
});

test.each([
  ["a type that is none", `04${header.slice(2)}`],
  ["an entry cut off", header.slice(0, -2)],
  ["a blob shorter than its seal", header.replace("0120000000", "011f000000")],
])("a header with %s is refused", (_, hex) => {
  expect(() => decodePackHeader(bytesOfHex(hex), 198, 2)).toThrow(/^pack-header-malformed/);
});

test("a header of blobs beyond 4 GiB is refused even if its lengths add up", () => {
  const packLength = 0xffff_ffff + 32 + 36 + 41 + 37;
  const long = bytesOfHex(header.replace("0234000000", "02ffffffff"));
  expect(() => decodePackHeader(long, packLength, 2)).toThrow("pack too long");
});

test("a header of more than 16 MiB is refused unread", () => {
  expect(() => decodePackHeader(new Uint8Array(16 * 1024 * 1024), 198, 2)).toThrow("header too long");
  expect(isHeaderFull(16 * 1024 * 1024 - 32 - 41)).toBe(false);
  expect(isHeaderFull(16 * 1024 * 1024 - 32 - 40)).toBe(true);
});

test("a compressed blob is refused in a repository of format 1", () => {
  expect(() => decodePackHeader(bytesOfHex(header), 198, 1)).toThrow("compression-in-format-1");
});

test("the header lies before the length at the end of the pack", () => {
  expect(locatePackHeader(end(110, 651), 198)).toEqual({ offset: 84, length: 110 });
  const sealed = new Uint8Array(110).fill(7);
  expect(locatePackHeader(encodePackEnd(sealed), 198)).toEqual({ offset: 84, length: 110 });
  expect(encodePackEnd(sealed).subarray(0, 110)).toEqual(sealed);
});

test.each([
  [0, 198],
  [68, 198],
  [195, 198],
  [16 * 1024 * 1024 + 1, 64 * 1024 * 1024],
  [0xffff_ffff, 198],
  [69, 72],
])("a header length of %d in a pack of %d bytes is refused", (length, packLength) => {
  expect(() => locatePackHeader(end(length), packLength)).toThrow(/^pack-header-malformed/);
});

test("fewer bytes than a length field are refused", () => {
  expect(() => locatePackHeader(new Uint8Array(3), 198)).toThrow(/^pack-header-malformed/);
});
