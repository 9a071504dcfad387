import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { RestBackend } from "../../../../src/core/backend/rest.ts";
import { withLimit } from "../../../../src/core/backend/with-limit.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { type RestTestServer, startRestTestServer } from "../../../support/rest-test-server.ts";

/*
 * restic once opened a connection a request, because it left bodies unread, and used up the machine's ports. These tests
 * count what a server sees. Node's fetch closes a connection after every HEAD, in good order, so HEADs are counted apart;
 * and it takes a connection for busy in the moment in which its answer ends, so it keeps up to two for each place.
 */

const limit = 5;
const pool = 2 * limit;
const smallLength = 20_000;
const largeLength = 3_000_000;

let server: RestTestServer;
let backend: Backend;
let ids: Id[];
let large: Id;

beforeEach(async () => {
  server = await startRestTestServer({ turnsBeforeAnswer: 10 });
  backend = withLimit(new RestBackend({ url: server.url, login: null }), limit);
  ids = [];
  for (let i = 0; i < 10; i++) ids.push(await plant(Buffer.alloc(smallLength, i)));
  large = await plant(Buffer.alloc(largeLength, 255));
});
afterEach(() => server.close());

async function plant(bytes: Buffer): Promise<Id> {
  const id = await hashId(new Uint8Array(bytes));
  server.files.set(`data/${id}`, bytes);
  return id;
}

function waitingSignal(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

const idAt = (i: number): Id => ids[i % ids.length] ?? large;
const countOf = (method: string) => server.requests.filter((request) => request.method === method).length;

test("300 clean loads share the connections of the first ones, and as many as allowed run at once", async () => {
  const { signal } = waitingSignal();
  await Promise.all(Array.from({ length: 300 }, (_, i) => backend.load({ type: "data", id: idAt(i) }, signal)));
  expect(server.requests).toHaveLength(300);
  expect(server.counts).toMatchObject({ peakRequests: limit, abandonedBodies: 0 });
  expect(server.counts.opened).toBeLessThanOrEqual(pool);
});

test("400 requests of all kinds and outcomes all end, on no more connections than that", async () => {
  const { signal } = waitingSignal();
  const missing = await hashId(new Uint8Array(1));
  const page = Buffer.from(`<!doctype html>${"x".repeat(20_000)}`);
  server.fault = ({ headers }) => {
    if (headers.range === "bytes=1-1") return { status: 500, body: "x".repeat(100_000) };
    if (headers.range === "bytes=2-2") return { status: 200, body: page, headers: { "Content-Type": "text/html" } };
    if (headers.range === "bytes=3-3") return { status: 302, body: "moved", headers: { Location: "/" } };
    return undefined;
  };
  const failing = (offset: number, i: number) =>
    backend.load({ type: "data", id: idAt(i) }, signal, { offset, length: 1 }).then(
      () => expect.unreachable("a failure was ordered"),
      (error: { code: string }) => error.code,
    );
  const kinds: ((i: number) => Promise<unknown>)[] = [
    (i) => backend.load({ type: "data", id: idAt(i) }, signal),
    (i) => backend.load({ type: "data", id: idAt(i) }, signal, { offset: 10, length: 1000 }),
    () => backend.load({ type: "data", id: missing }, signal).catch(() => "not-found"),
    (i) => failing(1, i),
    (i) => failing(2, i),
    (i) => failing(3, i),
    (i) => backend.stat({ type: "data", id: idAt(i) }, signal),
    () => backend.remove({ type: "lock", id: missing }, signal),
    async (i) => {
      const bytes = new Uint8Array(1000).fill(i).fill(i >> 8, 0, 500);
      await backend.save({ type: "index", id: await hashId(bytes) }, bytes, signal);
    },
    async (i) => {
      const controller = waitingSignal();
      const load = backend.load({ type: "data", id: idAt(i) }, controller.signal).catch(() => "aborted");
      setImmediate(() => controller.abort());
      return load;
    },
  ];
  const work = Array.from({ length: 400 }, (_, i) => kinds[i % kinds.length]?.(i));
  const results = await Promise.all(work);
  expect(new Set(results.filter((result) => typeof result === "string"))).toEqual(
    new Set(["not-found", "server-busy", "not-a-rest-server", "redirected", "aborted"]),
  );
  // Locks go beside the limit; here they come at any moment.
  expect(server.counts.peakRequests).toBeLessThanOrEqual(limit + countOf("DELETE"));
  expect(server.counts.abandonedBodies).toBe(0);
  expect(server.counts.opened - countOf("HEAD")).toBeLessThanOrEqual(pool + countOf("DELETE"));
  expect(server.counts.reuses).toBeGreaterThan(150);
});

test("60 cancelled requests for little cost no connection, and the limit holds", async () => {
  const { signal } = waitingSignal();
  await backend.load({ type: "data", id: idAt(0) }, signal);
  for (let round = 0; round < 12; round++) {
    const controller = waitingSignal();
    const loads = Array.from({ length: limit }, (_, i) =>
      backend.load({ type: "data", id: idAt(i) }, controller.signal),
    );
    setImmediate(() => controller.abort());
    for (const load of await Promise.allSettled(loads)) {
      if (load.status === "rejected") expect(load.reason).toBe(controller.signal.reason);
    }
  }
  expect(server.counts.opened).toBeLessThanOrEqual(pool);
  expect(server.counts.abandonedBodies).toBe(0);
  expect(server.counts.peakRequests).toBeLessThanOrEqual(limit);
});

test("a cancelled request for much costs its connection, but never more than a few are open", async () => {
  const { signal } = waitingSignal();
  server.fault = ({ method }) =>
    method === "GET"
      ? { status: 206, headers: { "Content-Length": `${largeLength}` }, body: Buffer.alloc(50_000), stall: true }
      : undefined;
  for (let round = 0; round < 5; round++) {
    const controller = waitingSignal();
    const seen = server.requests.length;
    const loads = Array.from({ length: limit }, () => backend.load({ type: "data", id: large }, controller.signal));
    while (server.requests.length < seen + limit) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    for (const load of await Promise.allSettled(loads)) expect(load.status).toBe("rejected");
  }
  server.fault = () => undefined;
  expect(await backend.load({ type: "data", id: large }, signal)).toHaveLength(largeLength);
  expect(server.counts.opened).toBeGreaterThanOrEqual(5 * limit);
  // The server hears of a closed connection a little later.
  expect(server.counts.peakOpen).toBeLessThanOrEqual(2 * pool);
  expect(server.counts.peakRequests).toBeLessThanOrEqual(pool);
});

test("a refusal with a long body is left, a refusal with a short one is read", async () => {
  const { signal } = waitingSignal();
  const refuse = async (length: number) => {
    server.fault = () => ({ status: 403, body: Buffer.alloc(length) });
    for (let i = 0; i < 10; i++) {
      await expect(backend.load({ type: "data", id: idAt(i) }, signal)).rejects.toMatchObject({
        code: "access-denied",
      });
    }
  };
  await refuse(256 * 1024);
  expect(server.counts.opened).toBeLessThanOrEqual(2);
  await refuse(2_000_000);
  expect(server.counts.opened).toBeGreaterThan(5);
});
