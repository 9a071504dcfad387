import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../src/core/base/id.ts";
import { BlobCodec } from "../../src/core/codec/blob-codec.ts";
import { Cipher, generateMasterKey, importMasterKey } from "../../src/core/codec/cipher.ts";
import type { Codec, PackToCheck } from "../../src/core/codec/codec.ts";
import { loadKernel } from "../../src/core/codec/kernel.ts";
import { choosePolynomial } from "../../src/core/codec/polynomial.ts";
import { openIndex } from "../../src/core/format/index-records.ts";
import {
  encodePackEnd,
  encodePackHeader,
  locatePackHeader,
  type PackedBlob,
} from "../../src/core/format/pack-header.ts";
import { CodecPool } from "../../src/workers/codec-pool.ts";
import { serveCodec } from "../../src/workers/codec-service.ts";
import { nodeKernels } from "../support/kernels.ts";
import { noise } from "../support/noise.ts";

const { signal } = new AbortController();
const key = await importMasterKey(generateMasterKey());
const settings = { key, polynomial: choosePolynomial(), formatVersion: 2 as const };

function inlineCodec(): Promise<BlobCodec> {
  return BlobCodec.create({ ...settings, kernels: nodeKernels }, openIndex);
}

/** The workers are codecs in this process, behind real ports. */
function poolOfCodecs(): Promise<CodecPool> {
  const spawn = () => {
    const { port1, port2 } = new MessageChannel();
    serveCodec(port2, inlineCodec);
    return Object.assign(port1, { terminate: () => port1.close() });
  };
  return CodecPool.create({ ...settings, workers: 2, spawn });
}

interface Pack {
  bytes: Bytes;
  blobs: PackedBlob[];
  header: Bytes;
}

/** Blobs of every way to be opened and hashed: empty, small, one segment, several, long; raw and compressed. */
async function makePack(): Promise<Pack> {
  const codec = await inlineCodec();
  const contents = [
    noise(1, 0),
    noise(2, 100),
    noise(3, 70_000),
    noise(4, 600_000),
    noise(5, 1_500_000),
    utf8("words ".repeat(20)),
    utf8("many words ".repeat(100_000)),
  ];
  const blobs: PackedBlob[] = [];
  const parts: Bytes[] = [];
  let offset = 0;
  for (const plain of contents) {
    const { id, sealed, compressed, plainLength } = await codec.sealBlob("data", plain, "auto", signal);
    const uncompressedLength = compressed ? plainLength : null;
    blobs.push({ type: "data", id, offset, length: sealed.length, uncompressedLength });
    parts.push(sealed);
    offset += sealed.length;
  }
  const header = encodePackHeader(blobs);
  const sealedHeader = await new Cipher(key, await loadKernel(nodeKernels)).seal(header);
  return { bytes: concatBytes([...parts, encodePackEnd(sealedHeader)]), blobs, header };
}

describe.each([
  ["in this thread", inlineCodec],
  ["in a pool", poolOfCodecs],
])("a check of a pack %s", (_, create: () => Promise<Codec>) => {
  let codec: Codec;
  let pack: Pack;
  beforeAll(async () => {
    [codec, pack] = await Promise.all([create(), makePack()]);
  });
  afterAll(() => codec.close());

  const whole = (changes: Partial<PackToCheck> = {}): PackToCheck => {
    const sealed = pack.bytes.slice();
    return { sealed, header: locatePackHeader(sealed, sealed.length), blobs: pack.blobs, ...changes };
  };

  const withFlipped = (offset: number) => {
    const sealed = pack.bytes.slice();
    sealed[offset] = (sealed[offset] ?? 0) ^ 1;
    return sealed;
  };

  test("tells its hash and opens its header, and nothing is damaged", async () => {
    const checked = await codec.checkPack(whole(), signal);
    expect(checked.hash).toBe(await hashId(pack.bytes));
    expect(checked.header).toEqual({ plain: pack.header });
    expect(checked.damaged).toEqual([]);
  });

  test("gives the memory back that the pack came in", async () => {
    const buffer = new Uint8Array(pack.bytes.length + 1000);
    buffer.set(pack.bytes);
    const { sealed } = await codec.checkPack(whole({ sealed: buffer.subarray(0, pack.bytes.length) }), signal);
    expect(sealed.buffer.byteLength).toBe(pack.bytes.length + 1000);
    expect(sealed.length).toBe(pack.bytes.length);
  });

  test("takes blobs in any order, and none", async () => {
    const backwards = [...pack.blobs].reverse();
    expect((await codec.checkPack(whole({ blobs: backwards }), signal)).damaged).toEqual([]);
    const { hash } = await codec.checkPack(whole({ blobs: [], header: null }), signal);
    expect(hash).toBe(await hashId(pack.bytes));
  });

  test("names each blob of which a bit was altered, and no other", async () => {
    for (const { id, offset, length } of pack.blobs) {
      const sealed = withFlipped(offset + length - 1);
      const checked = await codec.checkPack(whole({ sealed }), signal);
      expect(checked.damaged).toMatchObject([{ blob: id, error: { code: "mac-mismatch", context: { blob: id } } }]);
      expect(checked.hash).not.toBe(await hashId(pack.bytes));
    }
  });

  test("tells a header that was altered", async () => {
    const sealed = withFlipped(pack.bytes.length - 5);
    const { header, damaged } = await codec.checkPack(whole({ sealed }), signal);
    expect(header).toMatchObject({ error: { code: "mac-mismatch" } });
    expect(damaged).toEqual([]);
  });

  test.each([
    ["another id", (blob: PackedBlob) => ({ ...blob, id: "0".repeat(64) as Id }), "blob-hash-mismatch"],
    ["a place behind the end", (blob: PackedBlob) => ({ ...blob, offset: 1e9 }), "blob-length-mismatch"],
    ["another length", (blob: PackedBlob) => ({ ...blob, length: blob.length + 1 }), "mac-mismatch"],
    ["no room for a seal", (blob: PackedBlob) => ({ ...blob, length: 31 }), "sealed-data-short"],
  ])("finds every blob wrong of which the index says %s", async (__, change, code) => {
    const blobs = pack.blobs.map(change);
    const { damaged } = await codec.checkPack(whole({ blobs }), signal);
    expect(damaged.map(({ blob }) => blob).sort()).toEqual(blobs.map(({ id }) => id).sort());
    for (const { error } of damaged) expect(error).toMatchObject({ code });
  });

  test("finds a compressed blob wrong that has another length than the index says", async () => {
    const blobs = pack.blobs
      .filter(({ uncompressedLength }) => uncompressedLength !== null)
      .map((blob) => ({ ...blob, uncompressedLength: (blob.uncompressedLength ?? 0) + 1 }));
    const { damaged } = await codec.checkPack(whole({ blobs }), signal);
    expect(damaged.map(({ error }) => error)).toMatchObject(blobs.map(() => ({ code: "blob-length-mismatch" })));
  });

  test("ends with the signal's reason, and with closed", async () => {
    const stopped = AbortSignal.abort(new DOMException("stopped", "AbortError"));
    await expect(codec.checkPack(whole(), stopped)).rejects.toMatchObject({ name: "AbortError" });
    const closing = await create();
    closing.close();
    await expect(closing.checkPack(whole(), signal)).rejects.toMatchObject({ code: "closed" });
  });
});
