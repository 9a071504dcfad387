import { expect, test } from "vitest";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import type { SourceFolder } from "../../../../src/core/base/ports.ts";
import { openRepository } from "../../../../src/core/repository/open-repository.ts";
import { nodeKernels } from "../../../support/kernels.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import {
  archiverOf,
  backUp,
  createTestRepository,
  memoryJournal,
  password,
  type TestRepository,
} from "../../../support/memory-repository.ts";
import { TestClock } from "../../../support/test-clock.ts";

const signal = new AbortController().signal;
const tree: MemoryTree = {
  "a.txt": { bytes: utf8("a"), modifiedMs: 1 },
  sub: { "b.txt": { bytes: utf8("bb"), modifiedMs: 1 }, deeper: { "c.txt": { bytes: utf8("ccc"), modifiedMs: 1 } } },
};

/** A folder that counts how often it is listed. */
class CountedFolder implements SourceFolder {
  listings = 0;

  constructor(private readonly folder: MemoryFolder) {}

  entries() {
    this.listings++;
    return this.folder.entries();
  }
}

/** Opened with a clock that stands still once it is open: a lock then never settles by itself. */
async function openAt({ backend }: TestRepository, clock: TestClock) {
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal(), clock };
  return (await clock.run(openRepository(ports, { password, signal }))).repository;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test("sources are found while a lock is being taken, are listed once, and nothing is read or stored before", async () => {
  const created = await createTestRepository();
  const clock = new TestClock();
  const folder = new CountedFolder(new MemoryFolder(tree));
  const archiver = archiverOf(await openAt(created, clock), folder);
  const run = archiver.run(signal);
  await until(() => archiver.counts.foundAll);
  expect(archiver.phase).toBe("preparing");
  expect(archiver.counts).toMatchObject({ filesFound: 3, bytesFound: 6, filesDone: 0, bytesRead: 0 });
  expect(await created.backend.list("data", signal)).toEqual([]);
  expect(await clock.run(run)).toMatchObject({ outcome: "stored" });
  expect(archiver.counts).toMatchObject({ filesFound: 3, filesNew: 3 });
  expect(folder.listings).toBe(1);
});

test("a run that waits for somebody else's lock begins to read anew, and counts nothing twice", async () => {
  const created = await createTestRepository();
  const lock = await created.repository.lock("exclusive", signal);
  const clock = new TestClock();
  const changing: MemoryTree = { ...tree };
  const folder = new CountedFolder(new MemoryFolder(changing));
  const archiver = archiverOf(await openAt(created, clock), folder, { waitsForLock: true });
  const run = archiver.run(signal);
  await until(() => archiver.lockedBy !== null);
  changing["late.txt"] = { bytes: utf8("late"), modifiedMs: 2 };
  await lock.release();
  expect(await clock.run(run)).toMatchObject({ outcome: "stored" });
  expect(archiver.counts).toMatchObject({ filesFound: 4, filesNew: 4, failures: [] });
});

test("a run that gets no lock ends its reading", async () => {
  const { repository } = await createTestRepository();
  await using _lock = await repository.lock("exclusive", signal);
  const stopped: unknown[] = [];
  const endless: SourceFolder = {
    async *entries(given) {
      await new Promise<void>((resolve) => given.addEventListener("abort", () => resolve()));
      stopped.push(given.reason);
      yield* [];
    },
  };
  await expect(backUp(repository, endless)).rejects.toMatchObject({ code: "locked" });
  expect(stopped).toMatchObject([{ code: "locked" }]);
});

test("a parent that cannot be loaded fails the run, not its early reading", async () => {
  const { repository } = await createTestRepository();
  const parent = "00".repeat(32) as Id;
  await expect(backUp(repository, new MemoryFolder(tree), { parent })).rejects.toMatchObject({
    code: "not-found",
  });
});
