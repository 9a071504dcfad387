import { expect, test } from "vitest";
import { OfflineCopy } from "../../../../src/core/backend/offline-copy.ts";
import { idOfBytes } from "../../../../src/core/base/id.ts";
import { MemoryOfflineStore } from "../../../support/memory-offline-store.ts";
import { TestClock } from "../../../support/test-clock.ts";

const snapshot = idOfBytes(new Uint8Array(32).fill(7));

function treeKeyOf(number: number): string {
  return `tree/${idOfBytes(new Uint8Array(32).fill(number))}/0-100`;
}

function bytesOf(length: number) {
  return new Uint8Array(length).fill(1);
}

function copyOf(store: MemoryOfflineStore, budgetBytes = 1000, clock = new TestClock()) {
  return { copy: new OfflineCopy({ store, budgetBytes, clock }), clock };
}

test("what is put is got, and counted", async () => {
  const { copy } = copyOf(new MemoryOfflineStore());
  expect(await copy.put("tree/a", bytesOf(100))).toBe("kept");
  expect(await copy.get("tree/a")).toEqual(bytesOf(100));
  expect(await copy.get("tree/b")).toBeNull();
  expect(await copy.bytes()).toBe(100);
  await copy.remove(["tree/a"]);
  expect(await copy.get("tree/a")).toBeNull();
  expect(await copy.bytes()).toBe(0);
});

test("the trees that were longest unused make room, even for the next program that opens the store", async () => {
  const store = new MemoryOfflineStore();
  const { copy, clock } = copyOf(store);
  for (let number = 1; number <= 9; number++) {
    await copy.put(treeKeyOf(number), bytesOf(100));
    await clock.advance(1);
  }
  await copy.get(treeKeyOf(1));
  await copy.settle();
  const next = copyOf(store, 1000, clock).copy;
  expect(await next.put(treeKeyOf(10), bytesOf(150))).toBe("kept");
  expect(store.keys()).toContain(treeKeyOf(1));
  expect(store.keys()).not.toContain(treeKeyOf(2));
  expect(store.bytes).toBeLessThanOrEqual(1000);
});

test("many at a time keep to the budget at every moment", async () => {
  let largest = 0;
  const store = new MemoryOfflineStore((_, { bytes }) => {
    largest = Math.max(largest, bytes);
  });
  const { copy } = copyOf(store);
  await Promise.all(Array.from({ length: 40 }, (_, number) => copy.put(treeKeyOf(number), bytesOf(150))));
  expect(Math.max(largest, store.bytes)).toBeLessThanOrEqual(1000);
  expect(store.bytes).toBeGreaterThan(500);
});

test("trees go before snapshots, and neither index, records nor held trees make room for visited ones", async () => {
  const store = new MemoryOfflineStore();
  const { copy } = copyOf(store);
  await copy.put("config", bytesOf(100));
  await copy.put("index/1", bytesOf(200));
  await copy.put("snapshot/1", bytesOf(100));
  await copy.hold(snapshot, { keys: new Set([treeKeyOf(1)]), isWhole: false });
  await copy.put(treeKeyOf(1), bytesOf(300));
  await copy.put(treeKeyOf(2), bytesOf(200));
  expect(await copy.put(treeKeyOf(3), bytesOf(250))).toBe("kept");
  expect(store.keys().sort()).toEqual(["config", "index/1", "snapshot/1", treeKeyOf(1), treeKeyOf(3)].sort());
  expect(await copy.put(treeKeyOf(4), bytesOf(301))).toBe("no room");
  expect(await copy.put("snapshot/2", bytesOf(300))).toBe("kept");
  expect(store.keys("tree/")).toEqual([treeKeyOf(1)]);
  expect(await copy.put("index/2", bytesOf(700))).toBe("kept");
  expect(store.keys().sort()).toEqual(["config", "index/1", "index/2"]);
});

test("a smaller budget is kept to once the copy settles", async () => {
  const store = new MemoryOfflineStore();
  const { copy, clock } = copyOf(store);
  for (let number = 1; number <= 8; number++) await copy.put(treeKeyOf(number), bytesOf(100));
  await copyOf(store, 350, clock).copy.settle();
  expect(store.bytes).toBeLessThanOrEqual(350);
});

test("what is held is remembered, and a list that is damaged holds nothing", async () => {
  const store = new MemoryOfflineStore();
  const keys = new Set([treeKeyOf(1), treeKeyOf(2)]);
  await copyOf(store).copy.hold(snapshot, { keys, isWhole: true });
  expect((await copyOf(store).copy.held()).get(snapshot)).toEqual({ keys, isWhole: true });
  store.files.set(`pin/${snapshot}`, { bytes: Uint8Array.of(0xff, 0xfe, 10, 0x61), usedMs: 0 });
  expect((await copyOf(store).copy.held()).get(snapshot)?.keys).toEqual(new Set());
});

test("a store that fails at every call keeps nothing and harms nobody", async () => {
  const store = new MemoryOfflineStore(() => {
    throw new DOMException("no storage", "InvalidStateError");
  });
  const { copy } = copyOf(store);
  expect(await copy.put("tree/a", bytesOf(1))).toBe("no storage");
  expect(await copy.get("tree/a")).toBeNull();
  await copy.remove(["tree/a"]);
  await copy.hold(snapshot, { keys: new Set(), isWhole: true });
  expect(await copy.bytes()).toBe(0);
  await copy.settle();
  await copy.clear();
});

test("a store that never answers is waited for once, five seconds", async () => {
  const store = new MemoryOfflineStore(() => new Promise(() => {}));
  const { copy, clock } = copyOf(store);
  const startMs = clock.now();
  expect(await clock.run(copy.get("tree/a"))).toBeNull();
  expect(await clock.run(copy.put("tree/a", bytesOf(1)))).toBe("no storage");
  expect(clock.now() - startMs).toBe(5000);
  expect(store.operations).toBe(1);
});
