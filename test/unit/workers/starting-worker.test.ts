import { expect, test } from "vitest";
import type { Method } from "../../../src/workers/repository-api.ts";
import { connect, serve } from "../../../src/workers/rpc.ts";
import { type SpawnedWorker, StartingWorker, startedMessage } from "../../../src/workers/starting-worker.ts";

interface EchoApi {
  echo: Method<{ value: unknown }, unknown>;
}

interface FakeWorker {
  worker: SpawnedWorker;
  /** The script has run. */
  start(): void;
  /** The script could not be loaded. */
  fail(): void;
  readonly state: { isTerminated: boolean; received: number };
}

/** A worker that answers with its name and what it was asked. */
function fakeWorker(name: string): FakeWorker {
  const events = new EventTarget();
  const state = { isTerminated: false, received: 0 };
  const { port1, port2 } = new MessageChannel();
  serve<EchoApi>(port2, { echo: async ({ value }) => `${name} got ${value}` });
  port1.onmessage = ({ data }) => events.dispatchEvent(new MessageEvent("message", { data }));
  const worker: SpawnedWorker = {
    postMessage(message, transfer) {
      state.received++;
      port1.postMessage(message, transfer);
    },
    addEventListener: (type, listener) => events.addEventListener(type, listener),
    removeEventListener: (type, listener) => events.removeEventListener(type, listener),
    terminate() {
      state.isTerminated = true;
      port1.close();
    },
  };
  return {
    worker,
    state,
    start: () => void events.dispatchEvent(new MessageEvent("message", { data: startedMessage })),
    fail: () => void events.dispatchEvent(new Event("error")),
  };
}

async function* placesOf(...workers: FakeWorker[]): AsyncGenerator<SpawnedWorker, void, undefined> {
  for (const { worker } of workers) yield worker;
}

/** Lets all that is due happen. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("a call that was made before the worker runs is answered, and posted once", async () => {
  const fake = fakeWorker("first");
  const { api } = connect<EchoApi>(new StartingWorker(placesOf(fake)));
  const answer = api.echo({ value: 1 });
  await settled();
  expect(fake.state.received).toBe(0);
  fake.start();
  expect(await answer).toBe("first got 1");
  expect(await api.echo({ value: 2 })).toBe("first got 2");
  expect(fake.state.received).toBe(2);
});

test("a worker whose script does not load is ended, and the next one gets what was called", async () => {
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const { api } = connect<EchoApi>(new StartingWorker(placesOf(first, second)));
  const answers = [api.echo({ value: 1 }), api.echo({ value: 2 })];
  await settled();
  first.fail();
  await settled();
  second.start();
  expect(await Promise.all(answers)).toEqual(["second got 1", "second got 2"]);
  expect(first.state).toEqual({ isTerminated: true, received: 0 });
});

test("when no place has the script, pending and later calls reject as a worker that did not load", async () => {
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const deaths: unknown[] = [];
  const { api } = connect<EchoApi>(new StartingWorker(placesOf(first, second)), (error) => deaths.push(error));
  const failure = api.echo({ value: 1 }).catch((error: unknown) => error);
  await settled();
  first.fail();
  await settled();
  second.fail();
  expect(await failure).toMatchObject({ code: "worker-died", context: { reason: "not loaded" } });
  await expect(api.echo({ value: 2 })).rejects.toMatchObject({ code: "worker-died" });
  expect(deaths).toHaveLength(1);
});

test("an error of a worker that runs ends the connection, and starts no other", async () => {
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const { api } = connect<EchoApi>(new StartingWorker(placesOf(first, second)));
  await settled();
  first.start();
  await api.echo({ value: 1 });
  first.fail();
  await expect(api.echo({ value: 2 })).rejects.toMatchObject({ code: "worker-died" });
  await settled();
  expect(second.state.received).toBe(0);
});

test("terminated before it runs, no place is tried any more", async () => {
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const worker = new StartingWorker(placesOf(first, second));
  await settled();
  worker.terminate();
  first.fail();
  await settled();
  expect([first.state.isTerminated, second.state.isTerminated]).toEqual([true, true]);
});
