import { beforeEach, expect, test } from "vitest";
import { BackupSets } from "../../../src/workers/backup-sets.ts";
import { memorySetStore } from "../../../src/workers/memory-set-store.ts";
import { backupRun, backupSet } from "../../support/backup-sets.ts";
import { createTestRepository, type TestRepository } from "../../support/memory-repository.ts";
import { MemorySetStores } from "../../support/memory-set-stores.ts";
import { TestClock } from "../../support/test-clock.ts";

let repository: TestRepository["repository"];
let device: MemorySetStores;
let clock: TestClock;
let sets: BackupSets;

beforeEach(async () => {
  ({ repository } = await createTestRepository());
  device = new MemorySetStores();
  clock = new TestClock();
  sets = openSets();
});

/** The sets as another tab, or the next session, has them. */
function openSets(): BackupSets {
  return new BackupSets(repository, device.open(repository.config.id), clock);
}

const unfinished = { startedMs: 5, filesDone: 1, bytesDone: 2, bytesUploaded: 3, currentPath: "Documents/a" };

test("a set that was saved is there in the next session, and can be changed and removed", async () => {
  await sets.save(backupSet());
  await sets.save(backupSet({ id: "set-2", name: "Photos" }));
  await openSets().save(backupSet({ name: "All letters" }));
  expect((await openSets().list()).map(({ set }) => set.name)).toEqual(["All letters", "Photos"]);
  await sets.remove("set-1");
  await sets.remove("set-2");
  expect(await openSets().list()).toEqual([]);
  expect(device.records.size, "nothing stays of the last one").toBe(0);
});

test("nothing of a set stands in the storage in clear", async () => {
  await sets.save(backupSet({ name: "Tax evasion", tags: ["private-tag"] }));
  await sets.noteUnfinished("set-1", { ...unfinished, currentPath: "Documents/secret plan" });
  const stored = [...device.records].map(([key, bytes]) => key + Buffer.from(bytes).toString("latin1")).join("\n");
  for (const text of ["Tax evasion", "private-tag", "secret plan", "Documents", "maple"]) {
    expect(stored.includes(text), text).toBe(false);
  }
});

test("the newest hundred runs are kept, newest first, and changing the set keeps them", async () => {
  await sets.save(backupSet());
  for (let run = 1; run <= 103; run++) await sets.noteRun("set-1", backupRun({ startedMs: run }));
  await sets.save(backupSet({ name: "changed" }));
  const [info] = await openSets().list();
  expect(info?.runs.map(({ startedMs }) => startedMs)).toEqual(Array.from({ length: 100 }, (_, i) => 103 - i));
});

test("two tabs that note runs and save at once lose nothing", async () => {
  await sets.save(backupSet());
  const other = openSets();
  const writes = Array.from({ length: 20 }, (_, i) => {
    const tab = i % 2 === 0 ? sets : other;
    return i % 5 === 0 ? tab.save(backupSet({ id: `new-${i}` })) : tab.noteRun("set-1", backupRun({ startedMs: i }));
  });
  await Promise.all(writes);
  const infos = await openSets().list();
  expect(infos[0]?.runs).toHaveLength(16);
  expect(infos).toHaveLength(5);
});

test("what was damaged, or sealed by another repository, counts as nothing, and that is told until it is replaced", async () => {
  await sets.save(backupSet());
  await sets.noteUnfinished("set-1", unfinished);
  expect(await sets.storage()).toEqual({ place: "device", damaged: false });
  for (const bytes of device.records.values()) bytes.set([(bytes[40] ?? 0) ^ 1], 40);
  expect(await sets.list()).toEqual([]);
  expect(await sets.storage()).toEqual({ place: "device", damaged: true });
  await sets.save(backupSet({ name: "again" }));
  expect((await sets.list()).map(({ set, unfinished: cut }) => [set.name, cut])).toEqual([["again", null]]);
  expect(await sets.storage()).toEqual({ place: "device", damaged: false });
  const stranger = new BackupSets((await createTestRepository()).repository, device.open(repository.config.id), clock);
  expect(await stranger.list()).toEqual([]);
  expect(await stranger.storage()).toEqual({ place: "device", damaged: true });
});

test("a set that could not be read again is refused, and those that are there stay", async () => {
  await sets.save(backupSet());
  await expect(sets.save(backupSet({ id: "set-2", name: "x".repeat(1000) }))).rejects.toMatchObject({
    code: "set-refused",
  });
  expect(await sets.list()).toHaveLength(1);
});

test("a hundred sets are enough", async () => {
  for (let i = 0; i < 100; i++) await sets.save(backupSet({ id: `set-${i}` }));
  await expect(sets.save(backupSet({ id: "one-more" }))).rejects.toMatchObject({ code: "set-refused" });
  await sets.save(backupSet({ id: "set-99", name: "changed" }));
});

test("storage that refuses is told when something is to be kept, and counts as empty when something is read", async () => {
  device.failure = new DOMException("no room", "QuotaExceededError");
  await expect(sets.save(backupSet())).rejects.toMatchObject({ code: "quota-exceeded" });
  device.failure = new DOMException("not here", "SecurityError");
  await expect(sets.save(backupSet())).rejects.toMatchObject({ code: "storage-refused" });
  expect(await sets.list()).toEqual([]);
  expect(await sets.storage()).toEqual({ place: "device", damaged: true });
});

test("storage that never answers is given up after five seconds", async () => {
  const silent = { ...memorySetStore(), update: () => new Promise<never>(() => {}) };
  const saving = new BackupSets(repository, silent, clock).save(backupSet());
  const refused = expect(saving).rejects.toMatchObject({ code: "storage-refused", context: { reason: "no answer" } });
  await clock.advance(5000);
  await refused;
});

test("the turn of rereading begins with the day and goes on with each run that was complete", async () => {
  await sets.save(backupSet());
  const today = Math.floor(clock.now() / 86_400_000);
  expect(await sets.rereadTurn("set-1")).toBe(today);
  await clock.advance(3 * 86_400_000);
  expect(await sets.rereadTurn("set-1"), "not begun yet").toBe(today + 3);
  await sets.noteRun("set-1", backupRun({ outcome: "stored" }));
  await sets.noteRun("set-1", backupRun({ outcome: "failed", code: "network" }));
  await sets.noteRun("set-1", backupRun({ outcome: "cancelled" }));
  await sets.noteRun("set-1", backupRun({ outcome: "unchanged" }));
  await clock.advance(86_400_000);
  expect(await openSets().rereadTurn("set-1")).toBe(today + 5);
});

test("a run that was cut off is told until it is dismissed; one that lives is not", async () => {
  await sets.save(backupSet());
  const release = await sets.claimRun("set-1");
  await sets.noteUnfinished("set-1", unfinished);
  expect((await openSets().list())[0]?.unfinished, "it runs").toBeNull();
  release();
  expect((await openSets().list())[0]?.unfinished).toEqual(unfinished);
  await sets.dismissUnfinished("set-1");
  expect((await openSets().list())[0]?.unfinished).toBeNull();
});

test("a run that is in the history was not cut off, however its tab ended afterwards", async () => {
  await sets.save(backupSet());
  await sets.noteRun("set-1", backupRun({ startedMs: unfinished.startedMs }));
  await sets.noteUnfinished("set-1", unfinished);
  expect((await sets.list())[0]?.unfinished).toBeNull();
});

test("a run that ends between two looks at it does not seem cut off", async () => {
  await sets.save(backupSet());
  await sets.noteUnfinished("set-1", unfinished);
  const store = device.open(repository.config.id);
  const endsMeanwhile = {
    ...store,
    isRunning: async () => {
      await sets.dismissUnfinished("set-1");
      return false;
    },
  };
  expect((await new BackupSets(repository, endsMeanwhile, clock).list())[0]?.unfinished).toBeNull();
});

test("on somebody else's device sets last as long as the session", async () => {
  const session = new BackupSets(repository, memorySetStore(), clock);
  await session.save(backupSet());
  expect(await session.list()).toHaveLength(1);
  expect(await session.storage()).toEqual({ place: "session", damaged: false });
});
