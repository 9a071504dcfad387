import { expect, test } from "vitest";
import { backupState, jobTitle, timeLeft } from "../../../../src/ui/job-facts.ts";
import { type BackupJob, Jobs } from "../../../../src/ui/state/jobs.svelte.ts";
import type { BackupProgress, BackupQuestion, LockInfo } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { backupProgress, backupRequest } from "../../../support/backup-request.ts";
import { type FakeRepository, fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

const documents = { subject: "Documents", command: null };
const question: BackupQuestion = { id: 7, kind: "shrunk", path: "/Documents", entriesBefore: 412, entriesNow: 3 };
const lock: LockInfo = {
  id: "1f".repeat(32),
  hostname: "nas",
  username: "anna",
  pid: 4711,
  timeMs: 0,
  exclusive: true,
  holder: "somebody",
};

function running(progress: Partial<BackupProgress> = {}): { entry: BackupJob; jobs: Jobs; fake: FakeRepository } {
  const fake = { ...preparedRepository(0), backupProgress: [backupProgress(progress)] };
  const jobs = new Jobs(fakeRepositoryApi(fake), { saveDownload: async () => {} });
  return { entry: jobs.startBackup(backupRequest(), documents), jobs, fake };
}

test("a click on pause tells the backup, and shows as under way until the backup has stopped", async () => {
  const { entry, fake } = running();
  await entry.steering.pause(true);
  expect(fake.steerings).toEqual([{ paused: true }]);
  expect(entry.steering.changing).toBe(true);
  expect(entry.steering.paused).toBe(false);
  entry.job.progress = backupProgress({ paused: true });
  expect(entry.steering.changing).toBe(false);
  expect(entry.steering.paused).toBe(true);
  entry.job.cancel();
});

test("a paused backup still runs, so leaving warns of it, but it does not keep the screen on", () => {
  const { entry, jobs } = running({ paused: true });
  expect(jobs.running).toEqual([entry]);
  expect(jobs.moving).toBe(false);
  entry.job.progress = backupProgress({ paused: false });
  expect(jobs.moving).toBe(true);
  entry.job.cancel();
});

test("a question is open until it is answered, and the next one opens again", async () => {
  const { entry, fake } = running({ question });
  expect(entry.steering.question).toEqual(question);
  await entry.steering.answer(7, "believe");
  expect(fake.steerings).toEqual([{ question: 7, answer: "believe" }]);
  expect(entry.steering.question).toBeNull();
  entry.job.progress = backupProgress({ question: { ...question, id: 8 } });
  expect(entry.steering.question?.id).toBe(8);
  entry.job.cancel();
});

test("an answer that did not arrive leaves the question open", async () => {
  const fake = { ...preparedRepository(0), backupProgress: [backupProgress({ question })] };
  const api = { ...fakeRepositoryApi(fake), steerBackup: async () => Promise.reject(new Error("gone")) };
  const entry = new Jobs(api, { saveDownload: async () => {} }).startBackup(backupRequest(), documents);
  await entry.steering.answer(7, "stop");
  expect(entry.steering.question).toEqual(question);
  await entry.steering.pause(true);
  expect(entry.steering.changing).toBe(false);
  entry.job.cancel();
});

test("a question goes with the backup that asked it", async () => {
  const { entry } = running({ question });
  entry.job.cancel();
  await entry.job.finished;
  expect(entry.steering.question).toBeNull();
});

test("a title says first what needs a person", () => {
  const { entry } = running({ question, paused: true, lockedBy: lock });
  expect(backupState(entry)).toBe("asking");
  expect(jobTitle(entry)).toBe("Question about Documents");
  entry.job.progress = backupProgress({ paused: true, lockedBy: lock });
  expect(jobTitle(entry)).toBe("Paused: Documents");
  entry.job.progress = backupProgress({ lockedBy: lock });
  expect(jobTitle(entry)).toBe("Waiting for a lock: Documents");
  entry.job.progress = backupProgress();
  expect(jobTitle(entry)).toBe("Backing up Documents");
  entry.job.cancel();
});

test("time left is told while the backup moves only", () => {
  const whole = { foundAll: true, bytesFound: 100_000_000 };
  const { entry } = running();
  for (let second = 0; second <= 5; second += 1) {
    entry.job.progress = backupProgress({ ...whole, bytesDone: second * 1_000_000 });
    entry.job.tick(second * 1000);
  }
  expect(timeLeft(entry)).toBe("about 2 minutes left");
  entry.job.progress = backupProgress({ ...whole, bytesDone: 5_000_000, paused: true });
  expect(timeLeft(entry)).toBe("");
  entry.job.cancel();
});
