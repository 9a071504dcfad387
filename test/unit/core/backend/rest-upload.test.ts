import { describe, expect, test } from "vitest";
import { RestBackend } from "../../../../src/core/backend/rest.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { bytes, failure, pack, path, restClient } from "../../../support/rest-client.ts";
import { type Fault, type RestFlavour, startRestTestServer } from "../../../support/rest-test-server.ts";
import { TestClock } from "../../../support/test-clock.ts";

const { signal } = new AbortController();
const rest = restClient();

describe("an upload that fails", () => {
  test("because the bytes arrived damaged is sent three times", async () => {
    rest.answer("POST", { status: 400 }, { status: 400 }, undefined);
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(["POST data/P", "POST data/P", "POST data/P"]);
    expect(rest.server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("three times because the bytes arrive damaged is an integrity error", async () => {
    rest.answer("POST", { status: 400 });
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({
      name: "IntegrityError",
      code: "upload-corrupted",
      retry: "never",
      context: { file: path, attempts: 3 },
    });
    expect(rest.requests()).toHaveLength(3);
  });

  test("because the bytes are not those of the name says so", async () => {
    const error = await failure(rest.backend.save(pack, utf8("other bytes"), signal));
    expect(error).toMatchObject({ code: "upload-corrupted", context: { reason: expect.stringContaining("hash") } });
  });

  test("because the file is there already is a success on a server that compares hashes", async () => {
    rest.server.files.set(path, Buffer.from(bytes));
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P"]);
  });

  test("because another file is there already is a permanent error, and that file is left alone", async () => {
    rest.server.files.set(path, Buffer.from("half"));
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({
      code: "already-exists",
      retry: "never",
    });
    expect(rest.server.files.get(path)).toEqual(Buffer.from("half"));
  });

  test("because nothing may be added is access denied", async () => {
    rest.answer("POST", { status: 403 });
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ code: "access-denied" });
  });

  test.each<[RestFlavour, string[]]>([
    ["rest-server", ["POST data/P", "HEAD data/P"]],
    ["rclone", ["POST data/P", "HEAD data/P", "GET data/P"]],
  ])("because the answer got lost is a success once %s is seen to have it", async (flavour, expected) => {
    await rest.start(flavour);
    rest.answer("POST", { afterwards: true });
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(expected);
    expect(rest.server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("on rclone, which has damaged bytes of the right length, is to be sent again", async () => {
    await rest.start("rclone");
    rest.server.files.set(path, Buffer.alloc(bytes.length));
    rest.answer("POST", {}, undefined);
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    await rest.backend.save(pack, bytes, signal);
    expect(rest.server.files.get(path)).toEqual(Buffer.from(bytes));
  });

  test("behind a proxy that hides the server is read back too", async () => {
    rest.server.fault = ({ method }) => {
      if (method === "POST") return { afterwards: true };
      const headers = { Server: "nginx", "Content-Length": String(bytes.length) };
      return method === "HEAD" ? { status: 200, headers } : undefined;
    };
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P", "GET data/P"]);
  });

  test("and did not arrive is to be sent again", async () => {
    rest.answer("POST", {});
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P"]);
  });

  test("with a server that is gone is a network error, not the failure to look", async () => {
    rest.server.fault = ({ method }) => (method === "POST" ? {} : { status: 500 });
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ code: "network" });
  });

  test.each<[string, Fault]>([
    ["a page that does not say that it is one", { status: 200, body: "<p>Log in</p>" }],
    ["a login in JSON", { status: 200, body: '{"login":"/"}', headers: { "Content-Type": "application/json" } }],
  ])("with a success that is %s is looked after, and not believed", async (_what, fault) => {
    rest.answer("POST", fault);
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({
      code: "not-a-rest-server",
      retry: "never",
      context: { file: path },
    });
    rest.answer("POST", { ...fault, afterwards: true });
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P", "POST data/P", "HEAD data/P"]);
  });

  test.each([502, 504])(
    "with %i from a proxy, behind which it was stored, is a success the next time",
    async (status) => {
      rest.server.fault = ({ method }) =>
        method === "POST" && rest.server.files.size === 0 ? { status, afterwards: true } : undefined;
      expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({
        code: "server-busy",
        retry: "later",
      });
      await rest.backend.save(pack, bytes, signal);
      expect(rest.requests()).toEqual(["POST data/P", "POST data/P", "HEAD data/P"]);
    },
  );

  test("on an append-only server, after its answer was lost, is a success once it is seen to be there", async () => {
    await rest.server.close();
    rest.server = await startRestTestServer({ appendOnly: true });
    rest.backend = new RestBackend({ url: rest.server.url, login: null });
    rest.server.fault = ({ method }) => {
      if (method === "HEAD" && rest.server.requests.length < 4) return {};
      return method === "POST" && rest.server.requests.length === 1 ? { afterwards: true } : undefined;
    };
    expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ code: "network", retry: "later" });
    await rest.backend.save(pack, bytes, signal);
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P", "POST data/P", "HEAD data/P"]);
  });

  test("with 403 while nobody can look is to be tried again, not refused for good", async () => {
    rest.server.files.set(path, Buffer.from(bytes));
    for (const fault of [{}, { status: 503 }]) {
      rest.answer("HEAD", fault);
      expect(await failure(rest.backend.save(pack, bytes, signal))).toMatchObject({ retry: "later" });
    }
  });

  test("because the server says nothing is given up when a slow line would have carried it, and looked after", async () => {
    const clock = new TestClock();
    rest.backend = new RestBackend({ url: rest.server.url, login: null, clock });
    rest.answer("POST", {
      status: 200,
      afterwards: true,
      stall: true,
      headers: { "Content-Length": "9" },
      body: "abc",
    });
    const saving = rest.backend.save(pack, bytes, signal);
    while (rest.server.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.run(saving);
    expect(rest.requests()).toEqual(["POST data/P", "HEAD data/P"]);
    expect(clock.pending).toBe(0);
  });

  test("asks before each time that it is sent whether it still may be", async () => {
    rest.answer("POST", { status: 400 });
    let asked = 0;
    const refused = new Error("not any more");
    const saving = rest.backend.save(pack, bytes, signal, async () => {
      if (++asked === 3) throw refused;
    });
    expect(await failure(saving)).toBe(refused);
    expect(rest.requests()).toHaveLength(2);
  });

  test("never deletes anything", async () => {
    for (const fault of [{}, { afterwards: true }, { status: 400 }, { status: 403 }, { status: 500 }]) {
      rest.answer("POST", fault);
      await failure(rest.backend.save(pack, bytes, signal));
    }
    expect(rest.server.requests.filter(({ method }) => method === "DELETE")).toEqual([]);
  });
});
