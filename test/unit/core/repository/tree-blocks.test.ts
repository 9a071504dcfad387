import { describe, expect, test } from "vitest";
import { hexOf } from "../../../../src/core/base/bytes.ts";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import type { PackedBlob } from "../../../../src/core/format/pack-header.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";
import { TreeBlocks } from "../../../../src/core/repository/tree-blocks.ts";
import { noise } from "../../../support/noise.ts";

const kib = 1024;

function idOf(number: number): Id {
  const id = parseId(hexOf(noise(number, 32)));
  if (id === null) throw new Error("no id");
  return id;
}

function blob(number: number, offset: number, length: number, type: "tree" | "data" = "tree"): PackedBlob {
  return { type, id: idOf(number), offset, length, uncompressedLength: null };
}

/** An index of packs, numbered from 1000. */
function blocksOf(...packs: PackedBlob[][]): TreeBlocks {
  const index = new MasterIndex();
  for (const [i, blobs] of packs.entries()) index.addPack(idOf(1000 + i), blobs);
  return new TreeBlocks(index);
}

describe("the block of a tree", () => {
  test("is the same whichever of its trees is asked for", () => {
    const blocks = blocksOf([blob(1, 0, 100 * kib), blob(2, 100 * kib, 411 * kib), blob(3, 511 * kib, 300 * kib)]);
    const [block] = blocks.of(idOf(1));
    expect(block).toMatchObject({ pack: idOf(1000), offset: 0, length: 811 * kib });
    expect(block?.blobs.map(({ id }) => id)).toEqual([idOf(1), idOf(2), idOf(3)]);
    expect(blocks.of(idOf(2))).toEqual([block]);
    expect(blocks.of(idOf(3))).toEqual([block]);
  });

  test("ends where the next stretch of the pack begins, and holds no data at its ends", () => {
    const data = blob(2, 10, 512 * kib - 20, "data");
    const blocks = blocksOf([blob(1, 0, 10), data, blob(3, 512 * kib - 10, 10), blob(4, 512 * kib, 10)]);
    expect(blocks.of(idOf(1))[0]?.blobs.map(({ id }) => id)).toEqual([idOf(1), idOf(3)]);
    expect(blocks.of(idOf(4))).toMatchObject([{ offset: 512 * kib, length: 10 }]);
    expect(blocks.of(idOf(2))).toEqual([]);
  });

  test("is found in every pack that has the tree", () => {
    const blocks = blocksOf([blob(1, 0, 10)], [blob(2, 0, 10), blob(1, 10, 10)]);
    expect(blocks.of(idOf(1)).map(({ pack, length }) => [pack, length])).toEqual([
      [idOf(1000), 10],
      [idOf(1001), 20],
    ]);
  });

  test("is the tree alone where an index lets blobs overlap", () => {
    const blocks = blocksOf([blob(1, 0, 100), blob(2, 50, 100)]);
    expect(blocks.of(idOf(1))).toMatchObject([{ offset: 0, length: 100 }]);
    expect(blocks.of(idOf(2))).toMatchObject([{ offset: 50, length: 100 }]);
  });

  test("knows packs that were added since", () => {
    const index = new MasterIndex();
    const blocks = new TreeBlocks(index);
    expect(blocks.of(idOf(1))).toEqual([]);
    index.addPack(idOf(1000), [blob(1, 0, 10)]);
    expect(blocks.of(idOf(1))).toHaveLength(1);
  });
});
