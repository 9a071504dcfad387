import { expect, test } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { Jobs } from "../../../../src/ui/state/jobs.svelte.ts";
import { OfflineCopies } from "../../../../src/ui/state/offline-copies.svelte.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi, fakeSnapshot } from "../../../support/fake-repository-api.ts";

const snapshot = fakeSnapshot({ timeMs: 1 });

function copiesOn(budgetBytes: number) {
  const offlineState = { bytes: 0, budgetBytes, snapshots: [] };
  const api = fakeRepositoryApi({ ...preparedRepository(0), offlineState });
  const jobs = new Jobs(api, { saveDownload: async () => {} });
  return { api, jobs, copies: new OfflineCopies(api, jobs, "https://nas.home/photos/") };
}

test("nothing is offered where the device keeps nothing", async () => {
  const { copies } = copiesOn(0);
  await copies.reload();
  expect(copies.offered).toBe(false);
});

test("a snapshot is kept by a job, and is marked when that is done", async () => {
  const { copies, jobs } = copiesOn(5e8);
  await copies.reload();
  copies.keep(snapshot, "the snapshot");
  expect(copies.keeping(snapshot.id)).toBe(jobs.running[0]);
  await jobs.list[0]?.job.finished;
  await copies.reload();
  expect([copies.has(snapshot.id), copies.keeping(snapshot.id)]).toEqual([true, undefined]);
  await copies.drop(snapshot);
  expect(copies.has(snapshot.id)).toBe(false);
});

test("a copy that cannot be removed says why and stays marked", async () => {
  const { api, jobs } = copiesOn(5e8);
  const dropOffline = () => Promise.reject(new HoldallError("quota-exceeded"));
  const copies = new OfflineCopies({ ...api, dropOffline }, jobs, "");
  await api.keepOffline({ snapshot: snapshot.id });
  await copies.reload();
  await copies.drop(snapshot);
  expect([copies.has(snapshot.id), copies.failure?.code]).toEqual([true, "quota-exceeded"]);
});
