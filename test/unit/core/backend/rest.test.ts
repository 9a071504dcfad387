import { describe, expect, test } from "vitest";
import type { Handle } from "../../../../src/core/backend/backend.ts";
import { RestBackend } from "../../../../src/core/backend/rest.ts";
import type { Bytes } from "../../../../src/core/base/bytes.ts";
import { systemClock } from "../../../../src/core/base/clock.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import { bytes, failure, pack, path, restClient } from "../../../support/rest-client.ts";
import { type Fault, startRestTestServer } from "../../../support/rest-test-server.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const config: Handle = { type: "config" };
const rest = restClient();

describe("what an answer means", () => {
  const later = [408, 425, 429, 500, 502, 503, 504, 511];
  const never: [number, string][] = [
    [301, "redirected"],
    [302, "redirected"],
    [307, "redirected"],
    [401, "login-rejected"],
    [403, "access-denied"],
    [404, "not-found"],
    [405, "method-refused"],
    [409, "conflict"],
    [410, "gone"],
    [413, "too-large"],
    [418, "unexpected-status"],
    [507, "storage-full"],
    [204, "unexpected-status"],
  ];
  const operations: [string, string, () => Promise<unknown>][] = [
    ["a load", "GET", () => rest.backend.load(pack, signal)],
    ["a range", "GET", () => rest.backend.load(pack, signal, { offset: 0, length: 4 })],
    ["a listing", "GET", () => rest.backend.list("data", signal)],
    ["a look", "HEAD", () => rest.backend.stat(pack, signal)],
    ["an upload", "POST", () => rest.backend.save(pack, bytes, signal)],
    ["a removal", "DELETE", () => rest.backend.remove(pack, signal)],
    ["a creation", "POST", () => rest.backend.create(signal)],
  ];

  describe.each(operations)("to %s", (name, method, operate) => {
    test.each(later)("%i: again later", async (status) => {
      rest.answer(method, { status, body: "error\n" });
      expect(await failure(operate())).toMatchObject({
        name: "BackendError",
        code: "server-busy",
        retry: "later",
        context: { status, method },
      });
    });

    test.each(never)("%i: %s, for good", async (status, code) => {
      // A missing file is an answer to some, and has its own tests.
      if (status === 404 && ["HEAD", "DELETE"].includes(method)) return;
      rest.server.files.set("config", Buffer.from("config"));
      rest.answer(method, { status, headers: { Location: "/elsewhere/" }, body: status === 204 ? "" : "error\n" });
      if (status === 404 && name === "a listing") return expect(await operate()).toEqual([]);
      const expected = status === 403 && method === "DELETE" ? "append-only" : code;
      expect(await failure(operate())).toMatchObject({ name: "BackendError", code: expected, retry: "never" });
    });

    test("a broken connection: again later", async () => {
      rest.answer(method, {});
      expect(await failure(operate())).toMatchObject({ name: "BackendError", code: "network", retry: "later" });
    });

    test("a web page: not a REST server", async () => {
      rest.answer(method, {
        status: 200,
        headers: { "Content-Type": "text/html; charset=utf-8" },
        body: "<!doctype html>",
      });
      if (name === "a range") return; // a page that stands for a whole file is told apart below
      expect(await failure(operate())).toMatchObject({ code: "not-a-rest-server", retry: "never" });
    });

    test("no redirect is followed", async () => {
      rest.answer(method, { status: 307, headers: { Location: rest.server.url } });
      await failure(operate());
      expect(rest.server.requests.filter((request) => request.method === method)).toHaveLength(1);
    });
  });

  test("a page in place of a range: not a REST server", async () => {
    rest.answer("GET", { status: 200, headers: { "Content-Type": "text/html" }, body: "<!doctype html><p>Log in</p>" });
    expect(await failure(rest.backend.load(pack, signal, { offset: 0, length: 4 }))).toMatchObject({
      code: "not-a-rest-server",
    });
  });

  test("bytes that a server takes for a web page are bytes", async () => {
    const body = Buffer.from([0x3c, 0x61, 0x3e, 0x00, 0xff, 0x01]);
    rest.answer("GET", { status: 200, headers: { "Content-Type": "text/html" }, body });
    expect(Buffer.from(await rest.backend.load(config, signal))).toEqual(body);
  });

  test("Retry-After is carried in the error, in seconds or as a date", async () => {
    const clock = new TestClock();
    rest.backend = new RestBackend({ url: rest.server.url, login: null, clock });
    const retryAfter = async (value: string) => {
      rest.answer("HEAD", { status: 503, headers: { "Retry-After": value } });
      return ((await failure(rest.backend.stat(pack, signal))) as { context: Record<string, unknown> }).context;
    };
    expect(await retryAfter("7")).toMatchObject({ retryAfterMs: 7000 });
    expect(await retryAfter(new Date(clock.now() + 90_000).toUTCString())).toMatchObject({ retryAfterMs: 90_000 });
    expect(await retryAfter(new Date(clock.now() - 90_000).toUTCString())).toMatchObject({ retryAfterMs: 0 });
    expect(await retryAfter("99999999")).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(await retryAfter("soon")).not.toHaveProperty("retryAfterMs");
  });

  test("no answer at all: again later", async () => {
    await rest.server.close();
    expect(await failure(rest.backend.stat(pack, signal))).toMatchObject({ code: "network", retry: "later" });
    rest.server = await startRestTestServer();
  });
});

describe("a login", () => {
  test.each(["http://nas.home/", "http://192.168.1.7:8000/r/"])("is not sent to %s", (url) => {
    const login = { username: "user", password: "secret" };
    expect(() => new RestBackend({ url, login })).toThrow(
      expect.objectContaining({ name: "BackendError", code: "insecure-login" }),
    );
    expect(new RestBackend({ url, login: null }).location).toBe(url);
    expect(new RestBackend({ url: url.replace("http:", "https:"), login }).location).toMatch(/^https:/);
  });

  test("whose name has a colon is refused, since it would be another one", () => {
    const login = { username: "a:b", password: "c" };
    expect(() => new RestBackend({ url: rest.server.url, login })).toThrow(
      expect.objectContaining({ code: "bad-address" }),
    );
  });

  test("is in no error, whatever goes wrong", async () => {
    const login = { username: "somebody", password: "swordfish" };
    rest.backend = new RestBackend({ url: rest.server.url, login });
    const basic = Buffer.from("somebody:swordfish").toString("base64");
    for (const fault of [{}, { status: 401 }, { status: 500 }, { status: 200, body: "x", breakAfter: 0 }]) {
      rest.server.fault = () => fault;
      const error = (await failure(rest.backend.load(pack, signal))) as Error;
      const everything = JSON.stringify([error.message, error.stack, { ...error }, String(error.cause)]);
      expect(everything).not.toMatch(/swordfish|somebody/);
      expect(everything).not.toContain(basic);
    }
  });
});

describe("requests", () => {
  test("carry what they need and nothing else", async () => {
    const seen: { init: RequestInit; headers: Record<string, string> }[] = [];
    const spying: typeof fetch = (input, init) => {
      seen.push({ init: init ?? {}, headers: Object.fromEntries(new Headers(init?.headers)) });
      return fetch(input, init);
    };
    rest.backend = new RestBackend({ url: rest.server.url, login: { username: "u", password: "p" }, fetch: spying });
    await rest.backend.create(signal);
    await rest.backend.save(pack, bytes, signal);
    await rest.backend.stat(pack, signal);
    await rest.backend.load(pack, signal);
    await rest.backend.load(pack, signal, { offset: 2, length: 3 });
    await rest.backend.list("data", signal);
    await rest.backend.remove(pack, signal);
    const authorization = `Basic ${btoa("u:p")}`;
    const accept = "application/vnd.x.restic.rest.v2";
    const octets = "application/octet-stream";
    expect(seen.map(({ headers }) => headers)).toEqual([
      { authorization, "content-type": octets },
      { authorization, accept, "content-type": octets },
      { authorization, accept },
      { authorization, accept, range: "bytes=0-" },
      { authorization, accept, range: "bytes=2-4" },
      { authorization, accept },
      { authorization, accept },
    ]);
    for (const { init } of seen) {
      expect(init).toMatchObject({ credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" });
      expect(init.redirect).toBe("manual");
    }
    const upload = rest.server.requests[1];
    expect(upload?.headers).toMatchObject({ "content-length": String(bytes.length) });
    expect(upload?.headers).not.toHaveProperty("transfer-encoding");
  });

  test("go to the paths of the protocol", async () => {
    rest.server.files.set("config", Buffer.from("config"));
    await rest.backend.create(signal);
    for (const type of ["key", "data", "index", "snapshot", "lock"] as const) await rest.backend.list(type, signal);
    await rest.backend.load(config, signal);
    const folders = ["keys", "data", "index", "snapshots", "locks"];
    expect(rest.requests()).toEqual(["POST ?create=true", ...folders.map((name) => `GET ${name}/`), "GET config"]);
  });
});

describe("the server's clock", () => {
  const at = (ms: number) => ({ Date: new Date(ms).toUTCString() });

  test("is read from answers to saves and removals, failed ones too, and from no others", async () => {
    const clock = new TestClock();
    rest.backend = new RestBackend({ url: rest.server.url, login: null, clock });
    expect(rest.backend.clockAheadMs()).toBe(null);
    const wrong = at(clock.now() - 7_200_000);
    rest.server.files.set(path, Buffer.from(bytes));
    rest.server.fault = ({ method }) =>
      method === "GET" ? { status: 200, headers: wrong, body: Buffer.from(bytes) } : undefined;
    await rest.backend.load(pack, signal);
    expect(rest.backend.clockAheadMs()).toBe(null);
    rest.answer("POST", { status: 507, headers: at(clock.now() - 1_800_000) });
    await failure(rest.backend.save(pack, bytes, signal));
    expect(Math.round((rest.backend.clockAheadMs() ?? 0) / 60_000)).toBe(30);
    rest.answer("DELETE", { status: 200, headers: at(clock.now() + 1_800_000) });
    await rest.backend.remove(pack, signal);
    expect(Math.round((rest.backend.clockAheadMs() ?? 0) / 60_000)).toBe(-30);
  });
});

describe("a server that goes silent", () => {
  test.each<[string, Fault]>([
    ["before its answer", { stall: true, status: 200, headers: { "Content-Length": "9" } }],
    ["in the middle of its answer", { stall: true, status: 200, headers: { "Content-Length": "9" }, body: "abc" }],
  ])("%s is given up after five minutes, to be tried again", async (_name, fault) => {
    const clock = new TestClock();
    rest.backend = new RestBackend({ url: rest.server.url, login: null, clock });
    rest.answer("GET", fault);
    const failed = failure(rest.backend.load(pack, signal));
    while (rest.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    let isOver = false;
    void failed.then(() => {
      isOver = true;
    });
    await clock.advance(299_000);
    expect(isOver).toBe(false);
    await clock.advance(300_000);
    expect(await failed).toMatchObject({ name: "BackendError", code: "timeout", retry: "later" });
    expect(clock.pending).toBe(0);
  });
});

describe("a caller who leaves", () => {
  test("before the answer of a small request lets it end in good order", async () => {
    rest.server.files.set(path, Buffer.from(bytes));
    const controller = new AbortController();
    const loading = failure(rest.backend.load(pack, controller.signal));
    controller.abort();
    expect(await loading).toBe(controller.signal.reason);
    expect(rest.server.requests).toHaveLength(1);
    expect(rest.server.counts.abandonedBodies).toBe(0);
    // Node needs a moment to see that the connection is free.
    await new Promise((resolve) => setImmediate(resolve));
    await rest.backend.load(pack, signal);
    expect(rest.server.counts.opened).toBe(1);
  });

  test("waits a second at most for a server that does not answer", async () => {
    const clock = new TestClock();
    rest.backend = new RestBackend({ url: rest.server.url, login: null, clock });
    rest.answer("GET", { status: 200, headers: { "Content-Length": "9" }, body: "abc", stall: true });
    const controller = new AbortController();
    const loading = failure(rest.backend.load(pack, controller.signal));
    while (rest.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await clock.advance(1000);
    expect(await loading).toBe(controller.signal.reason);
    expect(clock.pending).toBe(0);
  });

  test("in the middle of a large answer ends it at once", async () => {
    const controller = new AbortController();
    rest.answer("GET", {
      status: 200,
      headers: { "Content-Length": "99999999" },
      body: Buffer.alloc(100_000),
      stall: true,
    });
    const loading = failure(rest.backend.load(pack, controller.signal));
    while (rest.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await loading).toBe(controller.signal.reason);
    const begin = systemClock.now();
    await rest.backend.stat(config, signal);
    expect(systemClock.now() - begin).toBeLessThan(1000);
  });

  test("during an upload cuts it off", async () => {
    const controller = new AbortController();
    rest.server.fault = () => {
      controller.abort();
      return { stall: true, status: 200 };
    };
    const large: Bytes = new Uint8Array(100_000);
    const handle = { type: "data", id: await hashId(large) } as const;
    expect(await failure(rest.backend.save(handle, large, controller.signal))).toBe(controller.signal.reason);
  });
});
