import fc from "fast-check";
import type { Bytes } from "../../../src/core/base/bytes.ts";
import type { RawField } from "../../../src/core/base/go-json.ts";
import { type Id, idOfBytes } from "../../../src/core/base/id.ts";
import { type RawName, rawNameOf, rawNameOfBytes } from "../../../src/core/base/raw-name.ts";
import { formatTime } from "../../../src/core/base/rfc3339.ts";
import type { NewNode } from "../../../src/core/format/node.ts";
import type { PackedBlob } from "../../../src/core/format/pack-header.ts";
import type { Snapshot } from "../../../src/core/format/snapshot.ts";
import type { SnapshotSummary } from "../../../src/core/format/snapshot-summary.ts";

/** What the formats are made of, odd values included. */

export function bytes(constraints: fc.IntArrayConstraints = {}): fc.Arbitrary<Bytes> {
  return fc.uint8Array(constraints).map((value) => new Uint8Array(value));
}

export const id: fc.Arbitrary<Id> = bytes({ minLength: 32, maxLength: 32 }).map(idOfBytes);

export const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("<&>", "\u2028", '"\\', "\b\f\n", "\ufffd", "😀", "a".repeat(30)),
);

export const time = fc
  .tuple(fc.integer({ min: -62_000_000_000_000, max: 253_000_000_000_000 }), fc.integer({ min: -1439, max: 1439 }))
  .map(([ms, offset]) => formatTime(ms, offset));

const nanosecondTime = fc
  .tuple(time, fc.integer({ min: 1, max: 9 }))
  .map(([value, digit]) => value.replace(/:(\d\d)(?:\.\d+)?(Z|[+-])/, `:$1.00000000${digit}$2`));

export const name: fc.Arbitrary<RawName> = fc.oneof(text.map(rawNameOf), bytes({ maxLength: 12 }).map(rawNameOfBytes));

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint64 = fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

/** Fields of newer programs; their names are none of the known ones. */
export const rawFields: fc.Arbitrary<RawField[]> = fc.array(
  fc.record({
    name: text.map((value) => `x-${value}`),
    json: fc.oneof(fc.json({ maxDepth: 3 }), fc.constantFrom("1.50", "12345678901234567890", "[ 1 , {} ]")),
  }),
  { maxLength: 2 },
);

const genericAttributes = fc.uniqueArray(
  fc.record({ name: text, json: fc.constantFrom("1", '{"a":[1,2]}', '"AA=="') }),
  {
    maxLength: 4,
    selector: (field) => field.name,
  },
);

export const node: fc.Arbitrary<NewNode> = fc.record({
  name,
  type: fc.oneof(fc.constantFrom("file", "dir", "symlink", "irregular"), text),
  mode: uint32,
  mtime: fc.oneof(time, nanosecondTime),
  atime: time,
  ctime: nanosecondTime,
  uid: uint32,
  gid: uint32,
  user: text,
  group: text,
  inode: uint64,
  deviceId: uint64,
  size: uint64,
  links: uint64,
  linkTarget: name,
  extendedAttributes: fc.array(fc.record({ name: text, value: fc.option(bytes({ maxLength: 8 })) }), { maxLength: 2 }),
  genericAttributes,
  device: uint64,
  content: fc.option(fc.array(id, { maxLength: 3 })),
  subtree: fc.option(id),
  error: text,
  unknownFields: fc.constant([]),
});

const summary: fc.Arbitrary<SnapshotSummary> = fc.record({
  backupStart: time,
  backupEnd: nanosecondTime,
  filesNew: count,
  filesChanged: count,
  filesUnmodified: count,
  dirsNew: count,
  dirsChanged: count,
  dirsUnmodified: count,
  dataBlobs: count,
  treeBlobs: count,
  dataAddedBytes: count,
  dataAddedPackedBytes: count,
  totalFilesProcessed: count,
  totalBytesProcessed: count,
  unknownFields: rawFields,
});

export const snapshot: fc.Arbitrary<Snapshot> = fc.record({
  time,
  parent: fc.option(id),
  tree: id,
  paths: fc.array(text, { maxLength: 3 }),
  hostname: text,
  username: text,
  uid: uint32,
  gid: uint32,
  excludes: fc.array(text, { maxLength: 3 }),
  tags: fc.array(text, { maxLength: 3 }),
  original: fc.option(id),
  programVersion: text,
  summary: fc.option(summary),
  unknownFields: rawFields,
});

/** Blobs back to back, as a pack has them. */
export const packedBlobs: fc.Arbitrary<PackedBlob[]> = fc
  .array(
    fc.record({
      type: fc.constantFrom("data" as const, "tree" as const),
      id,
      length: fc.integer({ min: 32, max: 9_000_000 }),
      uncompressedLength: fc.option(fc.integer({ min: 1, max: 0xffff_ffff })),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((blobs) => {
    let offset = 0;
    return blobs.map(({ type, id: blobId, length, uncompressedLength }) => {
      const blob = { type, id: blobId, offset, length, uncompressedLength };
      offset += length;
      return blob;
    });
  });
