import { expect, test } from "vitest";
import { IndexLoad } from "../../../../src/ui/state/index-load.svelte.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

test("what the index holds is known when it is read", async () => {
  const index = new IndexLoad(fakeRepositoryApi({ ...preparedRepository(0), index: { blobs: 12, packs: 3 } }));
  expect(index.load.state).toBe("loading");
  await index.follow();
  expect(index.load).toEqual({ state: "ready", value: { blobs: 12, packs: 3 } });
});

test("how far it has got is told while it is being read", () => {
  const index = new IndexLoad(fakeRepositoryApi({ ...preparedRepository(0), index: { filesDone: 3, filesTotal: 12 } }));
  void index.follow();
  expect(index.load.state).toBe("loading");
  expect(index.progress).toEqual({ filesDone: 3, filesTotal: 12 });
});

test("a damaged index is a failure to show, and another try may read it", async () => {
  const repository = { ...preparedRepository(0), index: "file-hash-mismatch" as const };
  const damaged = fakeRepositoryApi(repository);
  const index = new IndexLoad(damaged);
  await index.follow();
  expect(index.failure).toMatchObject({ code: "file-hash-mismatch" });
  Object.assign(repository, { index: { blobs: 1, packs: 1 } });
  await index.follow();
  expect(index.failure).toBeNull();
  expect(index.load.state).toBe("ready");
});

test("that the network is gone is told where the index is needed, not here", async () => {
  const index = new IndexLoad(fakeRepositoryApi({ ...preparedRepository(0), index: "network" }));
  await index.follow();
  expect(index.load.state).toBe("failed");
  expect(index.failure).toBeNull();
});
