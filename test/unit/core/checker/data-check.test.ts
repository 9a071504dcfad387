import { beforeEach, describe, expect, test } from "vitest";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { type CheckedRepository, DataCheck } from "../../../../src/core/checker/data-check.ts";
import { locatePackHeader, type PackedBlob } from "../../../../src/core/format/pack-header.ts";
import type { Repository } from "../../../../src/core/repository/repository.ts";
import { altered } from "../../../support/altered-backend.ts";
import { observed } from "../../../support/failing-backend.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository, openTestRepository } from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const { signal } = new AbortController();
const mebibyte = 1024 * 1024;

/** A large raw blob and some, compressed ones, an empty file, and trees: two packs. */
const files: MemoryTree = {
  "noise.bin": { bytes: noise(1, 3 * mebibyte), modifiedMs: 0 },
  "text.txt": { bytes: new Uint8Array(400_000).fill(97), modifiedMs: 0 },
  "small.txt": { bytes: new TextEncoder().encode("a small file"), modifiedMs: 0 },
  "empty.txt": { bytes: new Uint8Array(0), modifiedMs: 0 },
};

let server: MemoryBackend;
let repository: Repository;
let dataPack: Id;
let treePack: Id;

beforeEach(async () => {
  server = new MemoryBackend();
  ({ repository } = await createTestRepository(server));
  await backUp(repository, new MemoryFolder(files));
  repository.close();
  repository = await openTestRepository(server);
  await repository.indexed(signal);
  const packs = await server.list("data", signal);
  const holds = (type: string) =>
    packs.find(({ id }) => repository.index.blobsListedIn(id)[0]?.type === type)?.id as Id;
  [dataPack, treePack] = [holds("data"), holds("tree")];
});

/** Puts other bytes in a pack's place; null takes it away. */
async function replace(id: Id, change: (bytes: Bytes) => Bytes | null): Promise<void> {
  const bytes = change(await server.load({ type: "data", id }, signal));
  await server.remove({ type: "data", id }, signal);
  if (bytes !== null) await server.save({ type: "data", id }, bytes, signal);
}

function flip(offset: number): (bytes: Bytes) => Bytes {
  return (bytes) => {
    bytes[offset] = (bytes[offset] ?? 0) ^ 4;
    return bytes;
  };
}

async function check(checked: CheckedRepository = repository): Promise<DataCheck> {
  const done = new DataCheck(checked);
  await done.run(signal);
  return done;
}

/** "pack code" and "blob code", the packs and blobs being named by their first digits. */
function found({ damages }: DataCheck): string[] {
  return damages.map(({ pack, blob, error }) => `${blob ?? pack} ${error.code}`).sort();
}

function blobsOf(pack: Id): PackedBlob[] {
  return repository.index.blobsListedIn(pack);
}

describe("a check of all data", () => {
  test("reads every pack whole, once, and finds nothing wrong with sound ones", async () => {
    const watched = observed(server);
    repository = await openTestRepository(watched);
    watched.operations.splice(0);
    const done = await check();
    const packs = await server.list("data", signal);
    const bytes = packs.reduce((sum, { length }) => sum + length, 0);
    expect(found(done)).toEqual([]);
    expect(done.unnamed).toEqual([]);
    expect(done).toMatchObject({ packsDone: 2, packsTotal: 2, bytesDone: bytes, bytesTotal: bytes });
    expect(done.blobsDone).toBe(repository.index.size);
    const loads = watched.operations.filter(({ name, file }) => name === "load" && file.startsWith("data/"));
    expect(loads.map(({ file }) => file).sort()).toEqual(packs.map(({ id }) => `data/${id}`).sort());
  });

  test("checks repositories of format 1, too", async () => {
    const { repository: old } = await createTestRepository(new MemoryBackend(), 1);
    await backUp(old, new MemoryFolder(files));
    expect(found(await check(old))).toEqual([]);
  });

  test("names the pack and each blob of which a byte was altered", async () => {
    const [first, , last] = blobsOf(dataPack) as [PackedBlob, PackedBlob, PackedBlob];
    await replace(dataPack, flip(first.offset + 20));
    await replace(dataPack, flip(last.offset + last.length - 1));
    const expected = [`${dataPack} file-hash-mismatch`, `${first.id} mac-mismatch`, `${last.id} mac-mismatch`];
    expect(found(await check())).toEqual(expected.sort());
  });

  test("names a tree that was altered", async () => {
    const [tree] = blobsOf(treePack) as [PackedBlob];
    await replace(treePack, flip(tree.offset + 17));
    const expected = [`${treePack} file-hash-mismatch`, `${tree.id} mac-mismatch`];
    expect(found(await check())).toEqual(expected.sort());
  });

  test("tells a header that was altered, and that the blobs are sound all the same", async () => {
    const bytes = await server.load({ type: "data", id: dataPack }, signal);
    const { offset } = locatePackHeader(bytes, bytes.length);
    await replace(dataPack, flip(offset + 20));
    expect(found(await check())).toEqual([`${dataPack} file-hash-mismatch`, `${dataPack} mac-mismatch`]);
  });

  test("tells a length of the header that was altered", async () => {
    await replace(dataPack, (bytes) => flip(bytes.length - 1)(bytes));
    expect(found(await check())).toEqual([`${dataPack} file-hash-mismatch`, `${dataPack} pack-header-malformed`]);
  });

  test("tells a pack that was cut off, and which blobs went with its end", async () => {
    const [last] = blobsOf(dataPack).sort((a, b) => b.offset - a.offset) as [PackedBlob];
    await replace(dataPack, (bytes) => bytes.slice(0, last.offset + last.length - 1));
    const done = await check();
    expect(found(done)).toContain(`${dataPack} pack-length-mismatch`);
    expect(found(done)).toContain(`${dataPack} file-hash-mismatch`);
    expect(done.damages.filter(({ blob }) => blob !== null).map(({ blob }) => blob)).toEqual([last.id]);
  });

  test("tells an empty pack without giving up", async () => {
    await replace(dataPack, () => new Uint8Array(0));
    const done = await check();
    expect(found(done)).toContain(`${dataPack} pack-length-mismatch`);
    expect(done.packsDone).toBe(2);
  });

  test("tells a pack that is missing, and reads the others", async () => {
    await replace(dataPack, () => null);
    const done = await check();
    expect(found(done)).toEqual([`${dataPack} pack-missing`]);
    expect(done).toMatchObject({ packsDone: 1, packsTotal: 1 });
  });

  test("tells a pack that vanishes while it waits for its turn", async () => {
    const forgetful = altered(server, {
      load: (handle, ...rest) =>
        handle.type === "data" && handle.id === dataPack
          ? Promise.reject(new BackendError("not-found"))
          : server.load(handle, ...rest),
    });
    expect(found(await check(await openTestRepository(forgetful)))).toEqual([`${dataPack} not-found`]);
  });

  test("misses no pack that a prune has removed meanwhile, since the index names it no more", async () => {
    await replace(dataPack, () => null);
    let refreshed = 0;
    const hasPack = (pack: Id) => refreshed < 2 || pack !== dataPack;
    const refreshIndex = async () => void refreshed++;
    expect(found(await check({ ...withIndex({ hasPack }), refreshIndex }))).toEqual([]);
  });

  test("tells a pack under another's name", async () => {
    const other = await server.load({ type: "data", id: treePack }, signal);
    await replace(dataPack, () => other);
    const done = await check();
    expect(found(done)).toContain(`${dataPack} file-hash-mismatch`);
    expect(new Set(done.damages.map(({ pack }) => pack))).toEqual(new Set([dataPack]));
    for (const { id } of blobsOf(dataPack)) expect(done.damages.map(({ blob }) => blob)).toContain(id);
  });

  test("tells a pack whose name is its hash and whose blobs are not what they are called", async () => {
    const [wrong] = blobsOf(treePack) as [PackedBlob];
    const claimed = { ...wrong, id: "0".repeat(64) as Id };
    const blobsListedIn = (pack: Id) => (pack === treePack ? [claimed] : blobsOf(pack));
    const done = await check(withIndex({ blobsListedIn }));
    expect(found(done)).toContain(`${claimed.id} blob-hash-mismatch`);
    expect(found(done)).toContain(`${claimed.id} pack-mismatch`);
    expect(found(done)).toContain(`${wrong.id} pack-mismatch`);
  });

  test("tells blobs that only the header knows", async () => {
    const [left] = blobsOf(dataPack) as [PackedBlob];
    const blobsListedIn = (pack: Id) => blobsOf(pack).filter(({ id }) => id !== left.id);
    expect(found(await check(withIndex({ blobsListedIn })))).toEqual([`${left.id} pack-mismatch`]);
  });

  test("tells packs that no index names, which is no damage", async () => {
    const bytes = noise(9, 1000);
    const id = await hashId(bytes);
    await server.save({ type: "data", id }, bytes, signal);
    const done = await check();
    expect(found(done)).toEqual([]);
    expect(done.unnamed).toEqual([{ id, length: 1000 }]);
  });

  test("reads a damaged pack a second time, since it may have been altered on its way", async () => {
    let loads = 0;
    const noisy = altered(server, {
      load: async (handle, ...rest) => {
        const bytes = await server.load(handle, ...rest);
        return handle.type === "data" && loads++ === 0 ? flip(40)(bytes) : bytes;
      },
    });
    expect(found(await check(await openTestRepository(noisy)))).toEqual([]);
    expect(loads).toBe(3);
  });

  test("looks into packs that count as lost, too", async () => {
    repository.index.losePacks([dataPack]);
    expect(found(await check())).toEqual([]);
  });

  test("holds no more than 96 MiB at once, but a larger pack by itself", async () => {
    let held = 0;
    let peak = 0;
    const lengths = [40, 40, 40, 40, 120, 40].map((length) => length * mebibyte);
    const packs = lengths.map((length, i) => ({ id: String(i).repeat(64) as Id, length }));
    const done = await check({
      ...withIndex({ packLengths: () => packs, blobsListedIn: () => [], hasPack: () => true }),
      listPacks: async () => packs,
      loadPack: async ({ length }) => {
        held += length;
        peak = Math.max(peak, held);
        await new Promise((resolve) => setImmediate(resolve));
        held -= length;
        throw new BackendError("not-found");
      },
    });
    expect(peak).toBe(120 * mebibyte);
    expect(done.packsDone).toBe(6);
  });

  test("ends with what is no word about a pack, and fetches no further", async () => {
    const rejected = new BackendError("login-rejected");
    const refusing = { ...withIndex({}), loadPack: () => Promise.reject(rejected) };
    await expect(check(refusing)).rejects.toBe(rejected);
  });

  test("can be cancelled", async () => {
    const controller = new AbortController();
    const cancelling = {
      ...withIndex({}),
      loadPack: async (...[pack, into, running]: Parameters<Repository["loadPack"]>) => {
        controller.abort();
        return repository.loadPack(pack, into, running);
      },
    };
    await expect(new DataCheck(cancelling).run(controller.signal)).rejects.toMatchObject({ name: "AbortError" });
  });
});

/** The repository with an index that says something else. */
function withIndex(changes: Partial<CheckedRepository["index"]>): CheckedRepository {
  const { index } = repository;
  return {
    config: repository.config,
    codec: repository.codec,
    index: {
      hasPack: (pack) => index.hasPack(pack),
      packLengths: () => index.packLengths(),
      blobsListedIn: (pack) => index.blobsListedIn(pack),
      ...changes,
    },
    refreshIndex: (running) => repository.refreshIndex(running),
    listPacks: (running) => repository.listPacks(running),
    loadPack: (...given) => repository.loadPack(...given),
  };
}
