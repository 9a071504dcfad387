import { afterEach, expect, test, vi } from "vitest";
import { type Bytes, concatBytes } from "../../../src/core/base/bytes.ts";
import type { KernelSource } from "../../../src/core/base/ports.ts";
import { BlockMixer } from "../../../src/core/codec/block-mixer.ts";
import { mixInWorkers, serveMixing } from "../../../src/workers/key-mixers.ts";
import { nodeKernels } from "../../support/kernels.ts";
import { noise } from "../../support/noise.ts";

const cost = { N: 16, r: 2, p: 5 };
const blocks = noise(1, 128 * cost.r * cost.p);

const open: MessagePort[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const port of open.splice(0)) port.close();
});

/** The port to a worker of this process, which serves when it is told to. */
function startWorker(kernels: KernelSource | null): MessagePort {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  if (kernels !== null) serveMixing(port2, kernels);
  port2.start();
  return port1;
}

async function mixedAlone(): Promise<Bytes> {
  const mixer = await BlockMixer.load(nodeKernels);
  const length = blocks.length / cost.p;
  const parts = Array.from({ length: cost.p }, (_, i) => blocks.slice(i * length, (i + 1) * length));
  return concatBytes(parts.map((block) => mixer.mix(block, cost)));
}

/** Kernels that tell how often they were loaded. */
function countedKernels() {
  const loads = { count: 0 };
  const kernels: KernelSource = {
    load(file) {
      loads.count++;
      return nodeKernels.load(file);
    },
  };
  return { kernels, loads };
}

const failing: KernelSource = { load: () => Promise.reject(new Error("not there")) };

test("workers mix a key's blocks, each in its place", async () => {
  const workers = [startWorker(nodeKernels), startWorker(nodeKernels)];
  expect(await mixInWorkers(workers, blocks, cost)).toEqual(await mixedAlone());
  // And again: nothing of the last time is left over.
  expect(await mixInWorkers(workers, blocks, cost)).toEqual(await mixedAlone());
});

test("one that never answers, or cannot mix, leaves its share to the others", async () => {
  const workers = [startWorker(null), startWorker(failing), startWorker(nodeKernels)];
  expect(await mixInWorkers(workers, blocks, cost)).toEqual(await mixedAlone());
});

test("no more workers are asked than there are blocks, and one alone if the tables are large", async () => {
  const { kernels, loads } = countedKernels();
  const workers = [startWorker(kernels), startWorker(kernels), startWorker(kernels)];
  await mixInWorkers(workers, blocks.slice(0, 512), { ...cost, p: 2 });
  expect(loads.count).toBe(2);
  loads.count = 0;
  const large = { N: 2 ** 17, r: 8, p: 2 };
  await mixInWorkers(workers, noise(2, 128 * large.r * large.p), large);
  expect(loads.count).toBe(1);
});

test("where no worker can mix, or one fails at it, none is made to", async () => {
  expect(await mixInWorkers([], blocks, cost)).toBe(null);
  expect(await mixInWorkers([startWorker(failing)], blocks, cost)).toBe(null);
  const tooLarge = { N: 2 ** 24, r: 8, p: 1 };
  expect(await mixInWorkers([startWorker(nodeKernels)], noise(3, 1024), tooLarge)).toBe(null);
});

test("workers that do not load are waited for two seconds", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const mixing = mixInWorkers([startWorker(null)], blocks, cost);
  await vi.advanceTimersByTimeAsync(1999);
  expect(await Promise.race([mixing, "waits"])).toBe("waits");
  await vi.advanceTimersByTimeAsync(1);
  expect(await mixing).toBe(null);
});
