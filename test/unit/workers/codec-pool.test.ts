import { afterEach, expect, test } from "vitest";
import { BackendError, HoldallError, IntegrityError, isAbort } from "../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../src/core/base/id.ts";
import { importMasterKey } from "../../../src/core/codec/cipher.ts";
import type { BlobReceiver, SaveJob, SealedBlob } from "../../../src/core/codec/codec.ts";
import { parsePolynomial } from "../../../src/core/codec/polynomial.ts";
import { CodecPool, workersFor } from "../../../src/workers/codec-pool.ts";
import { type CodecSettings, type KernelCodec, serveCodec } from "../../../src/workers/codec-service.ts";

/** A codec whose work is visible: it seals by adding one byte, and holds its calls at a gate when there is one. */
class PlainCodec implements KernelCodec {
  readonly parallelism = 2;
  readonly kernelBuild = "plain";
  running = 0;
  mostRunning = 0;

  constructor(
    readonly settings: CodecSettings,
    private readonly gate: (signal: AbortSignal) => Promise<void>,
  ) {}

  async saveContents(...[{ bytes, lengths }, job]: Parameters<KernelCodec["saveContents"]>) {
    const ends = lengths.map((_, i) => lengths.slice(0, i + 1).reduce((sum, length) => sum + length, 0));
    const chunks = ends.map((end, i) => new Blob([bytes.slice(end - (lengths[i] ?? 0), end)]));
    return this.counted(job.signal, () => Promise.all(chunks.map((chunk) => this.saveChunk(chunk, job))));
  }

  async saveStretch(...[file, offset, onCut, job]: Parameters<KernelCodec["saveStretch"]>) {
    return this.counted(job.signal, async () => {
      onCut(offset + 4);
      const content = [await this.saveChunk(file.blob.slice(offset, offset + 4), job)];
      return { content, length: 4 };
    });
  }

  async sealBlob(...[type, plain, compression, signal]: Parameters<KernelCodec["sealBlob"]>) {
    return this.counted(signal, () => this.seal(type, plain, compression === "max"));
  }

  async openBlobs(...[sealed, blobs]: Parameters<KernelCodec["openBlobs"]>) {
    return blobs.map(({ id, offset, length }) =>
      length === 0
        ? { error: new IntegrityError("mac-mismatch", { blob: id }) }
        : { plain: sealed.subarray(offset, offset + length - 1) },
    );
  }

  async checkPack(...[pack, signal]: Parameters<KernelCodec["checkPack"]>) {
    return this.counted(signal, async () => {
      return { sealed: pack.sealed, hash: await hashId(pack.sealed), header: null, damaged: [] };
    });
  }

  async openIndex(...[sealed, signal]: Parameters<KernelCodec["openIndex"]>) {
    return this.counted(signal, async () => {
      if (sealed.length === 0) throw new IntegrityError("mac-mismatch");
      return { packs: [await hashId(sealed)], records: Uint32Array.from(sealed) };
    });
  }

  close(): void {}

  private async saveChunk(blob: Blob, job: SaveJob): Promise<Id> {
    const plain = new Uint8Array(await blob.arrayBuffer());
    const id = await hashId(plain);
    const [isNew] = await job.receiver.claim([id]);
    if (!isNew) return id;
    const sealed = await this.seal("data", plain, job.compression === "max");
    const { length } = sealed.sealed;
    const returned = await job.receiver.store({ buffer: sealed.sealed, blobs: [sealed] });
    if (returned.length !== length) throw new Error("the buffer did not come back");
    return id;
  }

  private async seal(type: SealedBlob["type"], plain: Uint8Array<ArrayBuffer>, compressed: boolean) {
    const sealed = Uint8Array.of(...plain, 0xff);
    return { type, id: await hashId(plain), sealed, plainLength: plain.length, compressed };
  }

  private async counted<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    this.mostRunning = Math.max(this.mostRunning, ++this.running);
    try {
      await this.gate(signal);
      return await work();
    } finally {
      this.running--;
    }
  }
}

const settings: CodecSettings = {
  key: await importMasterKey({
    encrypt: new Uint8Array(32).fill(1),
    macK: new Uint8Array(16).fill(2),
    macR: new Uint8Array(16).fill(3),
  }),
  polynomial: parsePolynomial("3da3358b4dc173"),
  formatVersion: 2,
};

/** What of the settings can be compared. */
function facts(given: CodecSettings | undefined) {
  return [given?.key.encrypt instanceof CryptoKey, given?.key.macR, given?.polynomial, given?.formatVersion];
}

interface SpawnedCodec {
  codec: PlainCodec | null;
  die(): void;
}

const pools: CodecPool[] = [];
afterEach(() => {
  for (const pool of pools.splice(0)) pool.close();
});

/** A pool over real ports whose "workers" are codecs in this process. */
async function makePool(workers: number, gate: (signal: AbortSignal) => Promise<void> = async () => {}) {
  const spawned: SpawnedCodec[] = [];
  const spawn = () => {
    const { port1, port2 } = new MessageChannel();
    const worker: SpawnedCodec = { codec: null, die: () => port2.close() };
    spawned.push(worker);
    serveCodec(port2, async (given) => {
      worker.codec = new PlainCodec(given, gate);
      return worker.codec;
    });
    return Object.assign(port1, { terminate: () => port1.close() });
  };
  const pool = await CodecPool.create({ ...settings, workers, spawn });
  pools.push(pool);
  return { pool, spawned };
}

/** Everything is new to it, and it keeps what it is given. */
function keepingReceiver(): BlobReceiver & { stored: SealedBlob[]; claimed: Id[] } {
  const stored: SealedBlob[] = [];
  const claimed: Id[] = [];
  return {
    stored,
    claimed,
    async claim(ids) {
      claimed.push(...ids);
      return ids.map(() => true);
    },
    async store({ buffer, blobs }) {
      stored.push(...blobs.map((blob) => ({ ...blob, sealed: blob.sealed.slice() })));
      return buffer;
    },
  };
}

function jobWith(receiver: BlobReceiver, signal = new AbortController().signal): SaveJob {
  return { compression: "auto", receiver, signal };
}

function fileOf(...values: number[]) {
  return { blob: new Blob([Uint8Array.from(values)]), size: values.length };
}

/** A gate that stays shut until told, and says how many wait at it. */
function closedGate() {
  const waiting = new Set<() => void>();
  let arrived: () => void = () => {};
  return {
    pass: (signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        waiting.add(resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
        arrived();
      }),
    async reached(count: number) {
      while (waiting.size < count)
        await new Promise<void>((resolve) => {
          arrived = resolve;
        });
    },
    open() {
      for (const pass of waiting) pass();
      waiting.clear();
    },
  };
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("the call succeeded"),
    (error: unknown) => error,
  );
}

const never = new AbortController().signal;

test("every worker gets the key and the polynomial once, before any call", async () => {
  const { pool, spawned } = await makePool(3);
  for (const { codec } of spawned) expect(facts(codec?.settings)).toEqual(facts(settings));
  expect(spawned).toHaveLength(3);
  expect(pool.kernelBuild).toBe("plain");
  expect(pool.parallelism).toBe(6);
});

test("small files are claimed and stored at the caller's receiver, and a bad one fails alone", async () => {
  const { pool } = await makePool(2);
  const receiver = keepingReceiver();
  const bad = { ...fileOf(1), size: 2 };
  const [first, second] = await pool.saveSmallFiles([fileOf(7, 8), bad], jobWith(receiver));
  const id = await hashId(Uint8Array.of(7, 8));
  expect(first).toEqual({ content: [id] });
  expect(second).toMatchObject({ error: { code: "source-unreadable", context: { expected: 2 } } });
  expect(receiver.claimed).toEqual([id]);
  expect(receiver.stored).toMatchObject([{ id, type: "data", plainLength: 2, sealed: Uint8Array.of(7, 8, 0xff) }]);
});

test("each job's blobs go to its own receiver, with its own compression", async () => {
  const { pool } = await makePool(2);
  const receivers = Array.from({ length: 8 }, keepingReceiver);
  await Promise.all(
    receivers.map((receiver, i) =>
      pool.saveSmallFiles([fileOf(i)], { ...jobWith(receiver), compression: i % 2 ? "max" : "off" }),
    ),
  );
  for (const [i, { stored }] of receivers.entries()) {
    expect(stored.map(({ sealed, compressed }) => [sealed[0], compressed])).toEqual([[i, i % 2 === 1]]);
  }
});

test("the end of a stretch is told before the stretch is stored", async () => {
  const { pool } = await makePool(1);
  const order: string[] = [];
  const store: BlobReceiver["store"] = async ({ buffer }) => {
    order.push("stored");
    return buffer;
  };
  const receiver = { ...keepingReceiver(), store };
  const stretch = await pool.saveStretch(
    fileOf(1, 2, 3, 4, 5, 6, 7, 8),
    4,
    (next) => order.push(`cut at ${next}`),
    jobWith(receiver),
  );
  expect(stretch).toEqual({ content: [await hashId(Uint8Array.of(5, 6, 7, 8))], length: 4 });
  expect(order).toEqual(["cut at 8", "stored"]);
});

test("an upload that fails ends the call with the upload's error", async () => {
  const { pool } = await makePool(1);
  const receiver: BlobReceiver = {
    claim: async (ids) => ids.map(() => true),
    store: async () => {
      throw new BackendError("storage-full", { status: 507 });
    },
  };
  const error = await errorOf(pool.saveSmallFiles([fileOf(1)], jobWith(receiver)));
  expect(error).toBeInstanceOf(BackendError);
  expect(error).toMatchObject({ code: "storage-full", context: { status: 507 } });
});

test("sealing takes the whole buffer over but copies out of a larger one", async () => {
  const { pool } = await makePool(1);
  const whole = Uint8Array.of(1, 2);
  const larger = Uint8Array.of(0, 3, 0);
  expect((await pool.sealBlob("tree", whole, "max", never)).sealed).toEqual(Uint8Array.of(1, 2, 0xff));
  expect((await pool.sealBlob("tree", larger.subarray(1, 2), "max", never)).sealed).toEqual(Uint8Array.of(3, 0xff));
  expect([whole.length, larger.length]).toEqual([0, 3]);
});

test("opened blobs come back in order, in the buffer that they share, errors in their places", async () => {
  const { pool } = await makePool(1);
  const id = await hashId(Uint8Array.of());
  const [first, broken, last] = await pool.openBlobs(
    Uint8Array.of(1, 2, 0xff, 3, 0xff),
    [
      { id, offset: 0, length: 3, uncompressedLength: null },
      { id, offset: 0, length: 0, uncompressedLength: null },
      { id, offset: 3, length: 2, uncompressedLength: null },
    ],
    never,
  );
  expect(first).toEqual({ plain: Uint8Array.of(1, 2) });
  expect(broken).toMatchObject({ error: { name: "IntegrityError", code: "mac-mismatch" } });
  expect(last).toEqual({ plain: Uint8Array.of(3) });
  if (!(first && "plain" in first && last && "plain" in last)) throw new Error("not opened");
  expect(first.plain.buffer).toBe(last.plain.buffer);
});

test("an index file is moved to a worker and comes back as records, or as its error", async () => {
  const { pool } = await makePool(1);
  const sealed = Uint8Array.of(1, 2);
  const id = await hashId(sealed);
  expect(await pool.openIndex(sealed, never)).toEqual({ packs: [id], records: Uint32Array.of(1, 2) });
  expect(sealed).toHaveLength(0);
  const error = await errorOf(pool.openIndex(new Uint8Array(0), never));
  expect(error).toBeInstanceOf(IntegrityError);
  expect(error).toMatchObject({ code: "mac-mismatch" });
});

test("calls spread over the workers, two to each, and the rest waits", async () => {
  const gate = closedGate();
  const { pool, spawned } = await makePool(2, gate.pass);
  const sealing = Array.from({ length: 6 }, (_, i) => pool.sealBlob("data", Uint8Array.of(i), "off", never));
  await gate.reached(4);
  expect(spawned.map(({ codec }) => codec?.running)).toEqual([2, 2]);
  gate.open();
  await gate.reached(2);
  gate.open();
  expect((await Promise.all(sealing)).map(({ sealed }) => sealed[0])).toEqual([0, 1, 2, 3, 4, 5]);
  expect(spawned.map(({ codec }) => codec?.mostRunning)).toEqual([2, 2]);
});

test("an abort reaches the worker, and a waiting call leaves the queue", async () => {
  const gate = closedGate();
  const { pool } = await makePool(1, gate.pass);
  const controller = new AbortController();
  const calls = [1, 2, 3].map((i) => errorOf(pool.sealBlob("data", Uint8Array.of(i), "off", controller.signal)));
  await gate.reached(2);
  controller.abort();
  expect((await Promise.all(calls)).map(isAbort)).toEqual([true, true, true]);
});

test("a worker that dies rejects its own calls, and another takes its place", async () => {
  const gate = closedGate();
  const { pool, spawned } = await makePool(2, gate.pass);
  const calls = Array.from({ length: 4 }, (_, i) => pool.sealBlob("data", Uint8Array.of(i), "off", never));
  const settled = Promise.allSettled(calls);
  await gate.reached(4);
  spawned[0]?.die();
  const died = await errorOf(Promise.race(calls));
  expect(died).toMatchObject({ code: "worker-died" });
  gate.open();
  const outcomes = (await settled).map(({ status }) => status);
  expect(outcomes.sort()).toEqual(["fulfilled", "fulfilled", "rejected", "rejected"]);
  const next = pool.sealBlob("data", Uint8Array.of(9), "off", never);
  await gate.reached(1);
  gate.open();
  expect((await next).sealed).toEqual(Uint8Array.of(9, 0xff));
  expect(spawned).toHaveLength(3);
  expect(facts(spawned[2]?.codec?.settings)).toEqual(facts(settings));
});

test("a pool whose workers cannot start says why", async () => {
  const spawn = () => {
    const { port1, port2 } = new MessageChannel();
    serveCodec(port2, () => Promise.reject(new HoldallError("kernel-unavailable", { build: "simd" })));
    return Object.assign(port1, { terminate: () => port1.close() });
  };
  const error = await errorOf(CodecPool.create({ ...settings, workers: 2, spawn }));
  expect(error).toMatchObject({ code: "kernel-unavailable", context: { build: "simd" } });
});

test("closing rejects running, waiting and later calls with closed", async () => {
  const gate = closedGate();
  const { pool } = await makePool(1, gate.pass);
  const calls = [1, 2, 3].map((i) => errorOf(pool.sealBlob("data", Uint8Array.of(i), "off", never)));
  await gate.reached(2);
  pool.close();
  const later = errorOf(pool.sealBlob("data", Uint8Array.of(4), "off", never));
  for (const error of [...(await Promise.all(calls)), await later]) expect(error).toMatchObject({ code: "closed" });
});

test("a closed pool does not replace a worker that died before", async () => {
  const { pool, spawned } = await makePool(1);
  const lost = errorOf(pool.saveSmallFiles([fileOf(1)], jobWith({ ...keepingReceiver(), claim: () => dying() })));
  const dying = () => {
    spawned[0]?.die();
    return new Promise<boolean[]>(() => {});
  };
  expect(await lost).toMatchObject({ code: "worker-died" });
  pool.close();
  expect(await errorOf(pool.sealBlob("data", Uint8Array.of(1), "off", never))).toMatchObject({ code: "closed" });
  expect(spawned).toHaveLength(1);
});

test("about one worker a core, at least two and at most eight", () => {
  expect([1, 2, 4, 64].map(workersFor)).toEqual([2, 2, 4, 8]);
});
