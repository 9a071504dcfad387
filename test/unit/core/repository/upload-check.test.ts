import { describe, expect, test } from "vitest";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { type Bytes, randomBytes } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import type { UploadedPack } from "../../../../src/core/repository/blob-saver.ts";
import { UploadCheck } from "../../../../src/core/repository/upload-check.ts";
import { altered } from "../../../support/altered-backend.ts";
import { observed } from "../../../support/failing-backend.ts";
import { MemoryFolder } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository } from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const { signal } = new AbortController();

async function uploaded(count: number, length = 100): Promise<{ backend: MemoryBackend; packs: UploadedPack[] }> {
  const backend = new MemoryBackend();
  const packs: UploadedPack[] = [];
  for (let i = 0; i < count; i++) {
    const bytes = randomBytes(length);
    const id = await hashId(bytes);
    await backend.save({ type: "data", id }, bytes, signal);
    packs.push({ id, length });
  }
  return { backend, packs };
}

async function replace(backend: MemoryBackend, { id }: UploadedPack, bytes: Bytes | null): Promise<void> {
  await backend.remove({ type: "data", id }, signal);
  if (bytes !== null) await backend.save({ type: "data", id }, bytes, signal);
}

describe("a check of what was uploaded", () => {
  test("fetches every pack whole, once, and finds nothing", async () => {
    const { backend, packs } = await uploaded(7);
    const watched = observed(backend);
    const check = new UploadCheck(watched, packs, "all");
    await check.run(signal);
    expect(check.failures).toEqual([]);
    expect(check).toMatchObject({ packsDone: 7, bytesDone: 700, bytesTotal: 700 });
    expect(watched.operations.map(({ file }) => file).sort()).toEqual(packs.map(({ id }) => `data/${id}`).sort());
  });

  test("names packs that are gone, altered in one bit, or cut off", async () => {
    const { backend, packs } = await uploaded(5);
    const [gone, altered, short] = packs as [UploadedPack, UploadedPack, UploadedPack];
    const bytes = await backend.load({ type: "data", id: altered.id }, signal);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await replace(backend, gone, null);
    await replace(backend, altered, bytes);
    await replace(backend, short, randomBytes(99));
    const check = new UploadCheck(backend, packs, "all");
    await check.run(signal);
    const found = new Map(check.failures.map(({ pack, error }) => [pack, error.code]));
    expect(found).toEqual(
      new Map([
        [gone.id, "not-found"],
        [altered.id, "file-hash-mismatch"],
        [short.id, "file-hash-mismatch"],
      ]),
    );
    expect(check.packsDone).toBe(5);
  });

  test.each([
    [0, 0],
    [2, 2],
    [3, 3],
    [30, 3],
    [31, 4],
    [200, 20],
  ])("of %d packs samples %d, no pack twice", async (count, size) => {
    const packs = (await uploaded(count, 8)).packs;
    const check = new UploadCheck(new MemoryBackend(), packs, "sample");
    expect(new Set(check.packs.map(({ id }) => id)).size).toBe(size);
    for (const pack of check.packs) expect(packs).toContain(pack);
  });

  test("samples other packs another time", async () => {
    const { packs } = await uploaded(100, 8);
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++)
      for (const { id } of new UploadCheck(new MemoryBackend(), packs, "sample").packs) seen.add(id);
    expect(seen.size).toBeGreaterThan(90);
  });

  test("holds no more than 64 MiB at once, but a larger pack by itself", async () => {
    let held = 0;
    let peak = 0;
    const { backend } = await uploaded(0);
    const packs = [20, 20, 20, 20, 100, 20].map((length) => ({
      id: "0".repeat(64) as UploadedPack["id"],
      length: length * 1024 * 1024,
    }));
    const queue = [...packs];
    const slow = altered(backend, {
      load: async () => {
        const length = queue.shift()?.length ?? 0;
        held += length;
        peak = Math.max(peak, held);
        await new Promise((resolve) => setImmediate(resolve));
        held -= length;
        throw new BackendError("not-found");
      },
    });
    await new UploadCheck(slow, packs, "all").run(signal);
    expect(peak).toBe(100 * 1024 * 1024);
  });

  test("ends with what is no word about a pack, and fetches no further", async () => {
    const { backend } = await uploaded(0);
    const id = "0".repeat(64) as UploadedPack["id"];
    const packs = Array.from({ length: 50 }, () => ({ id, length: 10 * 1024 * 1024 }));
    const rejected = new BackendError("login-rejected");
    let loads = 0;
    const refusing = altered(backend, {
      load: async () => {
        loads++;
        throw rejected;
      },
    });
    await expect(new UploadCheck(refusing, packs, "all").run(signal)).rejects.toBe(rejected);
    expect(loads).toBeLessThan(10);
  });

  test("looks at all that the last backup stored, and notices what became of it", async () => {
    const server = new MemoryBackend();
    const { repository } = await createTestRepository(server);
    await backUp(repository, new MemoryFolder({ "a.bin": { bytes: noise(1, 3_000_000), modifiedMs: 0 } }));
    const whole = repository.checkUpload("all");
    await whole.run(signal);
    expect(whole.failures).toEqual([]);
    expect(new Set(whole.packs)).toEqual(new Set(await server.list("data", signal)));
    const [first] = whole.packs as [UploadedPack];
    await replace(server, first, null);
    const lossy = repository.checkUpload("all");
    await lossy.run(signal);
    expect(lossy.failures.map(({ pack }) => pack)).toEqual([first.id]);
  });

  test("can be cancelled", async () => {
    const { backend, packs } = await uploaded(20);
    const controller = new AbortController();
    const cancelling = altered(backend, {
      load: async (...args) => {
        controller.abort();
        return backend.load(...args);
      },
    });
    await expect(new UploadCheck(cancelling, packs, "all").run(controller.signal)).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
