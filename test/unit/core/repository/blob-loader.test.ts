import { beforeAll, describe, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import type { OpenedBlob } from "../../../../src/core/codec/codec.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository, openTestRepository } from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const { signal } = new AbortController();
/** Of ranges of 400 kB, many more than the loader has in memory at once. */
const packs = 300;
const packLength = 400_000;
const contents = new Map<Id, Bytes>();
let stored: MemoryBackend;

beforeAll(async () => {
  stored = new MemoryBackend();
  const { repository } = await createTestRepository(stored);
  const tree: MemoryTree = {};
  for (let i = 0; i < packs; i++) {
    const bytes = noise(i + 1, packLength);
    tree[`${i}.bin`] = { bytes, modifiedMs: 1 };
    contents.set(await hashId(bytes), bytes);
  }
  await backUp(repository, new MemoryFolder(tree), { packTargetBytes: packLength });
  repository.close();
});

/** A backend that puts ranges where they are wanted, as that of a REST server does, and notes the memory that it is given. */
function intoMemory(given: Set<ArrayBuffer>): Backend {
  const load = async (...[handle, running, range]: Parameters<Backend["load"]>): Promise<Bytes> => {
    const bytes = await stored.load(handle, running, range);
    if (range?.into === undefined) return bytes;
    given.add(range.into.buffer);
    range.into.set(bytes);
    return range.into.subarray(0, bytes.length);
  };
  return Object.assign(Object.create(stored) as Backend, { load });
}

describe("the memory of ranges", () => {
  test("is used again once every blob in it is needed no more, and not before", async () => {
    const given = new Set<ArrayBuffer>();
    const { blobs } = await openTestRepository(intoMemory(given));
    let sound = 0;
    const look = async (id: Id, opened: OpenedBlob) => {
      // Others are loaded meanwhile.
      await new Promise((resolve) => setImmediate(resolve));
      if ("plain" in opened && Buffer.compare(opened.plain, contents.get(id) ?? new Uint8Array(0)) === 0) sound++;
      return true;
    };
    await blobs.loadEach("data", contents.keys(), look, signal);
    expect(sound).toBe(packs);
    expect(given.size).toBeGreaterThan(0);
    expect(given.size).toBeLessThan(packs / 2);
  });

  test("stays the taker's who keeps a blob", async () => {
    const given = new Set<ArrayBuffer>();
    const { blobs } = await openTestRepository(intoMemory(given));
    const kept = new Map<Id, Bytes>();
    const keep = async (id: Id, opened: OpenedBlob) => {
      if ("plain" in opened) kept.set(id, opened.plain);
      return false;
    };
    await blobs.loadEach("data", contents.keys(), keep, signal);
    await blobs.loadEach("data", contents.keys(), async () => true, signal);
    const changed = [...contents].filter(
      ([id, bytes]) => Buffer.compare(bytes, kept.get(id) ?? new Uint8Array(0)) !== 0,
    );
    expect([kept.size, changed.length]).toEqual([packs, 0]);
  });
});
