import { beforeEach, describe, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { BackendError } from "../../../../src/core/base/errors.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import { altered } from "../../../support/altered-backend.ts";
import { MemoryFolder } from "../../../support/memory-folder.ts";
import {
  backUp,
  createTestRepository,
  openTestRepository,
  type StoredBackup,
} from "../../../support/memory-repository.ts";

const { signal } = new AbortController();
let server: MemoryBackend;
let stored: StoredBackup;
/** Index files that were fetched. */
let fetched: number;
/** Lets the index files through that wait. */
let open: () => void;
let gate: Promise<void>;
/** What becomes of the next fetch of an index file. */
let failure: Error | null;
let backend: Backend;

beforeEach(async () => {
  server = new MemoryBackend();
  const { repository } = await createTestRepository(server);
  stored = await backUp(repository, new MemoryFolder({ "letter.txt": { bytes: utf8("Dear restic"), modifiedMs: 0 } }));
  fetched = 0;
  failure = null;
  gate = Promise.resolve();
  backend = altered(server, {
    async load(handle, loadSignal, range) {
      if (handle.type === "index") {
        fetched++;
        await gate;
        loadSignal.throwIfAborted();
        if (failure !== null) throw failure;
      }
      return server.load(handle, loadSignal, range);
    },
  });
});

function shutGate(): void {
  gate = new Promise((resolve) => {
    open = resolve;
  });
}

describe("the index of an opened repository", () => {
  test("is not asked for by opening, nor by the list of snapshots or of locks", async () => {
    const repository = await openTestRepository(backend);
    const { snapshots } = await repository.listSnapshots(signal);
    expect(snapshots.map(({ id }) => id)).toEqual([stored.id]);
    expect(await repository.listLocks(signal)).toEqual([]);
    expect(fetched).toBe(0);
  });

  test("is loaded once for all who need it", async () => {
    shutGate();
    const repository = await openTestRepository(backend);
    const content = await contentId();
    const index = repository.indexed(signal);
    const tree = repository.trees.load(stored.tree, signal);
    const bytes = repository.blobs.load("data", content, signal);
    expect(repository.index.size).toBe(0);
    open();
    expect(await tree).toMatchObject({ nodes: [{ type: "dir" }] });
    expect(await bytes).toEqual(utf8("Dear restic"));
    expect((await index).has("data", content)).toBe(true);
    expect(fetched).toBe(1);
    expect(repository.indexProgress).toEqual({ filesDone: 1, filesTotal: 1 });
  });

  test("that could not be loaded is told to who needs it, and tried again for the next", async () => {
    failure = new BackendError("network");
    const repository = await openTestRepository(backend);
    await expect(repository.trees.load(stored.tree, signal)).rejects.toMatchObject({ code: "network" });
    await expect(repository.indexed(signal)).rejects.toMatchObject({ code: "network" });
    failure = null;
    expect((await repository.trees.load(stored.tree, signal)).nodes).toHaveLength(1);
  });

  test("goes on loading when one who waits for it gives up", async () => {
    shutGate();
    const repository = await openTestRepository(backend);
    const impatient = new AbortController();
    const given = repository.indexed(impatient.signal);
    const patient = repository.indexed(signal);
    impatient.abort(new Error("no more"));
    await expect(given).rejects.toThrow("no more");
    open();
    expect((await patient).has("tree", stored.tree)).toBe(true);
    expect(fetched).toBe(1);
  });

  test("is waited for by a refresh, which then looks only for what is new", async () => {
    shutGate();
    const repository = await openTestRepository(backend);
    const first = repository.indexed(signal);
    const refreshed = repository.refreshIndex(signal);
    open();
    await Promise.all([first, refreshed]);
    expect(fetched).toBe(1);
  });

  test("is loaded by a refresh if the first load fails", async () => {
    failure = new BackendError("network");
    const repository = await openTestRepository(backend);
    await expect(repository.indexed(signal)).rejects.toMatchObject({ code: "network" });
    failure = null;
    await repository.refreshIndex(signal);
    expect(repository.index.has("tree", stored.tree)).toBe(true);
    expect(fetched).toBe(2);
  });

  test("is given up when the repository is closed", async () => {
    shutGate();
    const repository = await openTestRepository(backend);
    const closed = expect(repository.indexed(signal)).rejects.toMatchObject({ code: "closed" });
    repository.close();
    open();
    await closed;
  });
});

/** The id of the one data blob, learnt by a session of its own. */
async function contentId(): Promise<Id> {
  const other = await openTestRepository(server);
  const root = await other.trees.load(stored.tree, signal);
  const { nodes } = await other.trees.load(root.nodes[0]?.subtree ?? stored.tree, signal);
  const id = nodes[0]?.content?.[0];
  if (id === undefined) throw new Error("the letter has no content");
  return id;
}
