import { afterEach, expect, test, vi } from "vitest";
import type { Method } from "../../../src/workers/repository-api.ts";
import { connect, serve } from "../../../src/workers/rpc.ts";
import {
  loadedMessage,
  type SpawnedWorker,
  StartingWorker,
  startedMessage,
  type WorkerPlace,
} from "../../../src/workers/starting-worker.ts";

interface EchoApi {
  echo: Method<{ value: unknown }, unknown>;
}

interface FakeWorker {
  worker: SpawnedWorker;
  /** The script has been loaded. */
  load(): void;
  /** The script has run. */
  start(): void;
  /** The script could not be loaded. */
  fail(): void;
  readonly state: { starts: number; isTerminated: boolean; received: number };
}

/** A worker that answers with its name and what it was asked. */
function fakeWorker(name: string): FakeWorker {
  const events = new EventTarget();
  const state = { starts: 0, isTerminated: false, received: 0 };
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
    load: () => void events.dispatchEvent(new MessageEvent("message", { data: loadedMessage })),
    start: () => void events.dispatchEvent(new MessageEvent("message", { data: startedMessage })),
    fail: () => void events.dispatchEvent(new Event("error")),
  };
}

function placeOf({ worker, state }: FakeWorker): WorkerPlace {
  return () => {
    state.starts++;
    return worker;
  };
}

async function* placesOf(...workers: FakeWorker[]): AsyncGenerator<WorkerPlace, void, undefined> {
  for (const worker of workers) yield placeOf(worker);
}

/** One place, at which these workers start one after the other. */
async function* onePlaceOf(...workers: FakeWorker[]): AsyncGenerator<WorkerPlace, void, undefined> {
  const starts = workers.map(placeOf);
  yield () => (starts.shift() as WorkerPlace)();
}

afterEach(() => {
  vi.useRealTimers();
});

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
  expect(first.state).toEqual({ starts: 1, isTerminated: true, received: 0 });
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
  expect(first.state).toMatchObject({ starts: 1, isTerminated: true });
  expect(second.state.starts).toBe(0);
});

test("a worker that was loaded and stalls is ended and started again, and gets what was called", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const { api } = connect<EchoApi>(new StartingWorker(onePlaceOf(first, second)));
  const answer = api.echo({ value: 1 });
  await settled();
  first.load();
  vi.advanceTimersByTime(10_000);
  expect(first.state).toEqual({ starts: 1, isTerminated: true, received: 0 });
  second.load();
  second.start();
  vi.advanceTimersByTime(10_000);
  expect(await answer).toBe("second got 1");
  expect(second.state).toMatchObject({ starts: 1, isTerminated: false });
});

test("a worker that is loaded slowly is waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const first = fakeWorker("first");
  new StartingWorker(onePlaceOf(first));
  await settled();
  vi.advanceTimersByTime(3_600_000);
  expect(first.state).toMatchObject({ starts: 1, isTerminated: false });
});

test("the last start is waited for, however long it takes", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const workers = Array.from({ length: 4 }, (_, i) => fakeWorker(`start ${i}`));
  const { api } = connect<EchoApi>(new StartingWorker(onePlaceOf(...workers)));
  const answer = api.echo({ value: 1 });
  await settled();
  for (const { load } of workers) {
    load();
    vi.advanceTimersByTime(10_000);
  }
  expect(workers.map(({ state }) => state.isTerminated)).toEqual([true, true, true, false]);
  workers[3]?.start();
  expect(await answer).toBe("start 3 got 1");
});

test("terminated while it stalls, it is not started again", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const [first, second] = [fakeWorker("first"), fakeWorker("second")];
  const worker = new StartingWorker(onePlaceOf(first, second));
  await settled();
  first.load();
  worker.terminate();
  vi.advanceTimersByTime(10_000);
  expect([first.state.starts, second.state.starts]).toEqual([1, 0]);
});
