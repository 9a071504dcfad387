import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Handle } from "../../../../src/core/backend/backend.ts";
import { RestBackend, type RestOptions } from "../../../../src/core/backend/rest.ts";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { systemClock } from "../../../../src/core/base/clock.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import { noise } from "../../../support/noise.ts";
import {
  type Fault,
  type RestFlavour,
  type RestTestServer,
  startRestTestServer,
} from "../../../support/rest-test-server.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const bytes = utf8("contents of a pack");
const pack = { type: "data", id: await hashId(bytes) } as const;
const path = `data/${pack.id}`;
const config: Handle = { type: "config" };

let server: RestTestServer;
let backend: RestBackend;

beforeEach(() => start("rest-server"));
afterEach(() => server.close());

async function start(flavour: RestFlavour, options: Partial<RestOptions> = {}): Promise<void> {
  await server?.close().catch(() => undefined);
  server = await startRestTestServer({ flavour });
  backend = new RestBackend({ url: server.url, login: null, ...options });
}

const requests = () => server.requests.map(({ method, path }) => `${method} ${path.replace(pack.id, "P")}`);

/** The server's answers to requests of this method, from its n-th on; the last one stays. */
function answer(method: string, ...faults: (Fault | undefined)[]): void {
  let next = 0;
  server.fault = (request) => {
    if (request.method !== method) return undefined;
    return faults[Math.min(next++, faults.length - 1)];
  };
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => new Error(`no failure, but ${String(value)}`),
    (error: unknown) => error,
  );
}

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
    ["a load", "GET", () => backend.load(pack, signal)],
    ["a range", "GET", () => backend.load(pack, signal, { offset: 0, length: 4 })],
    ["a listing", "GET", () => backend.list("data", signal)],
    ["a look", "HEAD", () => backend.stat(pack, signal)],
    ["an upload", "POST", () => backend.save(pack, bytes, signal)],
    ["a removal", "DELETE", () => backend.remove(pack, signal)],
    ["a creation", "POST", () => backend.create(signal)],
  ];

  describe.each(operations)("to %s", (name, method, operate) => {
    test.each(later)("%i: again later", async (status) => {
      answer(method, { status, body: "error\n" });
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
      server.files.set("config", Buffer.from("config"));
      answer(method, { status, headers: { Location: "/elsewhere/" }, body: status === 204 ? "" : "error\n" });
      if (status === 404 && name === "a listing") return expect(await operate()).toEqual([]);
      const expected = status === 403 && method === "DELETE" ? "append-only" : code;
      expect(await failure(operate())).toMatchObject({ name: "BackendError", code: expected, retry: "never" });
    });

    test("a broken connection: again later", async () => {
      answer(method, {});
      expect(await failure(operate())).toMatchObject({ name: "BackendError", code: "network", retry: "later" });
    });

    test("a web page: not a REST server", async () => {
      answer(method, { status: 200, headers: { "Content-Type": "text/html; charset=utf-8" }, body: "<!doctype html>" });
      if (name === "a range") return; // a page that stands for a whole file is told apart below
      expect(await failure(operate())).toMatchObject({ code: "not-a-rest-server", retry: "never" });
    });

    test("no redirect is followed", async () => {
      answer(method, { status: 307, headers: { Location: server.url } });
      await failure(operate());
      expect(server.requests.filter((request) => request.method === method)).toHaveLength(1);
    });
  });

  test("a page in place of a range: not a REST server", async () => {
    answer("GET", { status: 200, headers: { "Content-Type": "text/html" }, body: "<!doctype html><p>Log in</p>" });
    expect(await failure(backend.load(pack, signal, { offset: 0, length: 4 }))).toMatchObject({
      code: "not-a-rest-server",
    });
  });

  test("bytes that a server takes for a web page are bytes", async () => {
    const body = Buffer.from([0x3c, 0x61, 0x3e, 0x00, 0xff, 0x01]);
    answer("GET", { status: 200, headers: { "Content-Type": "text/html" }, body });
    expect(Buffer.from(await backend.load(config, signal))).toEqual(body);
  });

  test("Retry-After is carried in the error, in seconds or as a date", async () => {
    const clock = new TestClock();
    backend = new RestBackend({ url: server.url, login: null, clock });
    const retryAfter = async (value: string) => {
      answer("HEAD", { status: 503, headers: { "Retry-After": value } });
      return ((await failure(backend.stat(pack, signal))) as { context: Record<string, unknown> }).context;
    };
    expect(await retryAfter("7")).toMatchObject({ retryAfterMs: 7000 });
    expect(await retryAfter(new Date(clock.now() + 90_000).toUTCString())).toMatchObject({ retryAfterMs: 90_000 });
    expect(await retryAfter(new Date(clock.now() - 90_000).toUTCString())).toMatchObject({ retryAfterMs: 0 });
    expect(await retryAfter("99999999")).toMatchObject({ retryAfterMs: 3_600_000 });
    expect(await retryAfter("soon")).not.toHaveProperty("retryAfterMs");
  });

  test("no answer at all: again later", async () => {
    await server.close();
    expect(await failure(backend.stat(pack, signal))).toMatchObject({ code: "network", retry: "later" });
    server = await startRestTestServer();
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
    expect(() => new RestBackend({ url: server.url, login })).toThrow(expect.objectContaining({ code: "bad-address" }));
  });

  test("is in no error, whatever goes wrong", async () => {
    const login = { username: "somebody", password: "swordfish" };
    backend = new RestBackend({ url: server.url, login });
    const basic = Buffer.from("somebody:swordfish").toString("base64");
    for (const fault of [{}, { status: 401 }, { status: 500 }, { status: 200, body: "x", breakAfter: 0 }]) {
      server.fault = () => fault;
      const error = (await failure(backend.load(pack, signal))) as Error;
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
    backend = new RestBackend({ url: server.url, login: { username: "u", password: "p" }, fetch: spying });
    await backend.create(signal);
    await backend.save(pack, bytes, signal);
    await backend.stat(pack, signal);
    await backend.load(pack, signal);
    await backend.load(pack, signal, { offset: 2, length: 3 });
    await backend.list("data", signal);
    await backend.remove(pack, signal);
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
    const upload = server.requests[1];
    expect(upload?.headers).toMatchObject({ "content-length": String(bytes.length) });
    expect(upload?.headers).not.toHaveProperty("transfer-encoding");
  });

  test("go to the paths of the protocol", async () => {
    server.files.set("config", Buffer.from("config"));
    await backend.create(signal);
    for (const type of ["key", "data", "index", "snapshot", "lock"] as const) await backend.list(type, signal);
    await backend.load(config, signal);
    const folders = ["keys", "data", "index", "snapshots", "locks"];
    expect(requests()).toEqual(["POST ?create=true", ...folders.map((name) => `GET ${name}/`), "GET config"]);
  });
});

describe("a listing that is not found", () => {
  test("is empty if there is a repository", async () => {
    server.files.set("config", Buffer.from("config"));
    expect(await backend.list("index", signal)).toEqual([]);
    expect(requests()).toEqual(["GET index/", "HEAD config"]);
  });

  test("is a wrong address if there is none", async () => {
    expect(await failure(backend.list("index", signal))).toMatchObject({ code: "not-found", retry: "never" });
  });

  test("is rclone's own failure from rclone, even if there is a repository", async () => {
    await start("rclone");
    server.files.set("config", Buffer.from("config"));
    answer("GET", { status: 404, headers: { Server: "rclone/v1.60.1" }, body: "Not Found\n" });
    expect(await failure(backend.list("index", signal))).toMatchObject({ code: "server-busy", retry: "later" });
  });
});

describe("a listing without lengths", () => {
  test("asks for each file, a few at a time, and leaves out what has gone", async () => {
    await start("rest-server-v1", { connections: 3 });
    const files = Array.from({ length: 30 }, (_, i) => `${i}`.padStart(64, "0"));
    for (const [i, name] of files.entries()) server.files.set(`data/${name}`, Buffer.alloc(i));
    await backend.create(signal);
    const gone = `data/${files[7]}`;
    server.fault = ({ path: asked }) => (asked === gone ? { status: 404 } : undefined);
    const listed = await backend.list("data", signal);
    expect(listed.map(({ length }) => length).sort((a, b) => a - b)).toEqual(
      files.map((_, i) => i).filter((i) => i !== 7),
    );
    expect(server.counts.peakRequests).toBeLessThanOrEqual(3);
  });

  test("ends with the first failure and asks no further", async () => {
    await start("rest-server-v1", { connections: 2 });
    for (let i = 0; i < 50; i++) server.files.set(`data/${`${i}`.padStart(64, "0")}`, Buffer.alloc(1));
    await backend.create(signal);
    answer("HEAD", { status: 401 });
    expect(await failure(backend.list("data", signal))).toMatchObject({ code: "login-rejected" });
    expect(server.requests.filter(({ method }) => method === "HEAD").length).toBeLessThanOrEqual(4);
  });
});

describe("a listing", () => {
  test("that is no listing is malformed", async () => {
    answer("GET", { status: 200, headers: { "Content-Type": "application/json" }, body: '{"hello":1}' });
    expect(await failure(backend.list("data", signal))).toMatchObject({ code: "listing-malformed" });
  });

  test.each([1, 2])("of version %i that ends in the middle, in good order, is tried again", async (version) => {
    const whole =
      version === 1 ? `["${pack.id}","${pack.id}"]` : `[{"name":"${pack.id}","size":18},{"name":"x","size":1}]`;
    for (let length = 0; length < whole.length; length += 5) {
      answer("GET", { status: 200, headers: { "Transfer-Encoding": "chunked" }, body: whole.slice(0, length) });
      expect(await failure(backend.list("data", signal))).toMatchObject({ code: "short-body", retry: "later" });
    }
  });

  test("whose connection breaks is tried again", async () => {
    answer("GET", { status: 200, body: `["${pack.id}"]`, breakAfter: 20 });
    expect(await failure(backend.list("data", signal))).toMatchObject({ code: "network", retry: "later" });
  });
});

describe("a load", () => {
  beforeEach(() => void server.files.set(path, Buffer.from(bytes)));

  test("whose connection breaks is tried again", async () => {
    answer("GET", { status: 200, body: Buffer.from(bytes), breakAfter: 5 });
    expect(await failure(backend.load(pack, signal))).toMatchObject({ code: "network", retry: "later" });
  });

  test("of a range that comes too short though the file is long enough is tried again", async () => {
    answer("GET", { status: 206, body: "abc" });
    expect(await failure(backend.load(pack, signal, { offset: 0, length: 5 }))).toMatchObject({
      code: "short-body",
      retry: "later",
      context: { received: 3 },
    });
  });

  test("of a range lands in the caller's buffer if it has room", async () => {
    await backend.save(pack, bytes, signal);
    const into = new Uint8Array(100);
    const view = await backend.load(pack, signal, { offset: 9, length: 2, into });
    expect([view, view.buffer]).toEqual([utf8("of"), into.buffer]);
    const small = await backend.load(pack, signal, { offset: 0, length: 8, into: new Uint8Array(7) });
    expect(small).toEqual(utf8("contents"));
  });

  test.each([300_000, 5_000_000])(
    "of %d bytes is read into the caller's memory, and into what it grows to",
    async (length) => {
      const long = noise(1, length);
      const handle = { type: "data", id: await hashId(long) } as const;
      await backend.save(handle, long, signal);
      const into = new Uint8Array(length + 1000);
      const range = { offset: 7, length: length - 7 };
      const landed = await backend.load(handle, signal, { ...range, into });
      expect([landed.length, landed.buffer.byteLength]).toEqual([length - 7, length + 1000]);
      expect(Buffer.compare(landed, long.subarray(7))).toBe(0);
      // It was moved there, and is nobody's any more: the next call finds that it has no room.
      expect(into.byteLength).toBe(0);
      for (const given of [{ into }, {}]) {
        expect(Buffer.compare(await backend.load(handle, signal, { ...range, ...given }), landed)).toBe(0);
      }
    },
  );

  test("that is long and more than was asked for is refused", async () => {
    const range = { offset: 0, length: 300_000, into: new Uint8Array(400_000) };
    answer("GET", { status: 206, body: Buffer.alloc(300_001) });
    expect(await failure(backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
    answer("GET", { status: 206, headers: { "Transfer-Encoding": "chunked" }, body: Buffer.alloc(300_001) });
    expect(await failure(backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
  });

  test("of a range that gets more, or another one, is refused", async () => {
    const range = { offset: 2, length: 3 };
    answer("GET", { status: 206, body: "abcdef" });
    expect(await failure(backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
    answer("GET", { status: 206, body: "abc", headers: { "Content-Range": "bytes 0-2/18" } });
    expect(await failure(backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
  });

  test("of a range from a server that always sends the whole file is cut out, if the file is not large", async () => {
    answer("GET", { status: 200, body: Buffer.from(bytes) });
    expect(await backend.load(pack, signal, { offset: 3, length: 4 })).toEqual(bytes.slice(3, 7));
    answer("GET", { status: 200, body: Buffer.alloc(5 * 1024 * 1024) });
    expect(await failure(backend.load(pack, signal, { offset: 3, length: 4 }))).toMatchObject({
      code: "unexpected-status",
      retry: "never",
    });
  });

  test("of a length that nobody can hold is refused before a byte is read", async () => {
    const headers = { "Content-Length": String(10 ** 12) };
    answer("GET", { status: 200, headers, body: "x", stall: true });
    expect(await failure(backend.load(pack, signal))).toMatchObject({ code: "unexpected-status" });
  });

  test("of an unknown length is read to its end", async () => {
    answer("GET", { status: 200, headers: { "Transfer-Encoding": "chunked" }, body: Buffer.alloc(300_000, 7) });
    expect(Buffer.compare(await backend.load(pack, signal), Buffer.alloc(300_000, 7))).toBe(0);
  });
});

describe("the server's clock", () => {
  const at = (ms: number) => ({ Date: new Date(ms).toUTCString() });

  test("is read from answers to saves and removals, failed ones too, and from no others", async () => {
    const clock = new TestClock();
    backend = new RestBackend({ url: server.url, login: null, clock });
    expect(backend.clockAheadMs()).toBe(null);
    const wrong = at(clock.now() - 7_200_000);
    server.files.set(path, Buffer.from(bytes));
    server.fault = ({ method }) =>
      method === "GET" ? { status: 200, headers: wrong, body: Buffer.from(bytes) } : undefined;
    await backend.load(pack, signal);
    expect(backend.clockAheadMs()).toBe(null);
    answer("POST", { status: 507, headers: at(clock.now() - 1_800_000) });
    await failure(backend.save(pack, bytes, signal));
    expect(Math.round((backend.clockAheadMs() ?? 0) / 60_000)).toBe(30);
    answer("DELETE", { status: 200, headers: at(clock.now() + 1_800_000) });
    await backend.remove(pack, signal);
    expect(Math.round((backend.clockAheadMs() ?? 0) / 60_000)).toBe(-30);
  });
});

describe("a server that goes silent", () => {
  test.each<[string, Fault]>([
    ["before its answer", { stall: true, status: 200, headers: { "Content-Length": "9" } }],
    ["in the middle of its answer", { stall: true, status: 200, headers: { "Content-Length": "9" }, body: "abc" }],
  ])("%s is given up after five minutes, to be tried again", async (_name, fault) => {
    const clock = new TestClock();
    backend = new RestBackend({ url: server.url, login: null, clock });
    answer("GET", fault);
    const failed = failure(backend.load(pack, signal));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
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

describe("an upload that fails", () => {
  test("because the bytes arrived damaged is sent three times", async () => {
    answer("POST", { status: 400 }, { status: 400 }, undefined);
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(["POST data/P", "POST data/P", "POST data/P"]);
    expect(server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("three times because the bytes arrive damaged is an integrity error", async () => {
    answer("POST", { status: 400 });
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({
      name: "IntegrityError",
      code: "upload-corrupted",
      retry: "never",
      context: { file: path, attempts: 3 },
    });
    expect(requests()).toHaveLength(3);
  });

  test("because the bytes are not those of the name says so", async () => {
    const error = await failure(backend.save(pack, utf8("other bytes"), signal));
    expect(error).toMatchObject({ code: "upload-corrupted", context: { reason: expect.stringContaining("hash") } });
  });

  test("because the file is there already is a success on a server that compares hashes", async () => {
    server.files.set(path, Buffer.from(bytes));
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(["POST data/P", "HEAD data/P"]);
  });

  test("because another file is there already is a permanent error, and that file is left alone", async () => {
    server.files.set(path, Buffer.from("half"));
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "already-exists", retry: "never" });
    expect(server.files.get(path)).toEqual(Buffer.from("half"));
  });

  test("because nothing may be added is access denied", async () => {
    answer("POST", { status: 403 });
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "access-denied" });
  });

  test.each<[RestFlavour, string[]]>([
    ["rest-server", ["POST data/P", "HEAD data/P"]],
    ["rclone", ["POST data/P", "HEAD data/P", "GET data/P"]],
  ])("because the answer got lost is a success once %s is seen to have it", async (flavour, expected) => {
    await start(flavour);
    answer("POST", { afterwards: true });
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(expected);
    expect(server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("on rclone, which has damaged bytes of the right length, is to be sent again", async () => {
    await start("rclone");
    server.files.set(path, Buffer.alloc(bytes.length));
    answer("POST", {}, undefined);
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    await backend.save(pack, bytes, signal);
    expect(server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("behind a proxy that hides the server is read back too", async () => {
    server.fault = ({ method }) => {
      if (method === "POST") return { afterwards: true };
      const headers = { Server: "nginx", "Content-Length": String(bytes.length) };
      return method === "HEAD" ? { status: 200, headers } : undefined;
    };
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(["POST data/P", "HEAD data/P", "GET data/P"]);
  });

  test("and did not arrive is to be sent again", async () => {
    answer("POST", {});
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    expect(requests()).toEqual(["POST data/P", "HEAD data/P"]);
  });

  test("with a server that is gone is a network error, not the failure to look", async () => {
    server.fault = ({ method }) => (method === "POST" ? {} : { status: 500 });
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "network" });
  });

  test.each<[string, Fault]>([
    ["a page that does not say that it is one", { status: 200, body: "<p>Log in</p>" }],
    ["a login in JSON", { status: 200, body: '{"login":"/"}', headers: { "Content-Type": "application/json" } }],
  ])("with a success that is %s is looked after, and not believed", async (_what, fault) => {
    answer("POST", fault);
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({
      code: "not-a-rest-server",
      retry: "never",
      context: { file: path },
    });
    answer("POST", { ...fault, afterwards: true });
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(["POST data/P", "HEAD data/P", "POST data/P", "HEAD data/P"]);
  });

  test.each([502, 504])(
    "with %i from a proxy, behind which it was stored, is a success the next time",
    async (status) => {
      server.fault = ({ method }) =>
        method === "POST" && server.files.size === 0 ? { status, afterwards: true } : undefined;
      expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "server-busy", retry: "later" });
      await backend.save(pack, bytes, signal);
      expect(requests()).toEqual(["POST data/P", "POST data/P", "HEAD data/P"]);
    },
  );

  test("on an append-only server, after its answer was lost, is a success once it is seen to be there", async () => {
    await server.close();
    server = await startRestTestServer({ appendOnly: true });
    backend = new RestBackend({ url: server.url, login: null });
    server.fault = ({ method }) => {
      if (method === "HEAD" && server.requests.length < 4) return {};
      return method === "POST" && server.requests.length === 1 ? { afterwards: true } : undefined;
    };
    expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    await backend.save(pack, bytes, signal);
    expect(requests()).toEqual(["POST data/P", "HEAD data/P", "POST data/P", "HEAD data/P"]);
  });

  test("with 403 while nobody can look is to be tried again, not refused for good", async () => {
    server.files.set(path, Buffer.from(bytes));
    for (const fault of [{}, { status: 503 }]) {
      answer("HEAD", fault);
      expect(await failure(backend.save(pack, bytes, signal))).toMatchObject({ retry: "later" });
    }
  });

  test("because the server says nothing is given up when a slow line would have carried it, and looked after", async () => {
    const clock = new TestClock();
    backend = new RestBackend({ url: server.url, login: null, clock });
    answer("POST", { status: 200, afterwards: true, stall: true, headers: { "Content-Length": "9" }, body: "abc" });
    const saving = backend.save(pack, bytes, signal);
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.run(saving);
    expect(requests()).toEqual(["POST data/P", "HEAD data/P"]);
    expect(clock.pending).toBe(0);
  });

  test("asks before each time that it is sent whether it still may be", async () => {
    answer("POST", { status: 400 });
    let asked = 0;
    const refused = new Error("not any more");
    const saving = backend.save(pack, bytes, signal, async () => {
      if (++asked === 3) throw refused;
    });
    expect(await failure(saving)).toBe(refused);
    expect(requests()).toHaveLength(2);
  });

  test("never deletes anything", async () => {
    for (const fault of [{}, { afterwards: true }, { status: 400 }, { status: 403 }, { status: 500 }]) {
      answer("POST", fault);
      await failure(backend.save(pack, bytes, signal));
    }
    expect(server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });
});

describe("a caller who leaves", () => {
  test("before the answer of a small request lets it end in good order", async () => {
    server.files.set(path, Buffer.from(bytes));
    const controller = new AbortController();
    const loading = failure(backend.load(pack, controller.signal));
    controller.abort();
    expect(await loading).toBe(controller.signal.reason);
    expect(server.requests).toHaveLength(1);
    expect(server.counts.abandonedBodies).toBe(0);
    // Node needs a moment to see that the connection is free.
    await new Promise((resolve) => setImmediate(resolve));
    await backend.load(pack, signal);
    expect(server.counts.opened).toBe(1);
  });

  test("waits a second at most for a server that does not answer", async () => {
    const clock = new TestClock();
    backend = new RestBackend({ url: server.url, login: null, clock });
    answer("GET", { status: 200, headers: { "Content-Length": "9" }, body: "abc", stall: true });
    const controller = new AbortController();
    const loading = failure(backend.load(pack, controller.signal));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await clock.advance(1000);
    expect(await loading).toBe(controller.signal.reason);
    expect(clock.pending).toBe(0);
  });

  test("in the middle of a large answer ends it at once", async () => {
    const controller = new AbortController();
    answer("GET", { status: 200, headers: { "Content-Length": "99999999" }, body: Buffer.alloc(100_000), stall: true });
    const loading = failure(backend.load(pack, controller.signal));
    while (server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    expect(await loading).toBe(controller.signal.reason);
    const begin = systemClock.now();
    await backend.stat(config, signal);
    expect(systemClock.now() - begin).toBeLessThan(1000);
  });

  test("during an upload cuts it off", async () => {
    const controller = new AbortController();
    server.fault = () => {
      controller.abort();
      return { stall: true, status: 200 };
    };
    const large: Bytes = new Uint8Array(100_000);
    const handle = { type: "data", id: await hashId(large) } as const;
    expect(await failure(backend.save(handle, large, controller.signal))).toBe(controller.signal.reason);
  });
});
