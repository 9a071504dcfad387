import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import type { Backend, Handle } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { withRetry } from "../../../../src/core/backend/with-retry.ts";
import { type Bytes, randomBytes, textOf, utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { type Id, idOfBytes, parseId } from "../../../../src/core/base/id.ts";
import { decodeIndex, encodeIndex, type IndexedPack } from "../../../../src/core/format/index-file.ts";
import { packLengthOf } from "../../../../src/core/format/pack-header.ts";
import type { SealedIndex } from "../../../../src/core/repository/index-saver.ts";
import { LateFiles, type LateFilesPorts } from "../../../../src/core/repository/late-files.ts";
import { acquireLock, type Lock } from "../../../../src/core/repository/lock.ts";
import { altered } from "../../../support/altered-backend.ts";
import { memoryJournal } from "../../../support/memory-repository.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const minute = 60_000;
const lockLost = { name: "LockedError", code: "lock-lost" };

let clock: TestClock;
let server: MemoryBackend;

beforeEach(() => {
  clock = new TestClock();
  server = new MemoryBackend();
});

/** Files are not sealed here; sealing has its own tests. */
function portsOn(backend: Backend): LateFilesPorts {
  const seal = async (json: Bytes) => {
    const sealed = utf8(textOf(json).replace(/\s*$/, " ".repeat(1 + (randomBytes(1)[0] ?? 0))));
    return { id: idOf(sealed), sealed };
  };
  return {
    backend,
    journal: memoryJournal(),
    repositoryId: "r".repeat(64),
    clock,
    files: {
      seal,
      load: (type, id, loadSignal) => backend.load({ type, id }, loadSignal),
      save: async (type, json, saveSignal) => {
        const { id, sealed } = await seal(json);
        await backend.save({ type, id }, sealed, saveSignal);
        return id;
      },
    },
  };
}

function idOf(bytes: Bytes): Id {
  return idOfBytes(new Uint8Array(createHash("sha256").update(bytes).digest()));
}

/** What somebody else does while this machine sleeps: `restic unlock`, and perhaps more. */
async function unlockByOthers(): Promise<void> {
  for (const { id } of await server.list("lock", signal)) await server.remove({ type: "lock", id }, signal);
}

const isNamed = (handle: Handle, type: string) => handle.type === type;

interface Sleepy {
  backend: Backend;
  /** How often a file of the type was sent. */
  sent(): number;
}

/** A server that is asleep with this machine: the first file of the type falls into the sleep in one way or another. */
function sleepy(type: "snapshot" | "index", how: "before" | "lost" | "late", meanwhile: () => Promise<void>): Sleepy {
  let sent = 0;
  const backend = altered(server, {
    save: async (handle, bytes, saveSignal, beforeSending) => {
      if (!isNamed(handle, type)) return server.save(handle, bytes, saveSignal, beforeSending);
      const isFirst = sent === 0;
      if (isFirst && how === "before") {
        sent++;
        // The machine falls asleep while it waits for the second attempt, which is due before the lock's refresh is.
        setImmediate(() => void sleepThrough(meanwhile));
        throw new BackendError("network", {}, { retry: "later" });
      }
      await beforeSending?.();
      sent++;
      if (isFirst && how === "late") await sleepThrough(meanwhile);
      // What is on its way gets there, whoever has given up waiting for it.
      await server.save(handle, bytes, signal);
      if (isFirst && how === "lost") await sleepThrough(meanwhile);
    },
  });
  return { backend: withRetry(backend, { clock, random: () => 0.5 }), sent: () => sent };
}

async function sleepThrough(meanwhile: () => Promise<void>): Promise<void> {
  await meanwhile();
  await clock.sleepThrough(40 * minute);
}

const snapshot = utf8('{"tree":"…"}');
const snapshotId: Id = idOf(snapshot);

async function saveSnapshotOn(backend: Backend): Promise<{ saving: Promise<void>; lock: Lock }> {
  const ports = portsOn(backend);
  const lock = await clock.run(acquireLock(ports, "shared", signal));
  const running = AbortSignal.any([signal, lock.signal]);
  return { lock, saving: clock.run(new LateFiles(ports).saveSnapshot(snapshotId, snapshot, [lock], running)) };
}

describe("a snapshot", () => {
  test("is stored while the lock holds, and the lock asked twice without a request", async () => {
    const { saving, lock } = await saveSnapshotOn(server);
    await saving;
    expect(await server.stat({ type: "snapshot", id: snapshotId }, signal)).toBe(snapshot.length);
    await lock.release();
  });

  test("whose sending is repeated after a sleep in which the lock was removed is not sent again", async () => {
    const { backend, sent } = sleepy("snapshot", "before", unlockByOthers);
    const { saving } = await saveSnapshotOn(backend);
    await expect(saving).rejects.toMatchObject(lockLost);
    expect(sent()).toBe(1);
    expect(await server.list("snapshot", signal)).toEqual([]);
  });

  test("that reaches the server after a sleep in which the lock was removed is taken back", async () => {
    const { saving } = await saveSnapshotOn(sleepy("snapshot", "late", unlockByOthers).backend);
    await expect(saving).rejects.toMatchObject(lockLost);
    expect(await server.list("snapshot", signal)).toEqual([]);
  });

  test("whose answer comes after such a sleep is taken back, too: nobody knows when it got there", async () => {
    const { saving } = await saveSnapshotOn(sleepy("snapshot", "lost", unlockByOthers).backend);
    await expect(saving).rejects.toMatchObject(lockLost);
    expect(await server.list("snapshot", signal)).toEqual([]);
  });

  test.each(["before", "late", "lost"] as const)(
    "is stored over a sleep in which nobody touched the lock (%s)",
    async (how) => {
      const { saving, lock } = await saveSnapshotOn(sleepy("snapshot", how, async () => {}).backend);
      await saving;
      expect(lock.signal.aborted).toBe(false);
      expect(await server.list("snapshot", signal)).toHaveLength(1);
    },
  );

  test("that the server does not let go does not hide that the lock was lost, nor keep anybody for more than a minute", async () => {
    const { backend } = sleepy("snapshot", "late", unlockByOthers);
    const { saving } = await saveSnapshotOn(
      altered(backend, {
        remove: async (handle, removeSignal) => {
          if (!isNamed(handle, "snapshot")) return server.remove(handle, removeSignal);
          await new Promise((_, reject) => removeSignal.addEventListener("abort", () => reject(removeSignal.reason)));
        },
      }),
    );
    const begin = clock.now();
    await expect(saving).rejects.toMatchObject(lockLost);
    expect(clock.now() - begin).toBeLessThan(42 * minute);
  });
});

describe("an index file", () => {
  const id = (number: number) => parseId(number.toString(16).padStart(64, "0")) as Id;

  /** A pack that is stored. */
  async function packOf(number: number): Promise<IndexedPack> {
    const blobs = [{ type: "data" as const, id: id(number), offset: 0, length: 100, uncompressedLength: null }];
    const bytes = new Uint8Array(packLengthOf(blobs)).fill(number);
    const pack = idOf(bytes);
    await server.save({ type: "data", id: pack }, bytes, signal);
    return { id: pack, blobs };
  }

  async function saveIndexOn(backend: Backend, packs: IndexedPack[]): Promise<SealedIndex> {
    const ports = portsOn(backend);
    const lock = await clock.run(acquireLock(ports, "shared", signal));
    const index = { ...(await ports.files.seal(encodeIndex(packs))), packs };
    const running = AbortSignal.any([signal, lock.signal]);
    await expect(clock.run(new LateFiles(ports).saveIndex(index, lock, running))).rejects.toMatchObject(lockLost);
    return index;
  }

  async function packsInIndexes(): Promise<string[][]> {
    const files = await server.list("index", signal);
    const named = files.map(async (file) => {
      const packs: string[] = [];
      const json = await server.load({ type: "index", id: file.id }, signal);
      decodeIndex(json, 2, { pack: (pack) => void packs.push(pack), blob: () => {} });
      return packs;
    });
    return Promise.all(named);
  }

  const pruned =
    (...packs: IndexedPack[]) =>
    async () => {
      await unlockByOthers();
      for (const pack of packs) await server.remove({ type: "data", id: pack.id }, signal);
    };

  test("that reaches the server after a prune names only what is still there", async () => {
    const packs = [await packOf(1), await packOf(2), await packOf(3)] as const;
    const { backend } = sleepy("index", "late", pruned(packs[1]));
    const { id: late } = await saveIndexOn(backend, [...packs]);
    expect(await packsInIndexes()).toEqual([[packs[0].id, packs[2].id]]);
    expect((await server.list("index", signal)).map((file) => file.id)).not.toContain(late);
    expect(await server.list("lock", signal)).toEqual([]);
  });

  test("all of whose packs were removed by a prune goes, too", async () => {
    const packs = [await packOf(1)] as const;
    await saveIndexOn(sleepy("index", "late", pruned(...packs)).backend, [...packs]);
    expect(await packsInIndexes()).toEqual([]);
  });

  test("that is true stays, since others may build on it", async () => {
    const pack = await packOf(1);
    const { id: kept } = await saveIndexOn(sleepy("index", "lost", unlockByOthers).backend, [pack]);
    expect((await server.list("index", signal)).map((file) => file.id)).toEqual([kept]);
  });

  test("that a prune has rewritten is left alone", async () => {
    const pack = await packOf(1);
    const rewritten = async () => {
      await pruned(pack)();
      for (const file of await server.list("index", signal))
        await server.remove({ type: "index", id: file.id }, signal);
    };
    await saveIndexOn(sleepy("index", "lost", rewritten).backend, [pack]);
    expect(await packsInIndexes()).toEqual([]);
  });

  test("whose sending would be repeated after such a sleep is not sent again", async () => {
    const { backend, sent } = sleepy("index", "before", unlockByOthers);
    await saveIndexOn(backend, [await packOf(1)]);
    expect(sent()).toBe(1);
    expect(await packsInIndexes()).toEqual([]);
  });

  test("waits for the prune that is still under way before it is compared", async () => {
    const packs = [await packOf(1), await packOf(2)] as const;
    const exclusive = utf8('{"time":"2026-01-01T00:00:00Z","exclusive":true}');
    const exclusiveId = idOf(exclusive);
    const begun = async () => {
      await unlockByOthers();
      await server.save({ type: "lock", id: exclusiveId }, exclusive, signal);
      clock.after(40 * minute + 20_000, () => {
        void server.remove({ type: "data", id: packs[0].id }, signal);
        void server.remove({ type: "lock", id: exclusiveId }, signal);
      });
    };
    await saveIndexOn(sleepy("index", "late", begun).backend, [...packs]);
    expect(await packsInIndexes()).toEqual([[packs[1].id]]);
  });
});
