import fc from "fast-check";
import { expect, test } from "vitest";
import { choosePolynomial } from "../../../src/core/codec/polynomial.ts";
import { decodeConfig, encodeConfig } from "../../../src/core/format/config.ts";
import { decodeIndex, encodeIndex } from "../../../src/core/format/index-file.ts";
import { decodeKeyFile, decodeMasterKey, encodeKeyFile, encodeMasterKey } from "../../../src/core/format/key-file.ts";
import { decodeLockFile, encodeLockFile } from "../../../src/core/format/lock-file.ts";
import { encodeNode } from "../../../src/core/format/node.ts";
import {
  decodePackHeader,
  encodePackEnd,
  encodePackHeader,
  locatePackHeader,
  packLengthOf,
} from "../../../src/core/format/pack-header.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../src/core/format/snapshot.ts";
import { decodeTree, encodeTree, TreeBuilder, whyNotCanonical } from "../../../src/core/format/tree.ts";
import { collectIndex } from "../../unit/core/format/collect-index.ts";
import * as any from "./arbitraries.ts";

/** Whatever is encoded decodes to the same again, and what is decoded encodes to the same bytes. */
const runs = { numRuns: 100 };

test("configs", () => {
  const polynomial = any.bytes({ minLength: 8, maxLength: 8 }).map((seed) => {
    let next = seed;
    return choosePolynomial(() => {
      next = new Uint8Array(next.map((byte, i) => byte * 5 + i + 1));
      return next;
    });
  });
  const config = fc.record({
    formatVersion: fc.constantFrom(1 as const, 2 as const),
    id: any.id,
    chunkerPolynomial: polynomial,
  });
  fc.assert(
    fc.property(config, (value) => {
      expect(decodeConfig(encodeConfig(value))).toEqual(value);
    }),
    { numRuns: 30 },
  );
});

test("key files and master keys", () => {
  const key = fc.record({
    created: any.time,
    username: any.text,
    hostname: any.text,
    kdf: fc.record({
      N: fc.integer({ min: 0, max: 2 ** 40 }),
      r: fc.nat(),
      p: fc.nat(),
      salt: any.bytes({ minLength: 64, maxLength: 64 }),
    }),
    sealedMaster: any.bytes({ minLength: 32, maxLength: 200 }),
  });
  fc.assert(
    fc.property(key, (value) => {
      expect(decodeKeyFile(encodeKeyFile(value))).toEqual(value);
    }),
    runs,
  );
  const part = (length: number) => any.bytes({ minLength: length, maxLength: length });
  const master = fc.record({ encrypt: part(32), macK: part(16), macR: part(16) });
  fc.assert(
    fc.property(master, (value) => {
      expect(decodeMasterKey(encodeMasterKey(value))).toEqual(value);
    }),
    runs,
  );
});

test("locks", () => {
  const lock = fc.record({
    time: any.time,
    exclusive: fc.boolean(),
    hostname: any.text,
    username: any.text,
    pid: fc.option(fc.integer()),
    uid: fc.nat(),
    gid: fc.nat(),
  });
  fc.assert(
    fc.property(lock, (value) => {
      expect(decodeLockFile(encodeLockFile(value))).toEqual(value);
    }),
    runs,
  );
});

test("snapshots", () => {
  fc.assert(
    fc.property(any.snapshot, (snapshot) => {
      const json = encodeSnapshot(snapshot);
      const read = decodeSnapshot(json);
      expect(read).toEqual(snapshot);
      expect(encodeSnapshot(read)).toEqual(json);
    }),
    runs,
  );
});

test("indexes", () => {
  const packs = fc.array(fc.record({ id: any.id, blobs: any.packedBlobs }), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(packs, (value) => {
      expect(collectIndex((visitor) => decodeIndex(encodeIndex(value), 2, visitor))).toEqual(value);
    }),
    { numRuns: 100 },
  );
});

test("pack headers", () => {
  fc.assert(
    fc.property(any.packedBlobs, (blobs) => {
      const header = encodePackHeader(blobs);
      const packLength = packLengthOf(blobs);
      expect(decodePackHeader(header, packLength, 2)).toEqual(blobs);
      const sealed = new Uint8Array(header.length + 32);
      const place = locatePackHeader(encodePackEnd(sealed), packLength);
      expect(place).toEqual({ offset: packLength - 4 - sealed.length, length: sealed.length });
    }),
    runs,
  );
});

test("trees, with every field of a node", () => {
  const nodes = fc.uniqueArray(any.node, { maxLength: 4, selector: ({ name }) => name });
  fc.assert(
    fc.property(nodes, (unsorted) => {
      const sorted = unsorted.filter(({ name }) => name !== "").sort((a, b) => (a.name < b.name ? -1 : 1));
      const builder = new TreeBuilder();
      for (const node of sorted) builder.add(node.name, encodeNode(node));
      const plain = builder.finish();
      const tree = decodeTree(plain);
      expect(tree.isOrdered).toBe(true);
      expect(tree.nodes.map(({ source: _, ...node }) => ({ ...node, genericAttributes: byName(node) }))).toEqual(
        sorted.map((node) => ({ ...node, genericAttributes: byName(node) })),
      );
      expect(encodeTree(tree.nodes.map(({ source }) => source))).toEqual(plain);
      expect(encodeTree(tree.nodes.map(encodeNode))).toEqual(plain);
      expect(whyNotCanonical(plain)).toBeNull();
    }),
    runs,
  );
});

function byName({ genericAttributes }: { genericAttributes: readonly { name: string }[] }): { name: string }[] {
  return [...genericAttributes].sort((a, b) => (a.name < b.name ? -1 : 1));
}

test("unknown fields of nodes, which restic would not write back", () => {
  fc.assert(
    fc.property(any.node, any.rawFields, (node, unknownFields) => {
      const encoded = encodeNode({ ...node, unknownFields });
      const [read] = decodeTree(encodeTree([encoded])).nodes;
      expect(read?.unknownFields).toEqual(unknownFields);
      if (unknownFields.length > 0) expect(whyNotCanonical(encodeTree([encoded]))).toMatch(/does not know/);
    }),
    runs,
  );
});
