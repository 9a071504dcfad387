import { expect, test } from "vitest";
import { backupNotice } from "../../../src/ui/backup-notice.ts";
import { type BackupJob, Jobs } from "../../../src/ui/state/jobs.svelte.ts";
import { preparedRepository } from "../../browser/pictures/repository.ts";
import { backupProgress, backupRequest, backupResult } from "../../support/backup-request.ts";
import { type FakeRepository, fakeRepositoryApi } from "../../support/fake-repository-api.ts";

const secret = "Letters to the doctor";

function started(changes: Partial<FakeRepository>): BackupJob {
  const api = fakeRepositoryApi({ ...preparedRepository(0), ...changes });
  const jobs = new Jobs(api, { saveDownload: async () => {} });
  return jobs.startBackup(backupRequest(), { subject: secret, command: null });
}

test("a notice tells how a backup ended, and names nothing of what was backed up", async () => {
  const failures = [{ path: `/${secret}/1.odt`, code: "source-unreadable" as const, context: {} }];
  const done = started({
    backupEnd: backupResult({ filesNew: 14, filesChanged: 3, bytesUploaded: 190e6, failures }),
  });
  const failed = started({ backupEnd: "storage-full" });
  await Promise.all([done.job.finished, failed.job.finished]);
  expect(backupNotice(done)).toEqual({
    title: "The backup is done",
    text: "14 new files, 3 changed, 190 MB stored. 1 file could not be read.",
  });
  expect(backupNotice(failed)).toEqual({ title: "The backup failed", text: "The server is full" });
  expect(JSON.stringify([backupNotice(done), backupNotice(failed)])).not.toContain(secret);
});

test("a running backup is news only when it asks something, and a cancelled one never", async () => {
  const question = { id: 1, kind: "shrunk" as const, path: `/${secret}`, entriesBefore: 412, entriesNow: 3 };
  const entry = started({ backupProgress: [backupProgress({ question })] });
  expect(backupNotice(entry)?.title).toBe("The backup has a question");
  expect(JSON.stringify(backupNotice(entry))).not.toContain(secret);
  entry.job.progress = backupProgress();
  expect(backupNotice(entry)).toBeNull();
  entry.job.cancel();
  await entry.job.finished;
  expect(backupNotice(entry)).toBeNull();
});
