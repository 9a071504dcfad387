import { expect, test } from "vitest";
import { jobShare, jobTitle } from "../../../../src/ui/job-facts.ts";
import { Jobs } from "../../../../src/ui/state/jobs.svelte.ts";
import { RateMeter } from "../../../../src/ui/state/rate-meter.svelte.ts";
import type { BackupRequest, BackupResult, RepositoryApi } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { backupRequest, backupResult } from "../../../support/backup-request.ts";
import { type FakeRepository, fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

const documents = { subject: "Documents", command: null };
const request = backupRequest();

function jobsOn(changes: Partial<FakeRepository>): Jobs {
  const api = fakeRepositoryApi({ ...preparedRepository(0), ...changes });
  return new Jobs(api, { saveDownload: async ({ start }) => void (await start(new MessageChannel().port1)) });
}

test("a cancelled backup is cancelled, not failed", async () => {
  const jobs = jobsOn({ backupEnd: null });
  const entry = jobs.startBackup(request, documents);
  expect(jobs.running).toEqual([entry]);
  expect(jobs.backup).toBe(entry);
  entry.job.cancel();
  await entry.job.finished;
  expect(entry.job.outcome).toEqual({ state: "cancelled" });
  expect(jobs.running).toEqual([]);
  expect(jobTitle(entry)).toBe("Backup of Documents cancelled");
});

test("a failed job keeps its reason and stays in the tray until it is put away", async () => {
  const jobs = jobsOn({ backupEnd: "storage-full" });
  const entry = jobs.startBackup(request, documents);
  await entry.job.finished;
  expect(entry.job.outcome).toEqual({ state: "failed", failure: { code: "storage-full", context: {} } });
  expect(jobs.inTray).toEqual([entry]);
  jobs.dismiss(entry.id);
  expect(jobs.inTray).toEqual([]);
  expect(jobs.find(entry.id)).toBe(entry);
});

test("a share is told only when everything was found", () => {
  const [progress] = preparedRepository(0).backupProgress;
  if (progress === undefined) throw new Error("the prepared repository has no progress");
  const jobs = jobsOn({ backupProgress: [{ ...progress, foundAll: false }] });
  const entry = jobs.startBackup(request, documents);
  expect(jobShare(entry)).toBeNull();
  entry.job.progress = { ...progress, foundAll: true };
  expect(jobShare(entry)).toBeCloseTo(23.4 / 38.2);
  entry.job.cancel();
});

test("a rate is that of the last ten seconds, and sinks while nothing moves", () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 20; second += 1) meter.add(second * 1000, second * 5_000_000);
  expect(meter.perSecond).toBe(5_000_000);
  expect(meter.timeFor(50_000_000)).toBe(10_000);
  for (let second = 21; second <= 31; second += 1) meter.add(second * 1000, 100_000_000);
  expect(meter.perSecond).toBe(0);
  expect(meter.timeFor(50_000_000)).toBeNull();
});

test("time left is not told in the first seconds", () => {
  const meter = new RateMeter();
  meter.add(0, 0);
  meter.add(1000, 9_000_000);
  expect(meter.timeFor(50_000_000)).toBeNull();
});

test("a meter forgets what is older than a minute", () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 300; second += 1) meter.add(second * 1000, second);
  expect(meter.line.length).toBe(60);
});

test("a backup that a lock stopped starts again as it was, and waits this time", async () => {
  const api = fakeRepositoryApi({ ...preparedRepository(0), backupEnd: "locked" });
  const requests: BackupRequest[] = [];
  const results: BackupResult[] = [];
  const watched: RepositoryApi = {
    ...api,
    backup: (asked, context) => {
      requests.push(asked);
      return asked.waitsForLock ? Promise.resolve(backupResult({ filesNew: 3 })) : api.backup(asked, context);
    },
  };
  const jobs = new Jobs(watched, { saveDownload: async () => {} });
  const first = jobs.startBackup(request, documents, (result) => results.push(result));
  await first.job.finished;
  expect(results).toEqual([]);
  const second = jobs.startAgain(first, { waitsForLock: true });
  await second.job.finished;
  expect(requests).toEqual([request, { ...request, waitsForLock: true }]);
  expect(second.subject).toBe("Documents");
  expect(results).toEqual([backupResult({ filesNew: 3 })]);
});

test("a backup's title tells whether a snapshot was made", async () => {
  for (const [outcome, title] of [
    ["stored", "Backed up Documents"],
    ["unchanged", "Nothing new in Documents"],
    ["dry-run", "Dry run of Documents: nothing was stored"],
  ] as const) {
    const entry = jobsOn({ backupEnd: backupResult({ outcome }) }).startBackup(request, documents);
    await entry.job.finished;
    expect(jobTitle(entry)).toBe(title);
  }
});

test("an upload is checked for the last backup only, and what was found stays with it", async () => {
  const jobs = jobsOn({
    backupEnd: backupResult({ uploadedPacks: 12 }),
    uploadCheckProgress: [{ packsDone: 3, packsTotal: 12, bytesDone: 47.5e6, bytesTotal: 190e6, waiting: null }],
    index: { blobs: 12, packs: 1 },
    uploadCheck: { packs: 12, bytes: 190e6, failures: [] },
  });
  const first = jobs.startBackup(request, documents);
  await first.job.finished;
  expect(jobs.isLastBackup(first.id)).toBe(true);
  expect(jobs.verifying(first.id)).toBeUndefined();
  const check = jobs.startVerify(first, "all");
  expect(jobShare(check)).toBeCloseTo(0.25);
  expect(jobs.running).toEqual([check]);
  await check.job.finished;
  expect(jobs.verifying(first.id)).toBe(check);
  expect(check.job.outcome).toMatchObject({ state: "done", result: { packs: 12, failures: [] } });
  const second = jobs.startBackup(request, documents);
  await second.job.finished;
  expect(jobs.isLastBackup(first.id)).toBe(false);
  expect(jobs.isLastBackup(second.id)).toBe(true);
});
