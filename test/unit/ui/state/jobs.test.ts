import { expect, test } from "vitest";
import { jobShare, jobTitle } from "../../../../src/ui/job-facts.ts";
import { Jobs } from "../../../../src/ui/state/jobs.svelte.ts";
import { RateMeter } from "../../../../src/ui/state/rate-meter.svelte.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { backupRequest } from "../../../support/backup-request.ts";
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
