import { describe, expect, test } from "vitest";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import { packWord, recordLength } from "../../../../src/core/codec/blob-record.ts";
import { encodeIndex } from "../../../../src/core/format/index-file.ts";
import { readIndexRecords } from "../../../../src/core/format/index-records.ts";
import { type PackedBlob, packLengthOf } from "../../../../src/core/format/pack-header.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";

function id(number: number, start = "00000000"): Id {
  const parsed = parseId(start + number.toString(16).padStart(56, "0"));
  if (parsed === null) throw new Error("not an id");
  return parsed;
}

function blob(number: number, changes: Partial<PackedBlob> = {}): PackedBlob {
  return { type: "data", id: id(number), offset: 0, length: 100, uncompressedLength: null, ...changes };
}

/** Adds blobs of packs of 100, whose ids are spread like hashes: the numbers from `from` on, stirred. */
function addMany(index: MasterIndex, from: number, to: number): void {
  const packs: Id[] = [];
  const records = new Uint32Array((to - from) * recordLength);
  for (let number = from; number < to; number++) {
    if (number % 100 === 0) packs.push(id(number, "ffffffff"));
    const base = (number - from) * recordLength;
    records.set([Math.imul(number, 2654435761), Math.imul(number, 2246822519)], base);
    records.set([2 * (packs.length - 1), number % 100, 100, 0], base + packWord);
  }
  index.addFile({ packs, records });
}

/** The id of a blob of addMany. */
function idOfMany(number: number): Id {
  const words = [Math.imul(number, 2654435761) >>> 0, Math.imul(number, 2246822519) >>> 0, 0, 0, 0, 0, 0, 0];
  return parseId(words.map((word) => word.toString(16).padStart(8, "0")).join("")) as Id;
}

describe("the master index", () => {
  test("finds a blob by type and id, and nothing else", () => {
    const index = new MasterIndex();
    index.addPack(id(1), [blob(7, { offset: 32, length: 80, uncompressedLength: 500 })]);
    expect(index.locations("data", id(7))).toEqual([{ pack: id(1), offset: 32, length: 80, uncompressedLength: 500 }]);
    expect(index.has("tree", id(7))).toBe(false);
    expect(index.has("data", id(8))).toBe(false);
    expect(index.plainLength("data", id(7))).toBe(500);
    expect(index.plainLength("data", id(8))).toBe(null);
  });

  test("knows the plain length of a blob stored without compression", () => {
    const index = new MasterIndex();
    index.addPack(id(1), [blob(7, { length: 132 })]);
    expect(index.plainLength("data", id(7))).toBe(100);
  });

  test("keeps ids apart that collide in every slot", () => {
    const index = new MasterIndex();
    const colliding = Array.from({ length: 300 }, (_, i) => blob(i, { offset: i * 100 }));
    index.addPack(id(1), colliding);
    for (const { id: wanted, offset } of colliding) expect(index.locations("data", wanted)[0]?.offset).toBe(offset);
    expect(index.has("data", id(300))).toBe(false);
  });

  test("holds all places of a blob that lies in several packs", () => {
    const index = new MasterIndex();
    index.addPack(id(1), [blob(7)]);
    index.addPack(id(2), [blob(7, { offset: 64 })]);
    expect(index.locations("data", id(7)).map(({ pack }) => pack)).toEqual([id(1), id(2)]);
  });

  test("grows beyond its first size without losing a blob", () => {
    const index = new MasterIndex();
    const count = 10_000;
    for (let pack = 0; pack < count / 100; pack++) {
      const blobs = Array.from({ length: 100 }, (_, i) => {
        const number = pack * 100 + i;
        const start = Math.imul(number, 2654435761) >>> 0;
        return blob(number, { id: id(number, start.toString(16).padStart(8, "0")), offset: i * 100 });
      });
      index.addPack(id(pack, "ffffffff"), blobs);
    }
    expect(index.size).toBe(count);
    expect(index.blobsOfPack(id(57, "ffffffff"))).toHaveLength(100);
    const last = Math.imul(count - 1, 2654435761) >>> 0;
    expect(index.has("data", id(count - 1, last.toString(16).padStart(8, "0")))).toBe(true);
  });

  test("collapses what two index files say alike, and joins a pack that is told in two parts", () => {
    const index = new MasterIndex();
    const first = blob(7);
    const second = blob(8, { offset: 100, type: "tree" });
    const read = (blobs: PackedBlob[]) => index.addFile(readIndexRecords(encodeIndex([{ id: id(1), blobs }]), 2));
    read([first]);
    read([first]);
    expect(index.size).toBe(1);
    index.addPack(id(2), [blob(9)]);
    read([first, second]);
    expect(index.blobsOfPack(id(1))).toEqual([first, second]);
    expect(index.packCount).toBe(2);
  });

  test("becomes what another index is, all at once", () => {
    const index = new MasterIndex();
    index.addPack(id(1), [blob(7)]);
    const fresh = new MasterIndex();
    fresh.addPack(id(2), [blob(8)]);
    index.takeOver(fresh);
    expect(index.has("data", id(7))).toBe(false);
    expect(index.locations("data", id(8))[0]?.pack).toBe(id(2));
  });

  test("joins the parts of packs that are told by turns", () => {
    const index = new MasterIndex();
    const blobs = Array.from({ length: 6 }, (_, i) => blob(i, { offset: i * 100 }));
    for (const [i, part] of blobs.entries()) index.addPack(id(i % 2), [part]);
    expect(index.blobsOfPack(id(0)).map(({ offset }) => offset)).toEqual([0, 200, 400]);
    expect(index.blobsOfPack(id(1)).map(({ offset }) => offset)).toEqual([100, 300, 500]);
    expect(index.packLength(id(1))).toBe(packLengthOf(blobs.filter((_, i) => i % 2 === 1)));
  });

  test("keeps small indexes small", () => {
    const index = new MasterIndex();
    expect(index.memoryBytes).toBeLessThan(16 * 1024);
    index.addPack(id(1), [blob(7)]);
    expect(index.memoryBytes).toBe(index.peakMemoryBytes);
  });

  test("holds a million blobs in 56 bytes each, and never takes twice that", () => {
    const index = new MasterIndex();
    for (let count = 0; count < 1_400_000; count += 50_000) {
      addMany(index, count, count + 50_000);
      if (index.size >= 1_000_000) expect(index.memoryBytes / index.size).toBeLessThanOrEqual(56);
      expect(index.peakMemoryBytes / index.size).toBeLessThan(index.size < 1_000_000 ? 112 : 64);
    }
    for (const number of [0, 255, 256, 16_383, 16_384, 1_399_999]) {
      expect(index.locations("data", idOfMany(number))).toEqual([
        { pack: id(number - (number % 100), "ffffffff"), offset: number % 100, length: 100, uncompressedLength: null },
      ]);
    }
    expect(index.has("data", idOfMany(1_400_000))).toBe(false);
  });

  test("makes nothing for the garbage collector when it is asked", () => {
    const index = new MasterIndex();
    addMany(index, 0, 20_000);
    const ids = Array.from({ length: 2000 }, (_, i) => idOfMany(i * 20));
    const ask = () => {
      let known = 0;
      for (let i = 0; i < 40_000; i++) {
        const wanted = ids[i % ids.length] as Id;
        if (index.has("data", wanted) && index.plainLength("data", wanted) === 68) known++;
      }
      return known;
    };
    // While the engine has yet to learn the code, it makes objects of its own.
    for (let warming = 0; warming < 5; warming++) ask();
    const before = process.memoryUsage().heapUsed;
    expect(ask()).toBe(20_000);
    // A single number a question would be a megabyte.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(500_000);
  });
});
