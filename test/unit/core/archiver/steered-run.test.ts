import { describe, expect, test } from "vitest";
import { Steering } from "../../../../src/core/archiver/steering.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { openRepository } from "../../../../src/core/repository/open-repository.ts";
import { observed } from "../../../support/failing-backend.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import {
  archiverOf,
  backUp,
  createTestRepository,
  memoryJournal,
  openTestRepository,
  password,
} from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";
import { TestClock } from "../../../support/test-clock.ts";

const signal = new AbortController().signal;
const tree: MemoryTree = {
  "a.txt": { bytes: utf8("a"), modifiedMs: 1 },
  sub: { "b.bin": { bytes: noise(1, 600_000), modifiedMs: 1 } },
};

async function untilIdle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a paused run", () => {
  test("begins nothing, uploads nothing, and goes on when it is resumed", async () => {
    const { backend } = await createTestRepository();
    const watched = observed(backend);
    const steering = new Steering();
    steering.pause();
    const archiver = archiverOf(await openTestRepository(watched), new MemoryFolder(tree), { steering });
    let isOver = false;
    const run = archiver.run(signal).finally(() => {
      isOver = true;
    });
    while (archiver.phase !== "saving") await untilIdle();
    await untilIdle();
    expect(isOver).toBe(false);
    expect(archiver.counts.bytesRead).toBe(0);
    steering.resume();
    expect(await run).toMatchObject({ outcome: "stored" });
    expect(archiver.counts.filesNew).toBe(2);
  });

  test("that is paused at its first upload sends no further pack until it is resumed", async () => {
    const { backend } = await createTestRepository(new MemoryBackend({ connections: 1 }));
    const steering = new Steering();
    const saved: string[] = [];
    const watched = observed(backend, ({ name, file }) => {
      if (name !== "save" || !file.startsWith("data/")) return "none";
      saved.push(file);
      if (saved.length === 1) steering.pause();
      return "none";
    });
    const large = Object.fromEntries(
      Array.from({ length: 14 }, (_, i) => [`${i}.bin`, { bytes: noise(i + 1, 1_000_000), modifiedMs: 1 }]),
    );
    const options = { steering, packTargetBytes: 4 * 1024 * 1024 };
    const archiver = archiverOf(await openTestRepository(watched), new MemoryFolder(large), options);
    const run = archiver.run(signal);
    while (!steering.paused) await untilIdle();
    await untilIdle();
    expect(saved.length).toBe(1);
    steering.resume();
    await run;
    expect(saved.length).toBeGreaterThan(2);
  });

  test("can be cancelled, and leaves no lock and no snapshot", async () => {
    const { repository, backend } = await createTestRepository();
    const steering = new Steering();
    steering.pause();
    const controller = new AbortController();
    const archiver = archiverOf(repository, new MemoryFolder(tree), { steering });
    const run = archiver.run(controller.signal);
    run.catch(() => {});
    while (archiver.phase !== "saving") await untilIdle();
    controller.abort();
    await expect(run).rejects.toThrow("aborted");
    expect(await backend.list("lock", signal)).toEqual([]);
    expect(await backend.list("snapshot", signal)).toEqual([]);
  });

  test("keeps its lock fresh for as long as it is paused", async () => {
    const { backend } = await createTestRepository();
    const clock = new TestClock();
    const ports = { backend, kernels: nodeKernels, journal: memoryJournal(), clock };
    const { repository } = await clock.run(openRepository(ports, { password, signal }));
    const steering = new Steering();
    steering.pause();
    const archiver = archiverOf(repository, new MemoryFolder(tree), { steering });
    const run = archiver.run(signal);
    run.catch(() => {});
    while (archiver.phase !== "saving") await clock.advance(200);
    const lockIds = async () => (await backend.list("lock", signal)).map(({ id }) => id);
    for (let refreshes = 0; refreshes < 12; refreshes++) {
      const before = await lockIds();
      expect(before.length).toBe(1);
      await clock.advance(5 * 60_000);
      for (let now = before; now.length !== 1 || now[0] === before[0]; now = await lockIds()) {
        expect(now.length).toBeGreaterThan(0);
        await untilIdle();
      }
    }
    steering.resume();
    expect(await clock.run(run)).toMatchObject({ outcome: "stored" });
  });
});

describe("a dry run", () => {
  test("tells what would be new, and stores nothing, not even a lock", async () => {
    const { repository, backend } = await createTestRepository();
    const watched = observed(backend);
    const opened = await openTestRepository(watched);
    const wet = await backUp(repository, new MemoryFolder({ "a.txt": { bytes: utf8("a"), modifiedMs: 1 } }));
    const archiver = archiverOf(opened, new MemoryFolder(tree), { dryRun: true });
    const outcome = await archiver.run(signal);
    expect(outcome).toMatchObject({
      outcome: "dry-run",
      totals: { treeBlobs: 3, packs: 0, uploadedBytes: 0 },
    });
    expect(outcome.totals.addedBytes).toBeGreaterThan(600_000);
    expect(archiver.counts).toMatchObject({ filesNew: 1, filesUnmodified: 1, dirsNew: 1, dirsChanged: 1 });
    expect(watched.operations.filter(({ name }) => name === "save")).toEqual([]);
    expect(outcome.tree).not.toBe(wet.snapshot.tree);
    // What it says is what a backup does then.
    const real = await backUp(await openTestRepository(backend), new MemoryFolder(tree));
    expect(real.tree).toBe(outcome.tree);
    expect(real.totals).toMatchObject({ dataBlobs: outcome.totals.dataBlobs, addedBytes: outcome.totals.addedBytes });
  });

  test("waits for nobody's lock", async () => {
    const { repository } = await createTestRepository();
    await using _lock = await repository.lock("exclusive", signal);
    const archiver = archiverOf(repository, new MemoryFolder(tree), { dryRun: true });
    expect(await archiver.run(signal)).toMatchObject({ outcome: "dry-run" });
  });
});

describe("a run that skips what is unchanged", () => {
  test("writes no snapshot if the tree is the parent's", async () => {
    const { repository, backend } = await createTestRepository();
    const first = await backUp(repository, new MemoryFolder(tree));
    const archiver = archiverOf(repository, new MemoryFolder(tree), { skipIfUnchanged: true });
    expect(await archiver.run(signal)).toMatchObject({ outcome: "unchanged", tree: first.tree });
    expect((await backend.list("snapshot", signal)).length).toBe(1);
    expect(await backend.list("lock", signal)).toEqual([]);
  });

  test("writes one if anything differs, and if there is no parent", async () => {
    const { repository } = await createTestRepository();
    const options = { skipIfUnchanged: true };
    const first = await backUp(repository, new MemoryFolder(tree), options);
    const second = await backUp(repository, new MemoryFolder({ ...tree, more: {} }), options);
    expect(second.snapshot.parent).toBe(first.id);
  });
});

describe("a lock of somebody else", () => {
  test("fails a run at once that does not wait", async () => {
    const { repository } = await createTestRepository();
    await using _lock = await repository.lock("exclusive", signal);
    await expect(backUp(repository, new MemoryFolder(tree))).rejects.toMatchObject({ code: "locked" });
  });

  test("is told while a run waits for it, and the run goes on when it is gone", async () => {
    const { backend, repository } = await createTestRepository();
    const lock = await repository.lock("exclusive", signal);
    const clock = new TestClock();
    const ports = { backend, kernels: nodeKernels, journal: memoryJournal(), clock };
    const opened = (await clock.run(openRepository(ports, { password, signal }))).repository;
    const archiver = archiverOf(opened, new MemoryFolder(tree), { waitsForLock: true });
    const run = archiver.run(signal);
    run.catch(() => {});
    while (archiver.lockedBy === null) await clock.advance(100);
    expect(archiver.lockedBy).toMatchObject({ code: "locked", context: { lock: lock.id, exclusive: true } });
    await lock.release();
    expect(await clock.run(run)).toMatchObject({ outcome: "stored" });
    expect(archiver.lockedBy).toBe(null);
  });
});

test("a file that grows while it is read is in the backup as it is then; its neighbours are not touched", async () => {
  const { repository } = await createTestRepository();
  const grown = { size: 5, modifiedMs: 2, blob: new Blob(["grown"]) };
  let openings = 0;
  const growing = {
    async *entries() {
      yield { kind: "file" as const, name: rawNameOf("calm"), open: async () => ({ ...grown, modifiedMs: 1 }) };
      const open = async () => (++openings === 1 ? { size: 4, modifiedMs: 1, blob: grown.blob } : grown);
      yield { kind: "file" as const, name: rawNameOf("growing"), open };
    },
  };
  const { counts, tree: root } = await backUp(repository, growing);
  expect(openings).toBe(2);
  expect(counts).toMatchObject({ filesNew: 2, totalBytes: 10, failures: [] });
  const documents = (await repository.trees.load(root, signal)).nodes[0]?.subtree;
  const nodes = documents ? (await repository.trees.load(documents, signal)).nodes : [];
  expect(nodes.map(({ name, size, mtime }) => [name, Number(size), Date.parse(mtime)])).toEqual([
    ["calm", 5, 1],
    ["growing", 5, 2],
  ]);
});
