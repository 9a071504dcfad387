import { expect, test } from "vitest";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import type { PackedBlob } from "../../../../src/core/format/pack-header.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";
import { joinRanges, planRanges } from "../../../../src/core/repository/pack-range.ts";

const mebibyte = 1024 * 1024;
const pack = id(99);

function id(number: number): Id {
  return parseId(number.toString(16).padStart(64, "0")) as Id;
}

function blobAt(number: number, offset: number, length: number): PackedBlob {
  return { type: "data", id: id(number), offset, length, uncompressedLength: null };
}

test("blobs at most 1 MiB apart are fetched by one request, in order of offset", () => {
  const ranges = joinRanges(pack, [blobAt(2, mebibyte + 100, 50), blobAt(1, 0, 100)]);
  expect(ranges).toHaveLength(1);
  expect(ranges[0]).toMatchObject({ offset: 0, length: mebibyte + 150 });
  expect(ranges[0]?.blobs.map((blob) => blob.id)).toEqual([id(1), id(2)]);
});

test("a gap of more than 1 MiB is not read through", () => {
  expect(joinRanges(pack, [blobAt(1, 0, 100), blobAt(2, mebibyte + 101, 50)])).toHaveLength(2);
});

test("no request is longer than 32 MiB unless one blob is", () => {
  const blobs = Array.from({ length: 9 }, (_, i) => blobAt(i, i * 8 * mebibyte, 8 * mebibyte));
  expect(joinRanges(pack, blobs).map((range) => range.length / mebibyte)).toEqual([32, 32, 8]);
  expect(joinRanges(pack, [blobAt(1, 0, 40 * mebibyte)])).toHaveLength(1);
});

test("blobs that an index puts on top of each other are fetched apart", () => {
  expect(joinRanges(pack, [blobAt(1, 0, 100), blobAt(2, 50, 100)])).toHaveLength(2);
});

test("a plan names what no index knows, and takes the next place on the next attempt", () => {
  const index = new MasterIndex();
  index.addPack(id(50), [blobAt(1, 0, 100)]);
  index.addPack(id(51), [blobAt(1, 7, 100)]);
  expect(planRanges(index, "data", [id(1), id(2)]).missing).toEqual([id(2)]);
  expect(planRanges(index, "data", [id(1)], 1).ranges).toMatchObject([{ pack: id(51), offset: 7 }]);
  expect(planRanges(index, "data", [id(1)], 2).missing).toEqual([id(1)]);
});
