import { describe, expect, test } from "vitest";
import type { ArchiverRepository } from "../../../src/core/archiver/archiver.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { LockedError } from "../../../src/core/base/errors.ts";
import type { SourceFolder } from "../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../src/core/base/raw-name.ts";
import { BackupJob, type BackupJobPorts } from "../../../src/workers/backup-job.ts";
import { lockInfoOf } from "../../../src/workers/lock-list.ts";
import type { BackupRequest } from "../../../src/workers/repository-api.ts";
import { backupRequest } from "../../support/backup-request.ts";
import { MemoryFolder, type MemoryTree } from "../../support/memory-folder.ts";
import { createTestRepository } from "../../support/memory-repository.ts";

const signal = new AbortController().signal;

function filesOf(count: number): MemoryTree {
  const names = Array.from({ length: count }, (_, i) => `file ${i}`);
  return Object.fromEntries(names.map((name) => [name, { bytes: utf8(name), modifiedMs: 1 }]));
}

let nowMs = Date.UTC(2026, 0, 1);

function jobOf(
  repository: ArchiverRepository,
  folder: SourceFolder,
  changes: Partial<BackupRequest> = {},
  ports: Partial<BackupJobPorts> = {},
): BackupJob {
  nowMs += 60_000;
  const pick = { kind: "files", files: [], emptyFolders: [] } as const;
  const source = { rootName: "Documents", folder: { ...pick, files: [], emptyFolders: [] }, addsToParent: false };
  return new BackupJob(repository, backupRequest({ sources: [source], ...changes }), {
    sourceFolderOf: () => folder,
    programVersion: "holdall test",
    now: () => nowMs,
    waitedMs: () => 0,
    rereadTurn: 0,
    ...ports,
  });
}

describe("a backup job", () => {
  test("tells what it asks and takes the answer", async () => {
    const { repository } = await createTestRepository();
    await jobOf(repository, new MemoryFolder(filesOf(20))).run(signal);
    const job = jobOf(repository, new MemoryFolder(filesOf(1)));
    const run = job.run(signal);
    while (job.progress(null).question === null) await new Promise((resolve) => setImmediate(resolve));
    const { question, paused } = job.progress(null);
    expect(question).toMatchObject({ kind: "shrunk", path: "/Documents", entriesBefore: 20, entriesNow: 1 });
    expect(paused).toBe(false);
    job.steer({ question: question?.id ?? -1, answer: "believe" });
    expect(await run).toMatchObject({ outcome: "stored", filesUnmodified: 1 });
    expect(job.progress(null).question).toBe(null);
  });

  test("gives its folders back, however it ends", async () => {
    const { repository } = await createTestRepository();
    let closed = 0;
    const folder = Object.assign(new MemoryFolder(filesOf(2)), { close: () => closed++ });
    await jobOf(repository, folder).run(signal);
    expect(closed).toBe(1);
    await expect(jobOf(repository, folder).run(AbortSignal.abort(new Error("cancelled")))).rejects.toThrow("cancelled");
    expect(closed).toBe(2);
  });

  test("is paused and goes on", async () => {
    const { repository } = await createTestRepository();
    const job = jobOf(repository, new MemoryFolder(filesOf(2)));
    job.steer({ paused: true });
    const run = job.run(signal);
    while (job.progress(null).phase !== "saving") await new Promise((resolve) => setImmediate(resolve));
    expect(job.progress("network")).toMatchObject({ paused: true, filesDone: 0, waiting: "network" });
    job.steer({ paused: false });
    expect(await run).toMatchObject({ filesNew: 2 });
    expect(job.progress(null).paused).toBe(false);
  });

  test("tells of a run that was skipped or dry that there is no snapshot", async () => {
    const { repository } = await createTestRepository();
    const folder = new MemoryFolder(filesOf(3));
    expect(await jobOf(repository, folder, { dryRun: true }).run(signal)).toMatchObject({
      outcome: "dry-run",
      snapshot: null,
      filesNew: 3,
      dataBlobs: 3,
      bytesUploaded: 0,
      uploadedPacks: 0,
    });
    const stored = await jobOf(repository, folder).run(signal);
    expect(stored).toMatchObject({ outcome: "stored", snapshot: { paths: ["/Documents"] }, uploadedPacks: 2 });
    expect(await jobOf(repository, folder, { skipIfUnchanged: true }).run(signal)).toMatchObject({
      outcome: "unchanged",
      snapshot: null,
      filesUnmodified: 3,
    });
  });

  test("reads the share of the files whose turn it is", async () => {
    const { repository } = await createTestRepository();
    const folder = new MemoryFolder(filesOf(30));
    await jobOf(repository, folder).run(signal);
    let reread = 0;
    for (let turn = 100; turn < 103; turn++) {
      const result = await jobOf(repository, folder, { rereadEvery: 3 }, { rereadTurn: turn }).run(signal);
      expect(result).toMatchObject({ filesUnmodified: 30, hiddenChanges: 0, dataBlobs: 0 });
      reread += result.rereadFiles;
    }
    expect(reread).toBe(30);
    expect(await jobOf(repository, folder).run(signal)).toMatchObject({ rereadFiles: 0 });
  });

  test("tells what the rules left out, and says it in the snapshot", async () => {
    const { repository } = await createTestRepository();
    const rules = { ...backupRequest().rules, exclude: ["file 1*"] };
    const result = await jobOf(repository, new MemoryFolder(filesOf(12)), { rules }).run(signal);
    expect(result).toMatchObject({ excluded: 3, filesNew: 9, snapshot: { excludes: ["file 1*"] } });
  });

  test("tells how long this run waited for repeated requests, not the ones before", async () => {
    const { repository } = await createTestRepository();
    let waitedMs = 7000;
    const job = jobOf(repository, new MemoryFolder(filesOf(1)), {}, { waitedMs: () => waitedMs });
    waitedMs += 1500;
    expect(await job.run(signal)).toMatchObject({ waitedMs: 1500 });
  });

  test("names the files that took long, by their path", async () => {
    const { repository } = await createTestRepository();
    let clockMs = nowMs + 3_600_000;
    const slow: SourceFolder = {
      async *entries() {
        yield* new MemoryFolder({ "quick.txt": { bytes: utf8("quick"), modifiedMs: 1 } }).entries();
        const blob = new Blob([new Uint8Array(600_000)]);
        const slice = blob.slice.bind(blob);
        blob.slice = (...range) => {
          clockMs += 4000;
          return slice(...range);
        };
        yield { kind: "file", name: rawNameOf("slow.bin"), open: async () => ({ size: 600_000, modifiedMs: 1, blob }) };
      },
    };
    const result = await jobOf(repository, slow, {}, { now: () => clockMs }).run(signal);
    expect(result.slow).toMatchObject([{ path: "/Documents/slow.bin", bytes: 600_000 }]);
    expect(result.slow[0]?.durationMs).toBeGreaterThanOrEqual(4000);
  });

  test("tells of the lock that it waits for", async () => {
    const { repository } = await createTestRepository();
    const other = new LockedError("locked", {
      lock: "ab",
      hostname: "attic",
      username: "anna",
      pid: 7,
      exclusive: true,
    });
    let release = () => {};
    const waiting: ArchiverRepository = {
      codec: repository.codec,
      index: repository.index,
      trees: repository.trees,
      lock: async (kind, signal, onWaiting) => {
        onWaiting?.(other);
        await new Promise<void>((resolve) => {
          release = resolve;
        });
        onWaiting?.(null);
        return repository.lock(kind, signal);
      },
      refreshIndex: (signal) => repository.refreshIndex(signal),
      loseMissingPacks: (signal) => repository.loseMissingPacks(signal),
      listSnapshots: (signal) => repository.listSnapshots(signal),
      createBlobSaver: (...args) => repository.createBlobSaver(...args),
      saveSnapshot: (...args) => repository.saveSnapshot(...args),
      loadSnapshot: (...args) => repository.loadSnapshot(...args),
    };
    const job = jobOf(waiting, new MemoryFolder(filesOf(1)), { waitsForLock: true });
    const run = job.run(signal);
    expect(job.progress(null)).toMatchObject({ phase: "preparing", lockedBy: { id: "ab", hostname: "attic" } });
    release();
    await run;
    expect(job.progress(null).lockedBy).toBe(null);
  });
});

test("a lock is told with what is known of it", () => {
  const time = "2026-01-02T03:04:05Z";
  const context = { lock: "ab", hostname: "attic", username: "anna", pid: 7, time, exclusive: true };
  expect(lockInfoOf(new LockedError("locked", context))).toEqual({
    id: "ab",
    hostname: "attic",
    username: "anna",
    pid: 7,
    timeMs: Date.parse(time),
    exclusive: true,
    holder: "somebody",
  });
  expect(lockInfoOf(new LockedError("locked", { lock: "ab", reason: "unreadable" }))).toEqual({
    id: "ab",
    hostname: "",
    username: "",
    pid: null,
    timeMs: null,
    exclusive: false,
    holder: "somebody",
  });
});
