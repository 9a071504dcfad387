import { describe, expect, test } from "vitest";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import { decodeIndex, encodeIndex } from "../../../../src/core/format/index-file.ts";
import type { PackedBlob } from "../../../../src/core/format/pack-header.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";

function id(number: number, start = "00000000"): Id {
  const parsed = parseId(start + number.toString(16).padStart(56, "0"));
  if (parsed === null) throw new Error("not an id");
  return parsed;
}

function blob(number: number, changes: Partial<PackedBlob> = {}): PackedBlob {
  return { type: "data", id: id(number), offset: 0, length: 100, uncompressedLength: null, ...changes };
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
    const read = (blobs: PackedBlob[]) => decodeIndex(encodeIndex([{ id: id(1), blobs }]), 2, index.visitor());
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
});
