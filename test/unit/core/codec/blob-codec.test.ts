import { beforeAll, describe, expect, test } from "vitest";
import { type Bytes, concatBytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { HoldallError, IntegrityError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { BlobCodec } from "../../../../src/core/codec/blob-codec.ts";
import { Cipher, type CipherKey, generateMasterKey, importMasterKey } from "../../../../src/core/codec/cipher.ts";
import type {
  BlobToOpen,
  CompressionMode,
  SaveJob,
  SealedBatch,
  SealedBlob,
} from "../../../../src/core/codec/codec.ts";
import { loadCompression } from "../../../../src/core/codec/compression.ts";
import { loadKernel } from "../../../../src/core/codec/kernel.ts";
import { choosePolynomial } from "../../../../src/core/codec/polynomial.ts";
import { openIndex } from "../../../../src/core/format/index-records.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { noise } from "../../../support/noise.ts";

const signal = new AbortController().signal;
const polynomial = choosePolynomial();
let key: CipherKey;

beforeAll(async () => {
  key = await importMasterKey(generateMasterKey());
});

function codecOf(formatVersion: 1 | 2 = 2): Promise<BlobCodec> {
  return BlobCodec.create({ kernels: nodeKernels, key, polynomial, formatVersion }, openIndex);
}

/** A job that keeps what it is given and claims each id once. */
function collectingJob(compression: CompressionMode = "auto") {
  const stored = new Map<Id, SealedBlob>();
  const claimed = new Set<Id>();
  const receiver = {
    claim: async (ids: readonly Id[]) => ids.map((id) => claimed.size < claimed.add(id).size),
    // Copied: the buffer is given back, to be used again.
    store: async ({ buffer, blobs }: SealedBatch) => {
      for (const blob of blobs) stored.set(blob.id, { ...blob, sealed: blob.sealed.slice() });
      return buffer;
    },
  };
  const job: SaveJob = { compression, receiver, signal };
  return { job, stored };
}

async function open(codec: BlobCodec, { id, sealed, compressed, plainLength }: SealedBlob): Promise<Bytes> {
  const uncompressedLength = compressed ? plainLength : null;
  const [opened] = await codec.openBlobs(
    sealed,
    [{ id, offset: 0, length: sealed.length, uncompressedLength }],
    signal,
  );
  if (opened && "plain" in opened) return opened.plain;
  throw opened?.error;
}

describe("the codec", () => {
  test("opens what did not shrink where it lies, as restic stores it: compressed all the same", async () => {
    const codec = await codecOf();
    const plains = [noise(1, 700_000), utf8("a line of text, ".repeat(3000)), noise(2, 90_000)];
    const compression = await loadCompression(nodeKernels);
    const cipher = new Cipher(key, await loadKernel(nodeKernels));
    const frames = await Promise.all(plains.map((plain) => cipher.seal(compression.compress(plain, "auto"))));
    const stretch = concatBytes(frames);
    const ids = await Promise.all(plains.map(hashId));
    let offset = 0;
    const blobs = frames.map(({ length }, i): BlobToOpen => {
      offset += length;
      return { id: ids[i] as Id, offset: offset - length, length, uncompressedLength: plains[i]?.length ?? 0 };
    });
    const opened = await codec.openBlobs(stretch, blobs, signal);
    const contents = opened.map((blob) => ("plain" in blob ? blob.plain : new Uint8Array(0)));
    expect(contents.map((content, i) => Buffer.compare(content, plains[i] ?? content))).toEqual([0, 0, 0]);
    expect(contents.map(({ buffer }) => buffer === stretch.buffer)).toEqual([true, false, true]);
  });

  test("saves equal small files as one blob each content, and opens them again", async () => {
    const codec = await codecOf();
    const { job, stored } = collectingJob();
    const contents = [utf8("one"), utf8("two"), utf8("one")];
    const saved = await codec.saveSmallFiles(
      contents.map((bytes) => ({ blob: new Blob([bytes]), size: bytes.length })),
      job,
    );
    expect(stored.size).toBe(2);
    expect(saved).toEqual(await Promise.all(contents.map(async (bytes) => ({ content: [await hashId(bytes)] }))));
    for (const blob of stored.values())
      expect(["one", "two"]).toContain(Buffer.from(await open(codec, blob)).toString());
  });

  test("stretches of a large file are its chunks in order, and each tells early where the next begins", async () => {
    const codec = await codecOf();
    const { job, stored } = collectingJob();
    const bytes = noise(7, 40 * 1024 * 1024 + 5);
    const file = { blob: new Blob([bytes]), size: bytes.length };
    const content: Id[] = [];
    for (let offset = 0; offset < file.size; ) {
      let next = 0;
      const stretch = await codec.saveStretch(file, offset, (cut) => (next = cut), job);
      expect(next).toBe(offset + stretch.length);
      content.push(...stretch.content);
      offset = next;
    }
    const opened = await Promise.all(content.map((id) => open(codec, stored.get(id) as SealedBlob)));
    expect(Buffer.concat(opened).equals(bytes)).toBe(true);
  });

  test.each([
    ["compressible data is compressed", "auto", 2, utf8("same ".repeat(1000)), true],
    ["random data is stored as it is", "auto", 2, noise(1, 100_000), false],
    ["nothing is compressed with compression off", "off", 2, utf8("same ".repeat(1000)), false],
    ["nothing is compressed in format 1", "max", 1, utf8("same ".repeat(1000)), false],
  ] as const)("%s", async (_, mode, formatVersion, bytes, compressed) => {
    const codec = await codecOf(formatVersion);
    const { job, stored } = collectingJob(mode);
    await codec.saveSmallFiles([{ blob: new Blob([bytes]), size: bytes.length }], job);
    expect([...stored.values()].map((blob) => blob.compressed)).toEqual([compressed]);
  });

  test("trees are compressed even with compression off", async () => {
    const codec = await codecOf();
    const { compressed } = await codec.sealBlob("tree", utf8("same ".repeat(1000)), "off", signal);
    expect(compressed).toBe(true);
  });

  test("a file that has another length by now is an error in its place only", async () => {
    const codec = await codecOf();
    const { job } = collectingJob();
    const saved = await codec.saveSmallFiles(
      [
        { blob: new Blob(["good"]), size: 4 },
        { blob: new Blob(["grown"]), size: 4 },
      ],
      job,
    );
    expect(saved[0]).toHaveProperty("content");
    expect(saved[1]).toMatchObject({ error: { code: "source-unreadable" } });
  });

  test.each([
    ["a flipped bit", (blob: SealedBlob) => ({ ...blob, sealed: flipped(blob.sealed) }), "mac-mismatch"],
    ["another blob's bytes", (blob: SealedBlob) => ({ ...blob, id: "0".repeat(64) as Id }), "blob-hash-mismatch"],
    [
      "a wrong length in the index",
      (blob: SealedBlob) => ({ ...blob, plainLength: blob.plainLength + 1 }),
      "blob-length-mismatch",
    ],
  ])("%s is an integrity error that names the blob", async (_, damage, code) => {
    const codec = await codecOf();
    const damaged = damage(await codec.sealBlob("data", utf8("same ".repeat(100)), "auto", signal));
    const error = await open(codec, damaged).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(IntegrityError);
    expect(error).toMatchObject({ code, context: { blob: damaged.id } });
  });

  test("works no more once it is closed", async () => {
    const codec = await codecOf();
    codec.close();
    await expect(codec.sealBlob("data", utf8("x"), "auto", signal)).rejects.toThrow(HoldallError);
  });
});

function flipped(bytes: Bytes): Bytes {
  const copy = bytes.slice();
  copy[20] = (copy[20] ?? 0) ^ 1;
  return copy;
}
