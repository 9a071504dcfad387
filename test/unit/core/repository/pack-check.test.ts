import { describe, expect, test } from "vitest";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id, parseId } from "../../../../src/core/base/id.ts";
import { readIndexRecords } from "../../../../src/core/format/index-records.ts";
import { type PackedBlob, packLengthOf } from "../../../../src/core/format/pack-header.ts";
import { MasterIndex } from "../../../../src/core/repository/master-index.ts";
import { loseMissingPacks } from "../../../../src/core/repository/pack-check.ts";
import { altered } from "../../../support/altered-backend.ts";
import { observed } from "../../../support/failing-backend.ts";

const { signal } = new AbortController();

function id(number: number): Id {
  return parseId(number.toString(16).padStart(64, "0")) as Id;
}

function blob(number: number, uncompressedLength: number | null = null): PackedBlob {
  return { type: "data", id: id(number), offset: 0, length: 100 + number, uncompressedLength };
}

/** A backend with packs of the lengths that the index expects, and the index. */
async function storeOf(...packs: PackedBlob[][]): Promise<{ backend: MemoryBackend; index: MasterIndex; ids: Id[] }> {
  const backend = new MemoryBackend();
  const index = new MasterIndex();
  const ids: Id[] = [];
  for (const [n, blobs] of packs.entries()) {
    const bytes = new Uint8Array(packLengthOf(blobs)).fill(n + 1);
    const pack = await hashId(bytes);
    await backend.save({ type: "data", id: pack }, bytes, signal);
    index.addPack(pack, blobs);
    ids.push(pack);
  }
  return { backend, index, ids };
}

async function replace(backend: MemoryBackend, pack: Id, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  await backend.remove({ type: "data", id: pack }, signal);
  await backend.save({ type: "data", id: pack }, bytes, signal);
}

describe("comparing the stored packs with the index", () => {
  test("finds nothing where all is in order, with one listing", async () => {
    const { backend, index } = await storeOf([blob(1), blob(2, 500)], [blob(3)]);
    const watched = observed(backend);
    expect(await loseMissingPacks(watched, index, signal)).toBe(0);
    expect(watched.operations.map(({ name, file }) => `${name} ${file}`)).toEqual(["list data/"]);
    expect(index.has("data", id(1))).toBe(true);
  });

  test("a pack that is gone takes its blobs from the index, others keep theirs", async () => {
    const { backend, index, ids } = await storeOf([blob(1), blob(2)], [blob(3)]);
    await backend.remove({ type: "data", id: ids[0] as Id }, signal);
    expect(await loseMissingPacks(backend, index, signal)).toBe(1);
    expect(index.has("data", id(1))).toBe(false);
    expect(index.locations("data", id(2))).toEqual([]);
    expect(index.plainLength("data", id(2))).toBe(null);
    expect(index.blobsOfPack(ids[0] as Id)).toEqual([]);
    expect(index.has("data", id(3))).toBe(true);
    expect(await loseMissingPacks(backend, index, signal)).toBe(0);
    expect(index.has("data", id(1))).toBe(false);
  });

  test.each([-1, 1])("a pack of another length (%d bytes) is as good as gone", async (difference) => {
    const { backend, index, ids } = await storeOf([blob(1)]);
    await replace(backend, ids[0] as Id, new Uint8Array(packLengthOf([blob(1)]) + difference));
    expect(await loseMissingPacks(backend, index, signal)).toBe(1);
    expect(index.has("data", id(1))).toBe(false);
  });

  test("a blob that another pack has is still known, from there", async () => {
    const { backend, index, ids } = await storeOf([blob(1), blob(2)], [blob(1)]);
    await backend.remove({ type: "data", id: ids[0] as Id }, signal);
    await loseMissingPacks(backend, index, signal);
    expect(index.locations("data", id(1)).map(({ pack }) => pack)).toEqual([ids[1]]);
    expect(index.plainLength("data", id(1))).toBe(101 - 32);
    expect(index.has("data", id(2))).toBe(false);
  });

  test("a pack that is there again later is known again", async () => {
    const { backend, index, ids } = await storeOf([blob(1)]);
    const [pack] = ids as [Id];
    const bytes = await backend.load({ type: "data", id: pack }, signal);
    await backend.remove({ type: "data", id: pack }, signal);
    await loseMissingPacks(backend, index, signal);
    await backend.save({ type: "data", id: pack }, bytes, signal);
    expect(await loseMissingPacks(backend, index, signal)).toBe(0);
    expect(index.has("data", id(1))).toBe(true);
  });

  test("what is lost stays lost when the index is loaded anew", async () => {
    const { backend, index, ids } = await storeOf([blob(1)], [blob(2)]);
    await backend.remove({ type: "data", id: ids[0] as Id }, signal);
    await loseMissingPacks(backend, index, signal);
    const fresh = new MasterIndex();
    fresh.addPack(ids[1] as Id, [blob(2)]);
    fresh.addPack(ids[0] as Id, [blob(1)]);
    index.takeOver(fresh);
    expect(index.has("data", id(1))).toBe(false);
    expect(index.has("data", id(2))).toBe(true);
  });

  test("a lost pack that an index file names again is not counted double", async () => {
    const { backend, index, ids } = await storeOf([blob(1)]);
    const [pack] = ids as [Id];
    await backend.remove({ type: "data", id: pack }, signal);
    await loseMissingPacks(backend, index, signal);
    const entry = { id: id(1), type: "data", offset: 0, length: 101 };
    const json = new TextEncoder().encode(JSON.stringify({ packs: [{ id: pack, blobs: [entry] }] }));
    index.addFile(readIndexRecords(json, 2));
    expect(index.size).toBe(1);
    expect(index.packLength(pack)).toBe(packLengthOf([blob(1)]));
  });

  test("a pack without blobs, which restic takes no notice of, is not missed", async () => {
    const { backend, index } = await storeOf([blob(1)]);
    index.addFile({ packs: [id(77)], records: new Uint32Array(0) });
    expect(index.packLength(id(77))).toBe(null);
    expect(await loseMissingPacks(backend, index, signal)).toBe(0);
  });

  test("a pack that is stored while the listing is under way is not judged", async () => {
    const { backend, index } = await storeOf([blob(1)]);
    const slow = altered(backend, {
      list: async (type, listSignal) => {
        const listed = await backend.list(type, listSignal);
        index.addPack(id(50), [blob(5)]);
        return listed;
      },
    });
    expect(await loseMissingPacks(slow, index, signal)).toBe(0);
    expect(index.has("data", id(5))).toBe(true);
  });

  test("a listing that fails says nothing about packs", async () => {
    const { backend, index } = await storeOf([blob(1)]);
    const failing = altered(backend, {
      list: async () => {
        throw new BackendError("short-body", {}, { retry: "later" });
      },
    });
    await expect(loseMissingPacks(failing, index, signal)).rejects.toMatchObject({ code: "short-body" });
    expect(index.has("data", id(1))).toBe(true);
  });

  test("takes a moment for 60 000 packs, beside the listing", async () => {
    const index = new MasterIndex();
    const listed: { id: Id; length: number }[] = [];
    for (let n = 0; n < 60_000; n++) {
      const blobs = Array.from({ length: 3 }, (_, i) => blobOfPack(n, i));
      index.addPack(packId(n), blobs);
      if (n % 1000 !== 0) listed.push({ id: packId(n), length: packLengthOf(blobs) });
    }
    const begin = performance.now();
    expect(await loseMissingPacks({ list: async () => listed }, index, signal)).toBe(60);
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(index.has("data", blobOfPack(1000, 2).id)).toBe(false);
    expect(index.has("data", blobOfPack(1001, 2).id)).toBe(true);
  }, 30_000);
});

function packId(n: number): Id {
  return parseId(`${(Math.imul(n + 1, 2654435761) >>> 0).toString(16).padStart(8, "0")}${"f".repeat(56)}`) as Id;
}

function blobOfPack(n: number, i: number): PackedBlob {
  const number = n * 3 + i;
  const start = (Math.imul(number + 1, 2654435761) >>> 0).toString(16).padStart(8, "0");
  return { ...blob(0), id: parseId(`${start}${number.toString(16).padStart(56, "0")}`) as Id, offset: i * 100 };
}
