import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../../src/core/base/bytes.ts";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { idOfBytes } from "../../../src/core/base/id.ts";
import {
  type IndexRecords,
  idWords,
  lengthWord,
  offsetWord,
  packWord,
  recordLength,
  uncompressedLengthWord,
} from "../../../src/core/codec/blob-record.ts";
import { decodeIndex, encodeIndex, type IndexedPack } from "../../../src/core/format/index-file.ts";
import { readIndexRecords } from "../../../src/core/format/index-records.ts";
import { scanIndex } from "../../../src/core/format/index-scanner.ts";
import type { PackedBlob } from "../../../src/core/format/pack-header.ts";
import type { FormatVersion } from "../../../src/core/format/unpacked.ts";
import { repositoryVectors } from "../../support/repository-vectors.ts";
import { collectIndex } from "../../unit/core/format/collect-index.ts";
import * as any from "./arbitraries.ts";

/** Whatever the bytes are, the way by records tells what the strict reader alone tells: the same blobs, or the same error. */

function blobOf(records: Uint32Array, from: number): PackedBlob {
  const id = new Uint8Array(32);
  const view = new DataView(id.buffer);
  for (let word = 0; word < idWords; word++) view.setUint32(4 * word, records[from + word] ?? 0);
  return {
    type: (records[from + packWord] ?? 0) % 2 === 1 ? "tree" : "data",
    id: idOfBytes(id),
    offset: records[from + offsetWord] ?? 0,
    length: records[from + lengthWord] ?? 0,
    uncompressedLength: records[from + uncompressedLengthWord] || null,
  };
}

function packsOf({ packs, records }: IndexRecords): IndexedPack[] {
  const listed = packs.map((id) => ({ id, blobs: [] as PackedBlob[] }));
  for (let from = 0; from < records.length; from += recordLength) {
    listed[(records[from + packWord] ?? 0) >>> 1]?.blobs.push(blobOf(records, from));
  }
  return listed;
}

/** What came of decoding, in a form that can be compared. */
function outcomeOf(decode: () => IndexedPack[]) {
  try {
    return { packs: decode() };
  } catch (error) {
    if (!(error instanceof HoldallError)) throw error;
    return { name: error.name, code: error.code, context: error.context };
  }
}

function expectSame(json: Bytes, formatVersion: FormatVersion = 2): void {
  const byReader = outcomeOf(() => collectIndex((visitor) => decodeIndex(json, formatVersion, visitor)));
  expect(outcomeOf(() => packsOf(readIndexRecords(json, formatVersion)))).toEqual(byReader);
}

/** Indexes that programs write: every pack has blobs. */
const packs = fc.array(fc.record({ id: any.id, blobs: any.packedBlobs.filter((blobs) => blobs.length > 0) }), {
  minLength: 1,
  maxLength: 4,
});

const supersedes = fc.array(any.id, { maxLength: 3 });

const written = fc.tuple(packs, supersedes, fc.boolean()).map(([list, ids, endsLine]) => {
  const text = new TextDecoder().decode(encodeIndex(list));
  const field = ids.length === 0 ? "{" : `{"supersedes":${JSON.stringify(ids)},`;
  return utf8((endsLine ? text : text.trimEnd()).replace("{", field));
});

/** Pieces of other ways to write the same, and of what is wrong. */
const oddPiece = fc.constantFrom(
  ...[" ", "\n", "0", "00", "-", ".5", "e1", '"', "\\", "\\u0061", "{", "}", "[", "]", ",", ":", "null", "A", "f", "g"],
  ...['"data"', '"tree"', '"length":1,', '"x":[],', '"uncompressed_length":7', "4294967295", "4294967296", "\u00e9"],
);

describe("index records", () => {
  test("are what the reader reads, with the scanner's help alone, of what programs write", () => {
    fc.assert(
      fc.property(written, (json) => {
        expect(scanIndex(json, 2)).not.toBe(null);
        expectSame(json);
      }),
      { numRuns: 200 },
    );
  });

  test("of what restic wrote are scanned", () => {
    for (const { index } of Object.values(repositoryVectors)) {
      if (index.json.includes("uncompressed_length")) expect(scanIndex(utf8(index.json), 1)).toBe(null);
      expect(scanIndex(utf8(index.json), 2)).not.toBe(null);
      for (const formatVersion of [1, 2] as const) expectSame(utf8(index.json), formatVersion);
    }
  });

  test("of what is changed anywhere are the reader's, or its error", () => {
    const change = fc.tuple(fc.nat(), fc.nat({ max: 3 }), oddPiece);
    fc.assert(
      fc.property(
        written,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1 as const, 2 as const),
        (json, changes, version) => {
          let changed = json;
          for (const [place, removed, piece] of changes) {
            const at = place % (changed.length + 1);
            changed = concatBytes([changed.subarray(0, at), utf8(piece), changed.subarray(at + removed)]);
          }
          expectSame(changed, version);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test("of what has one byte changed are the reader's, or its error", () => {
    fc.assert(
      fc.property(written, fc.nat(), fc.nat({ max: 255 }), (json, place, byte) => {
        const changed = json.slice();
        changed[place % json.length] = byte;
        expectSame(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test("of numbers at their bounds are the reader's, or its error", () => {
    const numbers = [
      "0",
      "1",
      "01",
      "31",
      "32",
      "4294967263",
      "4294967295",
      "4294967296",
      "9999999999",
      "10000000000",
      "",
    ];
    const id = "a0".repeat(32);
    for (const offset of numbers)
      for (const length of numbers)
        for (const plain of ["", ...numbers.map((number) => `,"uncompressed_length":${number}`)]) {
          const blob = `{"id":"${id}","type":"tree","offset":${offset},"length":${length}${plain}}`;
          const json = utf8(`{"packs":[{"id":"${id}","blobs":[${blob}]}]}\n`);
          for (const formatVersion of [1, 2] as const) expectSame(json, formatVersion);
        }
  });

  test("of a file that is cut off, doubled or random are the reader's error", () => {
    const [json] = fc.sample(written, { numRuns: 1, seed: 7 });
    if (json === undefined) throw new Error("no sample");
    for (let length = 0; length < json.length; length++) expectSame(json.subarray(0, length));
    expectSame(concatBytes([json, json]));
    fc.assert(
      fc.property(any.bytes({ maxLength: 200 }), (bytes) => expectSame(bytes)),
      { numRuns: 300 },
    );
  });
});
