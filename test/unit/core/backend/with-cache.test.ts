import { describe, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { keepConfig } from "../../../../src/core/backend/kept-records.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { OfflineCopy } from "../../../../src/core/backend/offline-copy.ts";
import { withCache } from "../../../../src/core/backend/with-cache.ts";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { type BackendCode, BackendError } from "../../../../src/core/base/errors.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import { observed } from "../../../support/failing-backend.ts";
import { MemoryOfflineStore } from "../../../support/memory-offline-store.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const config = { type: "config" } as const;

/** A server that can be made to fail, and a device's store. */
function world(budgetBytes = 10_000) {
  const server = new MemoryBackend();
  let failure: BackendCode | null = null;
  const store = new MemoryOfflineStore();
  const backend = observed(server, () => {
    if (failure !== null) throw new BackendError(failure, {}, { retry: "later" });
    return "none";
  });
  const copyNow = () => new OfflineCopy({ store, budgetBytes });
  return {
    server,
    store,
    operations: backend.operations,
    copy: copyNow,
    /** The backend as a new session has it. */
    open: () => withCache(backend, copyNow()),
    failWith: (code: BackendCode | null) => {
      failure = code;
    },
  };
}

async function stored(backend: Backend, type: "index" | "snapshot" | "key" | "data" | "lock", bytes: Bytes) {
  const handle = { type, id: await hashId(bytes) };
  await backend.save(handle, bytes, signal);
  return handle;
}

describe("files named by their hash", () => {
  test("are fetched once, by whatever session", async () => {
    const { server, open, operations } = world();
    const handle = await stored(server, "snapshot", utf8("a snapshot"));
    expect(await open().load(handle, signal)).toEqual(utf8("a snapshot"));
    expect(await open().load(handle, signal)).toEqual(utf8("a snapshot"));
    expect(operations.filter(({ name }) => name === "load")).toHaveLength(1);
  });

  test("that were altered in the storage are dropped and fetched again", async () => {
    const { server, store, open } = world();
    const handle = await stored(server, "index", utf8("an index"));
    await open().load(handle, signal);
    const [key = ""] = store.keys("index/");
    store.files.set(key, { bytes: utf8("an indeX"), usedMs: 0 });
    expect(await open().load(handle, signal)).toEqual(utf8("an index"));
    expect(store.files.get(key)?.bytes).toEqual(utf8("an index"));
  });

  test("that the server damaged are not kept", async () => {
    const { server, store, open } = world();
    const id = await hashId(utf8("as it was"));
    await server.save({ type: "index", id }, utf8("as it is"), signal);
    expect(await open().load({ type: "index", id }, signal)).toEqual(utf8("as it is"));
    expect(store.keys("index/")).toEqual([]);
  });

  test("are read back from the server after they were saved", async () => {
    const { open, operations } = world();
    const backend = open();
    await backend.load(await stored(backend, "snapshot", utf8("new")), signal);
    expect(operations.map(({ name }) => name)).toEqual(["save", "load"]);
  });

  test("are gone once they were removed, also from a storage that failed just then", async () => {
    const { server, store, open } = world();
    const handle = await stored(server, "index", utf8("an index"));
    const backend = open();
    await backend.load(handle, signal);
    store.remove = () => Promise.reject(new Error("storage"));
    await backend.remove(handle, signal);
    expect(store.keys("index/")).toHaveLength(1);
    await expect(backend.load(handle, signal)).rejects.toMatchObject({ code: "not-found" });
    await backend.save(handle, utf8("an index"), signal);
    expect(await backend.load(handle, signal)).toEqual(utf8("an index"));
  });

  test("keys, data and locks are never kept", async () => {
    const { server, store, open } = world();
    for (const type of ["key", "data", "lock"] as const) {
      const handle = await stored(server, type, utf8(`a ${type}`));
      const backend = open();
      await backend.list(type, signal);
      await backend.load(handle, signal);
      await backend.load(handle, signal, { offset: 0, length: 3 });
    }
    expect(store.keys()).toEqual([]);
  });

  test("an index above the budget is not kept in parts", async () => {
    const { server, store, open } = world(100);
    const small = await stored(server, "index", new Uint8Array(20));
    const first = open();
    await first.list("index", signal);
    await first.load(small, signal);
    expect(store.keys("index/")).toHaveLength(1);
    await stored(server, "index", new Uint8Array(90));
    const second = open();
    await second.list("index", signal);
    await second.load(small, signal);
    expect(store.keys("index/")).toEqual([]);
  });
});

describe("a server that cannot be reached", () => {
  test("is answered for with the listing that it gave last", async () => {
    const { server, open, failWith, store } = world();
    const one = await stored(server, "snapshot", utf8("one"));
    await open().list("snapshot", signal);
    await open().list("index", signal);
    failWith("network");
    expect(await open().list("snapshot", signal)).toEqual([{ id: one.id, length: 3 }]);
    expect(await open().list("index", signal)).toEqual([]);
    await expect(open().list("lock", signal)).rejects.toMatchObject({ code: "network" });
    store.files.set("list/snapshot", { bytes: utf8("junk"), usedMs: 0 });
    await expect(open().list("snapshot", signal)).rejects.toMatchObject({ code: "network" });
  });

  test.each(["login-rejected", "access-denied", "server-busy", "not-found", "not-a-rest-server"] as const)(
    "but one that answers %s is told",
    async (code) => {
      const { server, open, failWith, copy } = world();
      await stored(server, "snapshot", utf8("one"));
      await open().list("snapshot", signal);
      await keepConfig(copy(), utf8("config"));
      failWith(code);
      await expect(open().list("snapshot", signal)).rejects.toMatchObject({ code });
      await expect(open().load(config, signal)).rejects.toMatchObject({ code });
    },
  );

  test("gives no config: the kept one is taken, and from then on nobody is asked", async () => {
    const { server, open, failWith, copy, operations } = world();
    const handle = await stored(server, "data", utf8("data"));
    await keepConfig(copy(), utf8("config"));
    failWith("network");
    const backend = open();
    expect(await backend.load(config, signal)).toEqual(utf8("config"));
    expect(backend.isOffline).toBe(true);
    failWith(null);
    const asked = operations.length;
    const range = { offset: 0, length: 1 };
    await expect(backend.load(handle, signal, range)).rejects.toMatchObject({ code: "network" });
    await expect(backend.save(handle, utf8("data"), signal)).rejects.toMatchObject({ code: "network" });
    expect(operations).toHaveLength(asked);
  });

  test("and does not even refuse: the kept config is taken after ten seconds", async () => {
    const clock = new TestClock();
    const copy = new OfflineCopy({ store: new MemoryOfflineStore(), budgetBytes: 1000, clock });
    await keepConfig(copy, utf8("config"));
    const silent = new MemoryBackend();
    const hanging: Backend = Object.assign(Object.create(silent) as Backend, {
      load: (_: unknown, aborted: AbortSignal) =>
        new Promise((_resolve, reject) => aborted.addEventListener("abort", () => reject(aborted.reason))),
    });
    const backend = withCache(hanging, copy, clock);
    const startMs = clock.now();
    expect(await clock.run(backend.load(config, signal))).toEqual(utf8("config"));
    expect(clock.now() - startMs).toBe(10_000);
    expect(backend.isOffline).toBe(true);
  });

  test("without a copy it is simply not reached", async () => {
    const { open, failWith } = world();
    failWith("network");
    const backend = open();
    await expect(backend.load(config, signal)).rejects.toMatchObject({ code: "network" });
    expect(backend.isOffline).toBe(false);
  });

  test("a kept config whose bytes are not what was kept is none", async () => {
    const { open, failWith, copy, store } = world();
    await keepConfig(copy(), utf8("config"));
    const record = store.files.get("config");
    if (record) record.bytes[37] = 0;
    failWith("network");
    await expect(open().load(config, signal)).rejects.toMatchObject({ code: "network" });
    expect(store.keys("config")).toEqual([]);
  });
});

describe("snapshots that disappear", () => {
  test("are counted, and what was kept of them goes", async () => {
    const { server, open, store } = world();
    const handles = [];
    for (const name of ["one", "two", "three"]) handles.push(await stored(server, "snapshot", utf8(name)));
    const first = open();
    await first.list("snapshot", signal);
    for (const handle of handles) await first.load(handle, signal);
    expect(first.missingSnapshots).toBe(0);
    const [one, two] = handles;
    if (one) await server.remove(one, signal);
    const second = open();
    await second.list("snapshot", signal);
    expect(second.missingSnapshots).toBe(1);
    expect(store.keys("snapshot/")).toHaveLength(2);
    if (two) await second.remove(two, signal);
    await second.list("snapshot", signal);
    expect(second.missingSnapshots, "what was removed here is not missing").toBe(1);
    const third = open();
    await third.list("snapshot", signal);
    expect(third.missingSnapshots, "told once").toBe(0);
  });

  test("a snapshot that was saved here and is gone later is missing too", async () => {
    const { server, open } = world();
    const first = open();
    await first.list("snapshot", signal);
    const handle = await stored(first, "snapshot", utf8("mine"));
    await server.remove(handle, signal);
    const second = open();
    await second.list("snapshot", signal);
    expect(second.missingSnapshots).toBe(1);
  });
});
