import { expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import { altered } from "../../../support/altered-backend.ts";
import { MemoryFolder } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository, openTestRepository } from "../../../support/memory-repository.ts";

const { signal } = new AbortController();

test("after a run that could store packs but no index, the next one of the same session stores them anew", async () => {
  const server = new MemoryBackend();
  let isFull = true;
  const backend: Backend = altered(server, {
    save: async (handle, bytes, saveSignal, beforeSending) => {
      if (isFull && handle.type === "index") throw new BackendError("storage-full");
      await server.save(handle, bytes, saveSignal, beforeSending);
    },
  });
  const { repository } = await createTestRepository(backend);
  const folder = new MemoryFolder({ "letter.txt": { bytes: utf8("Dear restic"), modifiedMs: 0 } });
  await expect(backUp(repository, folder)).rejects.toMatchObject({ code: "storage-full" });
  expect(await server.list("data", signal)).not.toEqual([]);
  isFull = false;
  const { snapshot, totals } = await backUp(repository, folder);
  expect(totals.dataBlobs).toBe(1);
  const elsewhere = await openTestRepository(server);
  const root = await elsewhere.trees.load(snapshot.tree, signal);
  const { nodes } = await elsewhere.trees.load(root.nodes[0]?.subtree ?? snapshot.tree, signal);
  expect(nodes.map(({ content }) => content?.every((id) => elsewhere.index.has("data", id)))).toEqual([true]);
});

test("a run whose locks are given up writes no index any more", async () => {
  const server = new MemoryBackend();
  let giveUp = () => {};
  const backend: Backend = altered(server, {
    save: async (handle, bytes, saveSignal, beforeSending) => {
      await server.save(handle, bytes, saveSignal, beforeSending);
      if (handle.type === "data") giveUp();
    },
  });
  const { repository } = await createTestRepository(backend);
  giveUp = () => repository.giveUpLocks();
  const folder = new MemoryFolder({ "letter.txt": { bytes: utf8("Dear restic"), modifiedMs: 0 } });
  await expect(backUp(repository, folder)).rejects.toMatchObject({ code: "lock-lost" });
  expect(await server.list("data", signal)).not.toEqual([]);
  expect(await server.list("index", signal)).toEqual([]);
  expect(await server.list("lock", signal)).toEqual([]);
});

test("an index that is on its way when the locks are given up is left as it is: no lock is taken to mend it", async () => {
  const server = new MemoryBackend();
  const locksTaken: string[] = [];
  let giveUp = () => {};
  const backend: Backend = altered(server, {
    save: async (handle, bytes, saveSignal, beforeSending) => {
      await server.save(handle, bytes, saveSignal, beforeSending);
      if (handle.type === "lock") locksTaken.push(handle.id);
      if (handle.type === "index") giveUp();
    },
  });
  const { repository } = await createTestRepository(backend);
  giveUp = () => repository.giveUpLocks();
  const folder = new MemoryFolder({ "letter.txt": { bytes: utf8("Dear restic"), modifiedMs: 0 } });
  await expect(backUp(repository, folder)).rejects.toMatchObject({ code: "lock-lost" });
  expect(locksTaken).toHaveLength(1);
  expect(await server.list("index", signal)).toHaveLength(1);
  expect(await server.list("lock", signal)).toEqual([]);
});
