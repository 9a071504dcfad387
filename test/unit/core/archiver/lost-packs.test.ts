import { expect, test } from "vitest";
import type { ArchiverRepository } from "../../../../src/core/archiver/archiver.ts";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import type { Repository } from "../../../../src/core/repository/repository.ts";
import { portableNames } from "../../../../src/core/restorer/name-policy.ts";
import { Restorer } from "../../../../src/core/restorer/restorer.ts";
import { altered } from "../../../support/altered-backend.ts";
import { MemoryFolder, MemorySink, type MemoryTree } from "../../../support/memory-folder.ts";
import {
  archiverOf,
  backUp,
  createTestRepository,
  openTestRepository,
  type TestRepository,
} from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const signal = new AbortController().signal;
const modifiedMs = Date.UTC(2025, 5, 7);

const tree: MemoryTree = {
  "letter.txt": { bytes: utf8("Dear server"), modifiedMs },
  photos: { "a.jpg": { bytes: noise(4, 500_000), modifiedMs } },
};

async function packs(backend: Backend): Promise<Id[]> {
  return (await backend.list("data", signal)).map(({ id }) => id);
}

async function removePacks(backend: Backend, ids: readonly Id[]): Promise<void> {
  for (const id of ids) await backend.remove({ type: "data", id }, signal);
}

/** The files that a snapshot gives back, by path; fails if any cannot be had. */
async function restoredFiles(repository: Repository, snapshot: Id): Promise<Map<string, Uint8Array>> {
  const sink = new MemorySink();
  const options = { snapshot, paths: [[]], sink, names: portableNames, overwrite: "never" } as const;
  const restorer = new Restorer(repository, options);
  await restorer.run(signal);
  expect(restorer.failures).toEqual([]);
  return sink.files;
}

/** The same repository, of which a call is answered by somebody else first. */
function withMissing(repository: Repository, lose: () => Promise<void>): ArchiverRepository {
  return {
    codec: repository.codec,
    index: repository.index,
    trees: repository.trees,
    lock: (...args) => repository.lock(...args),
    refreshIndex: (signal) => repository.refreshIndex(signal),
    loseMissingPacks: async (signal) => {
      await lose();
      return repository.loseMissingPacks(signal);
    },
    listSnapshots: (signal) => repository.listSnapshots(signal),
    createBlobSaver: (...args) => repository.createBlobSaver(...args),
    saveSnapshot: (...args) => repository.saveSnapshot(...args),
    loadSnapshot: (...args) => repository.loadSnapshot(...args),
  };
}

/** The packs that hold contents of files. */
async function dataPacks({ repository, backend }: TestRepository): Promise<Id[]> {
  const isData = (id: Id) => repository.index.blobsOfPack(id).some(({ type }) => type === "data");
  return (await packs(backend)).filter(isData);
}

test("packs that the server lost while their index stayed are stored again by an unchanged backup", async () => {
  const made = await createTestRepository();
  const { repository, backend } = made;
  const first = await backUp(repository, new MemoryFolder(tree));
  const lost = await dataPacks(made);
  await removePacks(backend, lost);
  const archiver = archiverOf(await openTestRepository(backend), new MemoryFolder(tree));
  const { tree: root, totals } = await archiver.run(signal);
  expect(archiver.lostPacks).toBe(lost.length);
  expect(totals).toMatchObject({ dataBlobs: 2, treeBlobs: 0 });
  expect(archiver.counts).toMatchObject({ filesUnmodified: 2, filesChanged: 0, rereadFiles: 0, failures: [] });
  // Nothing has changed, so neither has the tree: the older snapshot is whole again, too.
  expect(root).toBe(first.snapshot.tree);
  const files = await restoredFiles(await openTestRepository(backend), first.id);
  expect(files.get("Documents/letter.txt")).toEqual(utf8("Dear server"));
});

test("when its trees are lost, too, all is read and stored, and gives the tree that was", async () => {
  const { repository, backend } = await createTestRepository();
  const first = await backUp(repository, new MemoryFolder(tree));
  await removePacks(backend, await packs(backend));
  const { counts, totals, snapshot } = await backUp(await openTestRepository(backend), new MemoryFolder(tree));
  expect(totals).toMatchObject({ dataBlobs: 2, treeBlobs: 3 });
  expect(counts).toMatchObject({ filesNew: 2, failures: [] });
  expect(snapshot.tree).toBe(first.snapshot.tree);
  expect((await restoredFiles(await openTestRepository(backend), first.id)).size).toBe(2);
});

test("skip-if-unchanged does not skip what is lost", async () => {
  const { repository, backend } = await createTestRepository();
  await backUp(repository, new MemoryFolder(tree));
  await removePacks(backend, await packs(backend));
  const archiver = archiverOf(await openTestRepository(backend), new MemoryFolder(tree), { skipIfUnchanged: true });
  const { outcome, totals } = await archiver.run(signal);
  expect(outcome).toBe("unchanged");
  expect(totals.dataBlobs).toBe(2);
  expect((await packs(backend)).length).toBeGreaterThan(0);
});

test("a file whose blobs are lost and that cannot be read any more is named", async () => {
  const { repository, backend } = await createTestRepository();
  await backUp(repository, new MemoryFolder(tree));
  await removePacks(backend, await packs(backend));
  const gone = { ...tree, "letter.txt": { bytes: utf8("Dear server"), modifiedMs, unreadable: true } };
  const { counts, id } = await backUp(await openTestRepository(backend), new MemoryFolder(gone));
  expect(counts.failures).toMatchObject([{ path: ["Documents", "letter.txt"], error: { code: "source-unreadable" } }]);
  const again = await openTestRepository(backend);
  expect([...(await restoredFiles(again, id)).keys()]).toEqual(["Documents/photos/a.jpg"]);
});

test("packs that go while the backup runs are stored anew before it is done", async () => {
  const { repository, backend } = await createTestRepository();
  let calls = 0;
  const losing = withMissing(repository, async () => {
    if (++calls === 2) await removePacks(backend, await packs(backend));
  });
  const archiver = archiverOf(losing, new MemoryFolder(tree));
  const outcome = await archiver.run(signal);
  expect(calls).toBe(3);
  expect(archiver.lostPacks).toBeGreaterThan(0);
  // Counted anew by the second walk; what was read and stored in both is told.
  expect(archiver.counts).toMatchObject({ filesNew: 2, filesFound: 2, totalBytes: 500_011, bytesRead: 2 * 500_011 });
  expect(outcome.totals.dataBlobs).toBe(4);
  if (outcome.outcome !== "stored") throw new Error(outcome.outcome);
  expect((await restoredFiles(await openTestRepository(backend), outcome.id)).size).toBe(2);
});

test("trees that go while an unchanged backup runs, which has read them, are stored anew", async () => {
  const made = await createTestRepository();
  const { repository, backend } = made;
  const first = await backUp(repository, new MemoryFolder(tree));
  const kept = new Set(await dataPacks(made));
  let calls = 0;
  const losing = withMissing(repository, async () => {
    if (++calls !== 2) return;
    const lost = (await packs(backend)).filter((id) => !kept.has(id));
    expect(lost).toHaveLength(1);
    await removePacks(backend, lost);
  });
  const outcome = await archiverOf(losing, new MemoryFolder(tree)).run(signal);
  expect(outcome).toMatchObject({
    outcome: "stored",
    tree: first.snapshot.tree,
    totals: { dataBlobs: 0, treeBlobs: 3 },
  });
  expect((await restoredFiles(await openTestRepository(backend), first.id)).size).toBe(2);
});

test("a server that loses packs again and again gets no snapshot", async () => {
  const { repository, backend } = await createTestRepository();
  let calls = 0;
  const losing = withMissing(repository, async () => {
    if (++calls > 1) await removePacks(backend, await packs(backend));
  });
  const archiver = archiverOf(losing, new MemoryFolder(tree));
  await expect(archiver.run(signal)).rejects.toMatchObject({ code: "packs-missing" });
  expect(calls).toBe(4);
  expect(await backend.list("snapshot", signal)).toEqual([]);
  expect(await backend.list("lock", signal)).toEqual([]);
});

test("a pack cut short on the server counts as lost", async () => {
  const { repository, backend } = await createTestRepository();
  await backUp(repository, new MemoryFolder(tree));
  const lying = altered(backend, {
    list: async (type, signal) => {
      const files = await backend.list(type, signal);
      return type === "data" ? files.map(({ id, length }) => ({ id, length: length - 1 })) : files;
    },
  });
  const archiver = archiverOf(await openTestRepository(lying), new MemoryFolder(tree));
  await expect(archiver.run(signal)).rejects.toMatchObject({ code: "packs-missing" });
  expect(archiver.lostPacks).toBeGreaterThan(2);
});
