import { expect, test } from "vitest";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import type { HoldallError } from "../../../../src/core/base/errors.ts";
import { decodeIndex, encodeIndex, type IndexedPack } from "../../../../src/core/format/index-file.ts";
import type { FormatVersion } from "../../../../src/core/format/unpacked.ts";
import { collectIndex } from "./collect-index.ts";

const pack = "aca5ce75df9b2c04a755c38b31d2c0a42af7ab9084889381f25c6fe9b7828b3e";
const blob = "6e6c7a6fbb477a6073df1eb4a3d66a72c357b85c7209a4e3aeb9cb2333c7c676";
const blobJson = `{"id":"${blob}","type":"data","offset":0,"length":52,"uncompressed_length":11}`;
const json = `{"packs":[{"id":"${pack}","blobs":[${blobJson}]}]}\n`;

function decode(text: string, formatVersion: FormatVersion = 2): IndexedPack[] {
  return collectIndex((visitor) => decodeIndex(utf8(text), formatVersion, visitor));
}

function withBlob(change: (blobText: string) => string): string {
  return json.replace(blobJson, change(blobJson));
}

test("the example that restic wrote is read and written again", () => {
  const packs = decode(json);
  expect(packs).toEqual([
    { id: pack, blobs: [{ type: "data", id: blob, offset: 0, length: 52, uncompressedLength: 11 }] },
  ]);
  expect(new TextDecoder().decode(encodeIndex(packs))).toBe(json);
});

test("an index without packs is never written", () => {
  expect(() => encodeIndex([])).toThrow(RangeError);
});

test("order, white space, capitals, superseded ids and unknown fields do not matter", () => {
  const odd = `{ "supersedes":["${pack}"], "x":{"y":[]}, "packs":[ {"z":1, "blobs":[ {"length":52, "q":null, "type":"data",
    "uncompressed_length":11, "offset":0, "id":"${blob.toUpperCase()}"} ], "id":"${pack.toUpperCase()}"} ] }`;
  expect(decode(odd)).toEqual(decode(json));
});

test("a length of plain bytes of 0, or none, is a blob that is not compressed", () => {
  for (const plain of [
    withBlob((text) => text.replace(":11", ":0")),
    withBlob((text) => text.replace(/,"unc[^}]*/, "")),
  ]) {
    expect(decode(plain)[0]?.blobs[0]?.uncompressedLength).toBeNull();
    expect(decode(plain, 1)).toEqual(decode(plain));
  }
});

test("the same pack or blob may be listed more than once; a pack may be empty", () => {
  const twice = json.replace(blobJson, `${blobJson},${blobJson}`);
  expect(decode(twice)[0]?.blobs).toHaveLength(2);
  expect(decode(`{"packs":[{"id":"${pack}","blobs":[]},{"id":"${pack}","blobs":null},{"id":"${pack}"}]}`)).toHaveLength(
    3,
  );
  expect(decode('{"packs":null}')).toEqual([]);
  expect(decode("{}")).toEqual([]);
});

function refusal(text: string, formatVersion: FormatVersion = 2): HoldallError {
  try {
    decode(text, formatVersion);
  } catch (error) {
    return error as HoldallError;
  }
  throw new Error(`${text} was accepted`);
}

test("a compressed blob is refused in a repository of format 1", () => {
  expect(refusal(json, 1)).toMatchObject({ name: "UnsupportedError", code: "compression-in-format-1" });
});

test.each([
  ["a blob without an id", withBlob((text) => text.replace(/"id":"[^"]*",/, ""))],
  ["a blob without a type", withBlob((text) => text.replace('"type":"data",', ""))],
  ["a type that restic does not know", withBlob((text) => text.replace('"data"', '"meta"'))],
  ["a type that is a number", withBlob((text) => text.replace('"data"', "0"))],
  ["a length shorter than a seal", withBlob((text) => text.replace(":52", ":31"))],
  ["no length", withBlob((text) => text.replace('"length":52,', ""))],
  ["an end beyond 4 GiB", withBlob((text) => text.replace('"offset":0', '"offset":4294967290'))],
  ["an offset beyond 4 GiB", withBlob((text) => text.replace('"offset":0', '"offset":4294967296'))],
  ["a negative offset", withBlob((text) => text.replace('"offset":0', '"offset":-1'))],
  ["an offset with a fraction", withBlob((text) => text.replace('"offset":0', '"offset":0.5'))],
  ["an id that is too short", withBlob((text) => text.replace(blob, blob.slice(2)))],
  ["a pack without an id", `{"packs":[{"blobs":[${blobJson}]}]}`],
  ["a pack with two ids", json.replace('"blobs"', `"id":"${blob}","blobs"`)],
  ["a pack with two lists", json.replace("]}]}", '],"blobs":[]}]}')],
  ["packs that are no list", '{"packs":{}}'],
  ["something behind it", `${json}{}`],
  ["the list of an ancient format", "[]"],
  ["nothing", ""],
])("an index with %s is refused", (_, text) => {
  expect(refusal(text)).toMatchObject({ name: "FormatError", code: "index-malformed" });
});
