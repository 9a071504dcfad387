import { beforeEach, expect, test } from "vitest";
import { HoldallError } from "../../../src/core/base/errors.ts";
import { BackupSets } from "../../../src/workers/backup-sets.ts";
import type { BackupResult } from "../../../src/workers/repository-api.ts";
import { runSet } from "../../../src/workers/set-run.ts";
import { backupProgress, backupResult } from "../../support/backup-request.ts";
import { backupSet } from "../../support/backup-sets.ts";
import { createTestRepository, type TestRepository } from "../../support/memory-repository.ts";
import { MemorySetStores } from "../../support/memory-set-stores.ts";
import { TestClock } from "../../support/test-clock.ts";

const unchanged = backupResult({ outcome: "unchanged", snapshot: null, filesNew: 1, bytesUploaded: 7 });

let repository: TestRepository["repository"];
let device: MemorySetStores;
let clock: TestClock;
let sets: BackupSets;
let filesDone: number;

beforeEach(async () => {
  ({ repository } = await createTestRepository());
  device = new MemorySetStores();
  clock = new TestClock();
  sets = new BackupSets(repository, device.open(repository.config.id), clock);
  await sets.save(backupSet());
  filesDone = 0;
});

function run(work: () => Promise<BackupResult>, signal = new AbortController().signal): Promise<BackupResult> {
  const progress = () => backupProgress({ filesDone, bytesDone: 10, bytesUploaded: 7, currentPath: "letter.txt" });
  return runSet({ sets, setId: "set-1", progress, signal, clock }, work);
}

/** A backup that goes on until it is told how to end. */
function openEnded() {
  let end: (result: BackupResult) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const ended = new Promise<BackupResult>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });
  return { work: () => ended, end, fail };
}

/** What the next session finds if this tab is killed now: claims end with their holder, nothing else happens. */
async function afterKill() {
  const running = new Set(device.running);
  device.running.clear();
  const [info] = await new BackupSets(repository, device.open(repository.config.id), clock).list();
  for (const name of running) device.running.add(name);
  return info;
}

test("a tab that is killed at any moment leaves where the run was ten seconds before, at most", async () => {
  const { work, end } = openEnded();
  const startedMs = clock.now();
  const running = run(work);
  await clock.advance(0);
  expect((await afterKill())?.unfinished).toMatchObject({ startedMs, filesDone: 0 });
  for (filesDone = 1; filesDone <= 65; filesDone++) {
    await clock.advance(1000);
    expect((await sets.list())[0]?.unfinished, "while it lives").toBeNull();
    const left = (await afterKill())?.unfinished;
    expect(left).toMatchObject({ startedMs, bytesDone: 10, currentPath: "letter.txt" });
    expect(left?.filesDone).toBeGreaterThan(filesDone - 11);
  }
  end(unchanged);
  await running;
  expect(clock.pending).toBe(0);
  expect((await afterKill())?.unfinished).toBeNull();
});

test("a run that ends well is in the history, and the next turn follows", async () => {
  const { work, end } = openEnded();
  const turn = await sets.rereadTurn("set-1");
  const startedMs = clock.now();
  const running = run(work);
  await clock.advance(25_000);
  end(unchanged);
  await running;
  const [info] = await sets.list();
  expect(info).toMatchObject({
    unfinished: null,
    runs: [{ startedMs, durationMs: 25_000, outcome: "unchanged", code: null, filesNew: 1, bytesStored: 7 }],
  });
  expect(await sets.rereadTurn("set-1")).toBe(turn + 1);
  expect(device.running.size).toBe(0);
});

test.each([
  [new HoldallError("storage-full"), { outcome: "failed", code: "storage-full" }],
  [new TypeError("nobody foresaw this"), { outcome: "failed", code: "bug" }],
  [new DOMException("enough", "AbortError"), { outcome: "cancelled", code: null }],
])("a run that ends with %s is in the history and not offered to go on", async (error, ending) => {
  await expect(run(() => Promise.reject(error))).rejects.toBe(error);
  const info = await afterKill();
  expect(info).toMatchObject({ unfinished: null, runs: [{ ...ending, bytesStored: 7, filesNew: 0 }] });
});

test("whatever a run ends with once it was aborted, it was cancelled", async () => {
  const error = new HoldallError("source-unreadable");
  await expect(run(() => Promise.reject(error), AbortSignal.abort())).rejects.toBe(error);
  expect((await sets.list())[0]?.runs).toMatchObject([{ outcome: "cancelled", code: null }]);
});

test("a run after one that was cut off takes its place", async () => {
  await sets.noteUnfinished("set-1", { startedMs: 1, filesDone: 9, bytesDone: 9, bytesUploaded: 9, currentPath: "" });
  expect((await sets.list())[0]?.unfinished).not.toBeNull();
  await run(async () => unchanged);
  expect((await sets.list())[0]?.unfinished).toBeNull();
});

test("no backup fails because nothing can be noted", async () => {
  device.failure = new DOMException("no room", "QuotaExceededError");
  expect(await run(async () => unchanged)).toEqual(unchanged);
  device.failure = null;
  expect((await sets.list())[0]?.runs).toEqual([]);
});

test("a set that was removed during its run does not come back", async () => {
  await run(async () => {
    await sets.remove("set-1");
    return unchanged;
  });
  expect(await sets.list()).toEqual([]);
  expect(device.records.size).toBe(0);
});
