import { expect, test } from "vitest";
import { SpareWorkers } from "../../../src/workers/spare-workers.ts";
import type { SpawnedWorker } from "../../../src/workers/starting-worker.ts";

class FakeWorker extends EventTarget implements SpawnedWorker {
  isTerminated = false;

  postMessage(): void {}

  terminate(): void {
    this.isTerminated = true;
  }
}

function makeSpares(count: number) {
  const spawned: FakeWorker[] = [];
  const spawn = () => {
    const worker = new FakeWorker();
    spawned.push(worker);
    return worker;
  };
  return { spares: new SpareWorkers(count, spawn), spawned };
}

test("each spare is taken once, then new workers are started", () => {
  const { spares, spawned } = makeSpares(2);
  expect(spawned).toHaveLength(2);
  const taken = [spares.take(), spares.take(), spares.take()];
  expect(spawned).toHaveLength(3);
  expect(new Set(taken)).toEqual(new Set(spawned));
});

test("a spare that could not be started is ended, and nobody gets it", () => {
  const { spares, spawned } = makeSpares(1);
  spawned[0]?.dispatchEvent(new Event("error"));
  expect(spawned[0]?.isTerminated).toBe(true);
  expect(spares.take()).toBe(spawned[1]);
});

test("a worker that was taken is left alone", () => {
  const { spares, spawned } = makeSpares(1);
  spares.take();
  spawned[0]?.dispatchEvent(new Event("error"));
  expect(spawned[0]?.isTerminated).toBe(false);
});
