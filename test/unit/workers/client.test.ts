import { expect, test } from "vitest";
import { openRepositoryClient } from "../../../src/workers/client.ts";
import type { RepositoryApi } from "../../../src/workers/repository-api.ts";
import { serve } from "../../../src/workers/rpc.ts";

/** A page that nothing was dropped on. */
const noFolders = { listDropped: () => [] };

/** A worker that answers `close` and lets every other call wait. */
function fakeWorker() {
  const { port1, port2 } = new MessageChannel();
  const never = () => new Promise<never>(() => {});
  const answers: Partial<RepositoryApi> = { close: async () => {}, listSnapshots: never };
  serve<RepositoryApi>(port2, answers as never);
  const state = { isTerminated: false, die: () => port2.close() };
  const worker = Object.assign(port1, {
    terminate() {
      state.isTerminated = true;
      port1.close();
    },
  });
  return { worker, state };
}

test("calls reach the worker", async () => {
  const { worker } = fakeWorker();
  const client = openRepositoryClient(noFolders, () => worker);
  await client.api.close({});
  client.terminate();
});

test("terminating ends the worker and rejects pending and later calls with closed", async () => {
  const { worker, state } = fakeWorker();
  const client = openRepositoryClient(noFolders, () => worker);
  const pending = client.api.listSnapshots({}).catch((error: unknown) => error);
  client.terminate();
  expect(await pending).toMatchObject({ code: "closed" });
  await expect(client.api.close({})).rejects.toMatchObject({ code: "closed" });
  expect(state.isTerminated).toBe(true);
});

test("a worker that dies is told, ended for good, and its calls reject", async () => {
  const { worker, state } = fakeWorker();
  const client = openRepositoryClient(noFolders, () => worker);
  const pending = client.api.listSnapshots({}).catch((error: unknown) => error);
  state.die();
  expect(await client.onDied).toMatchObject({ code: "worker-died" });
  expect(await pending).toMatchObject({ code: "worker-died" });
  expect(state.isTerminated).toBe(true);
});
