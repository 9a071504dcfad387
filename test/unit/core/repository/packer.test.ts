import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { type Bytes, randomBytes } from "../../../../src/core/base/bytes.ts";
import { BackendError, LockedError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id, parseId } from "../../../../src/core/base/id.ts";
import type { PackSpool } from "../../../../src/core/base/ports.ts";
import { Cipher, generateMasterKey, importMasterKey } from "../../../../src/core/codec/cipher.ts";
import type { SealedBlob } from "../../../../src/core/codec/codec.ts";
import { type Kernel, loadKernel } from "../../../../src/core/codec/kernel.ts";
import { RunningHash } from "../../../../src/core/codec/sha256.ts";
import { decodeIndex } from "../../../../src/core/format/index-file.ts";
import { decodePackHeader, locatePackHeader } from "../../../../src/core/format/pack-header.ts";
import { BlobSaver, type BlobSaverOptions } from "../../../../src/core/repository/blob-saver.ts";
import type { SealedIndex } from "../../../../src/core/repository/index-saver.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";
import { defaultPackTarget, OpenPack } from "../../../../src/core/repository/open-pack.ts";
import { PackRooms } from "../../../../src/core/repository/pack-room.ts";
import { Packer } from "../../../../src/core/repository/packer.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { MemoryPackSpool } from "../../../support/memory-pack-spool.ts";
import { TestClock } from "../../../support/test-clock.ts";

const mebibyte = 1024 * 1024;
const signal = new AbortController().signal;
let kernel: Kernel;
let cipher: Cipher;

beforeAll(async () => {
  kernel = await loadKernel(nodeKernels);
  cipher = new Cipher(await importMasterKey(generateMasterKey()), kernel);
});

function makePacker(target = defaultPackTarget): Packer {
  const rooms = new PackRooms(null, target);
  return new Packer(target, () => new OpenPack(target, rooms.take(), new RunningHash(kernel)));
}

function idOf(number: number): Id {
  return parseId(number.toString(16).padStart(64, "0")) as Id;
}

function blobOf(number: number, length = mebibyte): SealedBlob {
  const sealed = new Uint8Array(length).fill(number);
  return { type: "data", id: idOf(number), sealed, plainLength: length - 32, compressed: false };
}

describe("a packer", () => {
  test("gives out a pack when it has 16 MiB, and spreads blobs over two open ones", () => {
    const packer = makePacker();
    const full = Array.from({ length: 200 }, (_, i) => packer.add(blobOf(i))).filter((pack) => pack !== null);
    for (const pack of full) expect(pack.length).toBe(16 * mebibyte);
    const orders = full.map((pack) => pack.blobs.map((blob) => blob.id).join());
    const inOrder = full.map((_, n) => Array.from({ length: 16 }, (_, i) => idOf(n * 16 + i)).join());
    expect(orders).not.toEqual(inOrder);
  });

  test("gives out a pack of fifty thousand blobs, however small they are", () => {
    const packer = makePacker();
    const full = Array.from({ length: 120_000 }, (_, i) => packer.add(blobOf(i, 33))).filter((pack) => pack !== null);
    expect(full.map(({ blobs }) => blobs.length)).toEqual([50_000, 50_000]);
  });

  test("merges what is left if it fits one pack", () => {
    const packer = makePacker();
    for (let i = 0; i < 10; i++) packer.add(blobOf(i));
    const rest = packer.takeRest();
    expect(rest).toHaveLength(1);
    expect(rest[0]?.blobs.map(({ offset }) => offset)).toEqual(Array.from({ length: 10 }, (_, i) => i * mebibyte));
    expect(packer.takeRest()).toEqual([]);
  });

  test("puts a blob of the target's size into a pack of its own", () => {
    expect(makePacker().add(blobOf(1, 16 * mebibyte))?.blobs).toHaveLength(1);
  });
});

/** Packs that are made fast. */
const small: BlobSaverOptions = { packTargetBytes: 4 * mebibyte };

/** Sealing and hashing take threads of their own, which no clock of a test moves. */
function soon(expectation: () => unknown): Promise<unknown> {
  return vi.waitFor(expectation, { timeout: 15_000, interval: 5 });
}

/** A blob saver over a backend in memory, and the index files that it wrote. */
function saverOver(
  backend: Backend,
  clock = new TestClock(),
  options: BlobSaverOptions = {},
  save: (index: SealedIndex) => Promise<void> = async () => {},
  spool: PackSpool | null = null,
) {
  const index = new MasterIndex();
  const indexFiles: Bytes[] = [];
  const ports = {
    backend,
    cipher,
    index,
    ensureLocked: async () => {},
    leftUnindexed: () => {},
    seal: async (json: Bytes) => ({ id: await hashId(randomBytes(32)), sealed: json }),
    save: async (index: SealedIndex) => {
      await save(index);
      indexFiles.push(index.sealed);
    },
    clock,
    kernel,
    spool,
  };
  return { saver: new BlobSaver(ports, signal, options), ports, index, indexFiles };
}

function packsIn(indexFile: Bytes): string[] {
  const packs: string[] = [];
  decodeIndex(indexFile, 2, { pack: (id) => void packs.push(id), blob: () => {} });
  return packs;
}

describe("a blob saver", () => {
  test("stores packs that their own headers describe, named by their hash", async () => {
    const backend = new MemoryBackend();
    const { saver, index, indexFiles } = saverOver(backend);
    const blobs = [blobOf(1, 1000), blobOf(2, 3000)];
    for (const blob of blobs) {
      expect(saver.claim("data", [blob.id])).toEqual([true]);
      await saver.store([blob]);
    }
    expect(indexFiles).toEqual([]);
    await saver.finish();
    const [pack] = await backend.list("data", signal);
    if (!pack) throw new Error("no pack");
    const bytes = await backend.load({ type: "data", id: pack.id }, signal);
    expect(await hashId(bytes)).toBe(pack.id);
    const place = locatePackHeader(bytes.subarray(-4), bytes.length);
    const header = await cipher.open(bytes.subarray(place.offset, place.offset + place.length));
    expect(decodePackHeader(header, bytes.length, 2)).toEqual(index.blobsOfPack(pack.id));
    expect(indexFiles.map(packsIn)).toEqual([[pack.id]]);
  });

  test("gives each new id to one caller only", () => {
    const { saver, index } = saverOver(new MemoryBackend());
    index.addPack(idOf(99), [{ type: "data", id: idOf(3), offset: 0, length: 40, uncompressedLength: null }]);
    expect(saver.claim("data", [idOf(1), idOf(1), idOf(3)])).toEqual([true, false, false]);
    expect(saver.claim("data", [idOf(1)])).toEqual([false]);
    expect(saver.claim("tree", [idOf(1)])).toEqual([true]);
  });

  test("writes an index file after every eight packs", async () => {
    const { saver, indexFiles } = saverOver(new MemoryBackend(), undefined, small);
    for (let i = 0; i < 20; i++) await saver.store([blobOf(i, 4 * mebibyte)]);
    await saver.finish();
    expect(indexFiles.flatMap(packsIn)).toHaveLength(20);
    expect(new Set(indexFiles.flatMap(packsIn)).size).toBe(20);
    expect(indexFiles.map((file) => packsIn(file).length)).toEqual([8, 8, 4]);
  });

  test("writes an index file a minute after a pack was stored, though no other comes", async () => {
    const clock = new TestClock();
    const { saver, indexFiles } = saverOver(new MemoryBackend(), clock, small);
    await saver.store([blobOf(1, 4 * mebibyte)]);
    await soon(() => expect(saver.uploaded).toHaveLength(1));
    await clock.advance(59_999);
    expect(indexFiles).toEqual([]);
    await clock.advance(1);
    await soon(() => expect(indexFiles.map(packsIn)).toEqual([saver.uploaded.map(({ id }) => id)]));
    await saver.finish();
    expect(indexFiles).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  test("fails with what an index file fails with that nobody waits for", async () => {
    const clock = new TestClock();
    const full = new BackendError("storage-full");
    const { saver } = saverOver(new MemoryBackend(), clock, small, async () => {
      throw full;
    });
    await saver.store([blobOf(1, 4 * mebibyte)]);
    await soon(() => expect(saver.uploaded).toHaveLength(1));
    await clock.advance(60_000);
    await soon(() => expect(saver.store([blobOf(2)])).rejects.toBe(full));
    await saver.abandon();
    expect(clock.pending).toBe(0);
  });

  test("that is abandoned does not wait without end for a lock that nobody can refresh", async () => {
    const clock = new TestClock();
    const { ports } = saverOver(new MemoryBackend(), clock);
    let left = 0;
    const stuck = { ...ports, ensureLocked: () => new Promise<void>(() => {}), leftUnindexed: () => left++ };
    const saver = new BlobSaver(stuck, signal);
    await clock.run(saver.abandon());
    expect(left).toBe(1);
  });

  test("keeps packs to the limit of bytes a second", async () => {
    const clock = new TestClock();
    const backend = new MemoryBackend();
    const { saver } = saverOver(backend, clock, { ...small, uploadLimit: 4 * mebibyte });
    for (let i = 0; i < 4; i++) await saver.store([blobOf(i, 4 * mebibyte)]);
    for (let packs = 1; packs <= 4; packs++) {
      // The packs that wait, and from the first stored pack on its index file.
      await soon(() => expect([saver.uploaded.length, clock.pending]).toEqual([packs, 5 - packs]));
      await clock.advance(1001);
    }
    expect(saver.uploaded).toHaveLength(4);
    await saver.finish();
  });

  test("asks each time whether a pack may be sent", async () => {
    const backend = new MemoryBackend();
    const lost = new LockedError("lock-lost");
    const { saver, ports } = saverOver(backend, undefined, small);
    ports.ensureLocked = async () => {
      throw lost;
    };
    await saver.store([blobOf(1, 4 * mebibyte)]);
    await expect(saver.finish()).rejects.toBe(lost);
    expect(await backend.list("data", signal)).toEqual([]);
  });

  test.each([
    [4, 4],
    [1, 1],
    [24, 24],
  ])("makes packs of %d MiB as %d MiB", async (wanted, made) => {
    const backend = new MemoryBackend();
    const { saver } = saverOver(backend, undefined, { packTargetBytes: wanted * mebibyte });
    for (let i = 0; i < 3 * made; i++) await saver.store([blobOf(i)]);
    await saver.finish();
    const lengths = saver.uploaded.map(({ length }) => Math.floor(length / mebibyte));
    expect(lengths.filter((length) => length === made).length).toBeGreaterThanOrEqual(1);
    expect(Math.max(...lengths)).toBe(made);
  });

  test("says which packs the backend has confirmed, with their lengths", async () => {
    const backend = new MemoryBackend();
    const { saver } = saverOver(backend, undefined, small);
    for (let i = 0; i < 3; i++) await saver.store([blobOf(i, 4 * mebibyte)]);
    await saver.finish();
    expect(new Set(saver.uploaded)).toEqual(new Set(await backend.list("data", signal)));
    expect(saver.uploaded).toHaveLength(3);
  });

  test("stores on after it was finished, and finishes again", async () => {
    const { saver, index, indexFiles } = saverOver(new MemoryBackend());
    saver.claim("data", [blobOf(1).id]);
    await saver.store([blobOf(1)]);
    await saver.finish();
    index.losePacks(saver.uploaded.map(({ id }) => id));
    expect(saver.claim("data", [blobOf(1).id])).toEqual([true]);
    await saver.store([blobOf(1)]);
    await saver.finish();
    expect(indexFiles.flatMap(packsIn)).toEqual(saver.uploaded.map(({ id }) => id));
    expect(index.has("data", blobOf(1).id)).toBe(true);
  });

  test("sends no pack before its caller lets it", async () => {
    const backend = new MemoryBackend();
    let letGo = () => {};
    const gate = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const { saver } = saverOver(backend, undefined, { ...small, beforeUpload: () => gate });
    await saver.store([blobOf(1, 4 * mebibyte)]);
    const finished = saver.finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await backend.list("data", signal)).toEqual([]);
    letGo();
    await finished;
    expect(await backend.list("data", signal)).toHaveLength(1);
  });

  test("writes nothing if nothing was stored", async () => {
    const backend = new MemoryBackend();
    const { saver, indexFiles } = saverOver(backend);
    await saver.finish();
    expect(indexFiles).toEqual([]);
    expect(await backend.list("data", signal)).toEqual([]);
  });

  test.each([
    ["with room for all packs", {}],
    ["with room for two", { files: 2 }],
    ["that is full soon", { fullAt: 3 * mebibyte }],
  ])("puts packs together on a disk %s, and leaves nothing there", async (_, options) => {
    const backend = new MemoryBackend();
    const spool = new MemoryPackSpool(options);
    const { saver, indexFiles } = saverOver(backend, new TestClock(), small, undefined, spool);
    for (let i = 0; i < 20; i++) await saver.store([blobOf(i)]);
    await saver.finish();
    const packs = await backend.list("data", signal);
    for (const { id } of packs) expect(await hashId(await backend.load({ type: "data", id }, signal))).toBe(id);
    expect(indexFiles.flatMap(packsIn).sort()).toEqual(packs.map(({ id }) => id).sort());
    expect(spool).toMatchObject({ taken: 0, trims: 1 });
  });

  test("that is abandoned leaves nothing on the disk", async () => {
    const spool = new MemoryPackSpool();
    const { saver } = saverOver(new MemoryBackend(), new TestClock(), small, undefined, spool);
    for (let i = 0; i < 3; i++) await saver.store([blobOf(i)]);
    await saver.abandon();
    expect(spool).toMatchObject({ taken: 0, trims: 1 });
  });
});
