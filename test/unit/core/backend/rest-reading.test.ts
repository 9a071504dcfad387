import { beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import { noise } from "../../../support/noise.ts";
import { bytes, failure, pack, path, restClient } from "../../../support/rest-client.ts";

const { signal } = new AbortController();
const rest = restClient();

describe("a listing that is not found", () => {
  test("is empty if there is a repository", async () => {
    rest.server.files.set("config", Buffer.from("config"));
    expect(await rest.backend.list("index", signal)).toEqual([]);
    expect(rest.requests()).toEqual(["GET index/", "HEAD config"]);
  });

  test("is a wrong address if there is none", async () => {
    expect(await failure(rest.backend.list("index", signal))).toMatchObject({ code: "not-found", retry: "never" });
  });

  test("is rclone's own failure from rclone, even if there is a repository", async () => {
    await rest.start("rclone");
    rest.server.files.set("config", Buffer.from("config"));
    rest.answer("GET", { status: 404, headers: { Server: "rclone/v1.60.1" }, body: "Not Found\n" });
    expect(await failure(rest.backend.list("index", signal))).toMatchObject({ code: "server-busy", retry: "later" });
  });
});

describe("a listing without lengths", () => {
  test("asks for each file, a few at a time, and leaves out what has gone", async () => {
    await rest.start("rest-server-v1", { connections: 3 });
    const files = Array.from({ length: 30 }, (_, i) => `${i}`.padStart(64, "0"));
    for (const [i, name] of files.entries()) rest.server.files.set(`data/${name}`, Buffer.alloc(i));
    await rest.backend.create(signal);
    const gone = `data/${files[7]}`;
    rest.server.fault = ({ path: asked }) => (asked === gone ? { status: 404 } : undefined);
    const listed = await rest.backend.list("data", signal);
    expect(listed.map(({ length }) => length).sort((a, b) => a - b)).toEqual(
      files.map((_, i) => i).filter((i) => i !== 7),
    );
    expect(rest.server.counts.peakRequests).toBeLessThanOrEqual(3);
  });

  test("ends with the first failure and asks no further", async () => {
    await rest.start("rest-server-v1", { connections: 2 });
    for (let i = 0; i < 50; i++) rest.server.files.set(`data/${`${i}`.padStart(64, "0")}`, Buffer.alloc(1));
    await rest.backend.create(signal);
    rest.answer("HEAD", { status: 401 });
    expect(await failure(rest.backend.list("data", signal))).toMatchObject({ code: "login-rejected" });
    expect(rest.server.requests.filter(({ method }) => method === "HEAD").length).toBeLessThanOrEqual(4);
  });
});

describe("a listing", () => {
  test("that is no listing is malformed", async () => {
    rest.answer("GET", { status: 200, headers: { "Content-Type": "application/json" }, body: '{"hello":1}' });
    expect(await failure(rest.backend.list("data", signal))).toMatchObject({ code: "listing-malformed" });
  });

  test.each([1, 2])("of version %i that ends in the middle, in good order, is tried again", async (version) => {
    const whole =
      version === 1 ? `["${pack.id}","${pack.id}"]` : `[{"name":"${pack.id}","size":18},{"name":"x","size":1}]`;
    for (let length = 0; length < whole.length; length += 5) {
      rest.answer("GET", { status: 200, headers: { "Transfer-Encoding": "chunked" }, body: whole.slice(0, length) });
      expect(await failure(rest.backend.list("data", signal))).toMatchObject({ code: "short-body", retry: "later" });
    }
  });

  test("whose connection breaks is tried again", async () => {
    rest.answer("GET", { status: 200, body: `["${pack.id}"]`, breakAfter: 20 });
    expect(await failure(rest.backend.list("data", signal))).toMatchObject({ code: "network", retry: "later" });
  });
});

describe("a load", () => {
  beforeEach(() => void rest.server.files.set(path, Buffer.from(bytes)));

  test("whose connection breaks is tried again", async () => {
    rest.answer("GET", { status: 200, body: Buffer.from(bytes), breakAfter: 5 });
    expect(await failure(rest.backend.load(pack, signal))).toMatchObject({ code: "network", retry: "later" });
  });

  test("of a range that comes too short though the file is long enough is tried again", async () => {
    rest.answer("GET", { status: 206, body: "abc" });
    expect(await failure(rest.backend.load(pack, signal, { offset: 0, length: 5 }))).toMatchObject({
      code: "short-body",
      retry: "later",
      context: { received: 3 },
    });
  });

  test("of a range lands in the caller's buffer if it has room", async () => {
    await rest.backend.save(pack, bytes, signal);
    const into = new Uint8Array(100);
    const view = await rest.backend.load(pack, signal, { offset: 9, length: 2, into });
    expect([view, view.buffer]).toEqual([utf8("of"), into.buffer]);
    const small = await rest.backend.load(pack, signal, { offset: 0, length: 8, into: new Uint8Array(7) });
    expect(small).toEqual(utf8("contents"));
  });

  test.each([300_000, 5_000_000])(
    "of %d bytes is read into the caller's memory, and into what it grows to",
    async (length) => {
      const long = noise(1, length);
      const handle = { type: "data", id: await hashId(long) } as const;
      await rest.backend.save(handle, long, signal);
      const into = new Uint8Array(length + 1000);
      const range = { offset: 7, length: length - 7 };
      const landed = await rest.backend.load(handle, signal, { ...range, into });
      expect([landed.length, landed.buffer.byteLength]).toEqual([length - 7, length + 1000]);
      expect(Buffer.compare(landed, long.subarray(7))).toBe(0);
      // It was moved there, and is nobody's any more: the next call finds that it has no room.
      expect(into.byteLength).toBe(0);
      for (const given of [{ into }, {}]) {
        expect(Buffer.compare(await rest.backend.load(handle, signal, { ...range, ...given }), landed)).toBe(0);
      }
    },
  );

  test("that is long and more than was asked for is refused", async () => {
    const range = { offset: 0, length: 300_000, into: new Uint8Array(400_000) };
    rest.answer("GET", { status: 206, body: Buffer.alloc(300_001) });
    expect(await failure(rest.backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
    rest.answer("GET", { status: 206, headers: { "Transfer-Encoding": "chunked" }, body: Buffer.alloc(300_001) });
    expect(await failure(rest.backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
  });

  test("of a range that gets more, or another one, is refused", async () => {
    const range = { offset: 2, length: 3 };
    rest.answer("GET", { status: 206, body: "abcdef" });
    expect(await failure(rest.backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
    rest.answer("GET", { status: 206, body: "abc", headers: { "Content-Range": "bytes 0-2/18" } });
    expect(await failure(rest.backend.load(pack, signal, range))).toMatchObject({ code: "unexpected-status" });
  });

  test("of a range from a server that always sends the whole file is cut out, if the file is not large", async () => {
    rest.answer("GET", { status: 200, body: Buffer.from(bytes) });
    expect(await rest.backend.load(pack, signal, { offset: 3, length: 4 })).toEqual(bytes.slice(3, 7));
    rest.answer("GET", { status: 200, body: Buffer.alloc(5 * 1024 * 1024) });
    expect(await failure(rest.backend.load(pack, signal, { offset: 3, length: 4 }))).toMatchObject({
      code: "unexpected-status",
      retry: "never",
    });
  });

  test("of a length that nobody can hold is refused before a byte is read", async () => {
    const headers = { "Content-Length": String(10 ** 12) };
    rest.answer("GET", { status: 200, headers, body: "x", stall: true });
    expect(await failure(rest.backend.load(pack, signal))).toMatchObject({ code: "unexpected-status" });
  });

  test("of an unknown length is read to its end", async () => {
    rest.answer("GET", { status: 200, headers: { "Transfer-Encoding": "chunked" }, body: Buffer.alloc(300_000, 7) });
    expect(Buffer.compare(await rest.backend.load(pack, signal), Buffer.alloc(300_000, 7))).toBe(0);
  });
});
