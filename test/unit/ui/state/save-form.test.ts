import { expect, test } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { Jobs } from "../../../../src/ui/state/jobs.svelte.ts";
import { SaveForm, type WantedThings } from "../../../../src/ui/state/save-form.svelte.ts";
import type { ArchiveRequest, RestoreRequest } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi, fakeSnapshot } from "../../../support/fake-repository-api.ts";

const snapshot = fakeSnapshot({ timeMs: new Date(2026, 10, 23, 14).getTime() });
const folder: WantedThings = {
  snapshot,
  paths: [[0, 3]],
  names: ["Mail"],
  folder: ["Documents"],
  file: null,
  subject: "Mail",
};
const file: WantedThings = { ...folder, names: ["a.txt"], file: { name: "a.txt", sizeBytes: 900 }, subject: "a.txt" };
const target = { name: "Rescued" } as FileSystemDirectoryHandle;

interface World {
  folderPicker?: boolean;
  limitBytes?: number | null;
  pick?: () => Promise<FileSystemDirectoryHandle | null>;
}

function formOn({ folderPicker = true, limitBytes = null, pick = async () => target }: World = {}) {
  const asked: { archives: ArchiveRequest[]; restores: RestoreRequest[]; saved: [string, number][] } = {
    archives: [],
    restores: [],
    saved: [],
  };
  const fake = fakeRepositoryApi({ ...preparedRepository(0), restoreEnd: null });
  const api: typeof fake = {
    ...fake,
    planArchive: (request, context) => {
      asked.archives.push(request);
      return fake.planArchive(request, context);
    },
    restore: (request, context) => {
      asked.restores.push(request);
      return fake.restore(request, context);
    },
  };
  const jobs = new Jobs(api, {
    saveDownload: async ({ name, sizeBytes, start }) => {
      asked.saved.push([name, sizeBytes]);
      await start(new MessageChannel().port1);
    },
  });
  const form = new SaveForm(
    api,
    jobs,
    {
      folders: { pick },
      downloadLimitBytes: async () => limitBytes,
      capabilities: { folderPicker },
    },
    "https://nas.home/photos/",
  );
  return { form, jobs, asked };
}

async function settled(form: SaveForm): Promise<void> {
  await form.replan();
}

test("a folder is offered as ZIP first, a file as it is; a folder on the disk only where the browser has them", () => {
  const { form } = formOn();
  form.begin(folder);
  expect([form.way, form.ways]).toEqual(["zip", ["zip", "tar", "folder"]]);
  form.begin(file);
  expect([form.way, form.ways]).toEqual(["download", ["download", "zip", "tar", "folder"]]);
  const { form: without } = formOn({ folderPicker: false });
  without.begin(folder);
  expect(without.ways).toEqual(["zip", "tar"]);
});

test("an archive starts only when its plan is there, with the length that the plan tells", async () => {
  const { form, jobs, asked } = formOn();
  form.begin(folder);
  expect(form.ready).toBe(false);
  expect(form.start()).toBeNull();
  await settled(form);
  expect(form.ready).toBe(true);
  const entry = form.start();
  expect(entry?.kind).toBe("archive");
  expect(asked.archives.at(-1)).toEqual({ snapshot: snapshot.id, paths: [[0, 3]], format: "zip" });
  expect(asked.saved).toEqual([["laptop-browser 2026-11-23 Mail.zip", 3.1e9 + 84_512]]);
  expect(form.wanted).toBeNull();
  for (const job of jobs.running) job.job.cancel();
});

test("the plan of one way is no yes to another", async () => {
  const { form } = formOn();
  form.begin(folder);
  await settled(form);
  form.choose("folder");
  expect(form.ready).toBe(false);
  await form.chooseFolder();
  expect(form.ready).toBe(true);
  form.choose("tar");
  expect(form.ready).toBe(false);
});

test("a restore goes into the chosen folder, by default replacing what has changed", async () => {
  const { form, jobs, asked } = formOn();
  form.begin(folder);
  form.choose("folder");
  await form.chooseFolder();
  form.start();
  expect(asked.restores).toEqual([{ snapshot: snapshot.id, paths: [[0, 3]], target, overwrite: "changed" }]);
  expect(jobs.running[0]?.command).toBe(
    "restic -r rest:https://nas.home/photos/ restore 55555555:/Documents --target ./Rescued --overwrite if-changed --include /Mail",
  );
  for (const job of jobs.running) job.job.cancel();
});

test("a picker that is closed changes nothing", async () => {
  const { form } = formOn({ pick: async () => null });
  form.begin(folder);
  form.choose("folder");
  await form.chooseFolder();
  expect([form.target, form.refusal, form.ready]).toEqual([null, null, false]);
});

test("a picker that is refused says why", async () => {
  const refusal = new HoldallError("sink-refused", { reason: "NotAllowedError" });
  const { form } = formOn({ pick: () => Promise.reject(refusal) });
  form.begin(folder);
  form.choose("folder");
  await form.chooseFolder();
  expect(form.refusal?.code).toBe("sink-refused");
});

test("what is larger than this browser can save is not started, and can still go into a folder", async () => {
  const { form } = formOn({ limitBytes: 512e6 });
  form.begin(folder);
  await settled(form);
  expect([form.tooLarge, form.ready]).toEqual([true, false]);
  form.choose("folder");
  await form.chooseFolder();
  expect([form.tooLarge, form.ready]).toEqual([false, true]);
  form.begin(file);
  await settled(form);
  expect([form.tooLarge, form.ready]).toEqual([false, true]);
});
