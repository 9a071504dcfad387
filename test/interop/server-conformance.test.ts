import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startEmbeddedServer } from "../support/embedded-server.ts";
import { requirePeer } from "../support/peers.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startRestServer } from "../support/rest-servers.ts";
import { TestClock } from "../support/test-clock.ts";

// One suite for the embedded server, for the real rest-server, and for both behind the embedded server's proxy: what
// restic sees must be the same everywhere.

const v1 = "application/vnd.x.restic.rest.v1";
const v2 = "application/vnd.x.restic.rest.v2";
const content = Buffer.from("0123456789");
const id = sha256(content);
const missingId = "0".repeat(64);

interface Place {
  /** URL of a repository, with a slash at its end. */
  url(repository: string): string;
  /** Its folder on this machine. */
  folder(repository: string): string;
  close(): Promise<void>;
}

const restServer = requirePeer("rest-server");

async function startEmbedded(...options: string[]): Promise<Place> {
  const server = await startEmbeddedServer({ options });
  return {
    url: (repository) => `${server.url}/repos/${repository}/`,
    folder: (repository) => join(server.dataDirectory, repository),
    close: server.close,
  };
}

async function startPeer(...options: string[]): Promise<Place> {
  if (restServer === null) throw new Error("rest-server is missing");
  const server = await startRestServer(restServer, options);
  return { url: server.repositoryUrl, folder: server.directory, close: server.close };
}

async function behindProxy(upstream: Place): Promise<Place> {
  const base = upstream.url("x").replace(/x\/$/, "");
  const proxy = await startEmbeddedServer({ proxies: { far: base } });
  return {
    url: (repository) => `${proxy.url}/up/far/${repository}/`,
    folder: upstream.folder,
    close: async () => {
      await proxy.close();
      await upstream.close();
    },
  };
}

const places: readonly { name: string; real: boolean; start: (...options: string[]) => Promise<Place> }[] = [
  { name: "embedded server", real: false, start: startEmbedded },
  { name: "rest-server", real: true, start: startPeer },
  {
    name: "embedded server behind the proxy",
    real: false,
    start: async (...options) => behindProxy(await startEmbedded(...options)),
  },
  {
    name: "rest-server behind the proxy",
    real: true,
    start: async (...options) => behindProxy(await startPeer(...options)),
  },
];

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function send(method: string, url: string, headers: Record<string, string> = {}, body?: Buffer) {
  const response = await fetch(url, {
    method,
    headers,
    redirect: "manual",
    ...(body && { body: Uint8Array.from(body) }),
  });
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
}

for (const { name, real, start } of places) {
  describe.skipIf(real && restServer === null)(name, () => {
    let place: Place;
    let repository = "";
    let count = 0;
    const at = (path: string) => place.url(repository) + path;

    beforeAll(async () => {
      place = await start();
    });
    afterAll(() => place?.close());

    /** A repository of its own with one pack and a config. */
    async function fill(): Promise<void> {
      repository = `filled-${count++}`;
      expect((await send("POST", at("?create=true"))).status).toBe(200);
      expect((await send("POST", at(`data/${id}`), {}, content)).status).toBe(200);
      expect((await send("POST", at("config"), {}, content)).status).toBe(200);
    }

    test("create=true makes a repository and may be repeated; create=false is refused", async () => {
      repository = "made";
      for (let time = 0; time < 2; time++) {
        const answer = await send("POST", at("?create=true"), { "content-type": "binary/octet-stream" });
        expect([answer.status, answer.body.length]).toEqual([200, 0]);
      }
      expect((await send("POST", at("?create=false"))).status).toBe(400);
      expect((await send("POST", at(""))).status).toBe(400);
      const listing = await send("GET", at("data/"), { accept: v2 });
      expect([listing.status, listing.body.toString()]).toEqual([200, "[]"]);
      expect((await readdir(place.folder(repository))).sort()).toEqual(["data", "index", "keys", "locks", "snapshots"]);
      expect(await readdir(join(place.folder(repository), "data"))).toHaveLength(256);
    });

    test("a missing repository, listing or file is 404 with the status text", async () => {
      repository = "nowhere";
      for (const path of ["data/", "keys/", "config", `data/${id}`, `locks/${id}`]) {
        const answer = await send("GET", at(path), { accept: v2 });
        expect([path, answer.status, answer.body.toString()]).toEqual([path, 404, "Not Found\n"]);
      }
      expect((await send("HEAD", at("config"))).status).toBe(404);
    });

    test("listings: sizes only if exactly version 2 is accepted, sorted by name", async () => {
      await fill();
      const more = Buffer.from("more");
      await send("POST", at(`data/${sha256(more)}`), {}, more);
      const expected = [
        { name: id, size: content.length },
        { name: sha256(more), size: more.length },
      ].sort((left, right) => (left.name < right.name ? -1 : 1));
      const listing = await send("GET", at("data/"), { accept: v2 });
      expect(listing.headers.get("content-type")).toBe(v2);
      expect(JSON.parse(listing.body.toString())).toEqual(expected);
      for (const accept of [v1, `${v2}, */*`, "*/*"]) {
        const names = await send("GET", at("data/"), { accept });
        expect(names.headers.get("content-type")).toBe(v1);
        expect(JSON.parse(names.body.toString())).toEqual(expected.map((file) => file.name));
      }
    });

    test("a listing without its slash does not exist", async () => {
      await fill();
      expect((await send("GET", at("data"), { accept: v2 })).status).toBe(404);
    });

    test("wrong methods are 405", async () => {
      await fill();
      for (const [method, path] of [
        ["HEAD", "data/"],
        ["PUT", "data/"],
        ["OPTIONS", "data/"],
        ["POST", "data/"],
        ["GET", ""],
        ["DELETE", ""],
        ["PUT", "config"],
        ["PATCH", `data/${id}`],
      ] as const) {
        const answer = await send(method, at(path));
        expect([method, path, answer.status]).toEqual([method, path, 405]);
        expect(answer.headers.get("allow")).toBeTruthy();
        expect(answer.headers.get("access-control-allow-origin")).toBeNull();
      }
    });

    test("ranges of a file", async () => {
      await fill();
      const cases: [string, number, string, string | null][] = [
        ["bytes=0-", 206, "0123456789", "bytes 0-9/10"],
        ["bytes=3-5", 206, "345", "bytes 3-5/10"],
        ["bytes=7-99", 206, "789", "bytes 7-9/10"],
        ["bytes=-2", 206, "89", "bytes 8-9/10"],
        ["bytes=0-9,0-9", 200, "0123456789", null],
      ];
      for (const [range, status, body, contentRange] of cases) {
        if (place.url("x").includes("/up/") && range.includes(",")) continue;
        const answer = await send("GET", at(`data/${id}`), { range });
        expect([range, answer.status, answer.body.toString(), answer.headers.get("content-range")]).toEqual([
          range,
          status,
          body,
          contentRange,
        ]);
        expect(answer.headers.get("content-length")).toBe(String(body.length));
        expect(answer.headers.get("accept-ranges")).toBe("bytes");
      }
      const beyond = await send("GET", at(`data/${id}`), { range: "bytes=10-" });
      expect([beyond.status, beyond.headers.get("content-range")]).toEqual([416, "bytes */10"]);
    });

    test("several ranges come as multipart, or through the proxy not at all", async () => {
      await fill();
      const answer = await send("GET", at(`data/${id}`), { range: "bytes=0-1,8-" });
      if (place.url("x").includes("/up/")) {
        expect(answer.status).toBe(416);
        return;
      }
      expect(answer.status).toBe(206);
      const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(answer.headers.get("content-type") ?? "")?.[1];
      const parts = answer.body.toString().split(`--${boundary}`);
      expect(parts.map((part) => part.split("\r\n\r\n")[1])).toEqual([undefined, "01\r\n", "89\r\n", undefined]);
      expect(parts[1]).toMatch(/content-range: bytes 0-1\/10/i);
      expect(answer.headers.get("content-length")).toBe(String(answer.body.length));
    });

    test("HEAD tells the size", async () => {
      await fill();
      for (const path of ["config", `data/${id}`]) {
        const answer = await send("HEAD", at(path), { accept: v2 });
        expect([answer.status, answer.headers.get("content-length")]).toEqual([200, "10"]);
      }
    });

    test("config is sent whole whatever range is asked for", async () => {
      await fill();
      const answer = await send("GET", at("config"), { range: "bytes=3-5" });
      expect([answer.status, answer.body.toString(), answer.headers.get("accept-ranges")]).toEqual([
        200,
        "0123456789",
        null,
      ]);
    });

    test("what exists is never overwritten", async () => {
      await fill();
      const pack = await send("POST", at(`data/${id}`), {}, content);
      expect([pack.status, pack.body.toString()]).toEqual([403, "Forbidden\n"]);
      expect((await send("POST", at("config"), {}, Buffer.from("other"))).status).toBe(403);
      expect((await send("GET", at("config"))).body).toEqual(content);
    });

    test("a body whose hash is not the name is refused and leaves nothing", async () => {
      await fill();
      const answer = await send("POST", at(`data/${missingId}`), {}, content);
      expect([answer.status, answer.body.toString()]).toEqual([400, "Bad Request\n"]);
      expect(await filesBelow(place.folder(repository))).toEqual(expect.arrayContaining(["config", id]));
      expect(await filesBelow(place.folder(repository))).toHaveLength(2);
    });

    test("a body shorter than announced is 400 and leaves nothing", async () => {
      await fill();
      const url = new URL(at(`index/${id}`));
      const answer = await sendRaw(url.origin, {
        method: "POST",
        target: url.pathname,
        headers: [
          ["Host", url.host],
          ["Content-Length", "10"],
        ],
        body: "01234",
        endEarly: true,
      });
      expect(answer.status).toBe(400);
      await expect.poll(() => filesBelow(place.folder(repository)), { timeout: 10_000 }).toHaveLength(2);
      expect((await send("GET", at("index/"), { accept: v2 })).body.toString()).toBe("[]");
    });

    test("names that are no ids do not exist, whatever is done to them", async () => {
      await fill();
      const upper = sha256(Buffer.from("x")).toUpperCase();
      for (const path of ["data/short", `data/${upper}`, `data/${id}0`, "README", `data/${id}/x`, `unknown/${id}`]) {
        for (const method of ["GET", "POST", "DELETE"]) {
          const answer = await send(method, at(path), {}, method === "POST" ? content : undefined);
          expect([method, path, answer.status]).toEqual([method, path, 404]);
        }
      }
    });

    test("files may come before create=true: their folders are made", async () => {
      repository = "unmade";
      expect((await send("POST", at(`snapshots/${id}`), {}, content)).status).toBe(200);
      expect((await send("GET", at(`snapshots/${id}`))).body).toEqual(content);
    });

    test("a body without a length is taken", async () => {
      await fill();
      const url = new URL(at(`keys/${id}`));
      const answer = await sendRaw(url.origin, {
        method: "POST",
        target: url.pathname,
        headers: [
          ["Host", url.host],
          ["Transfer-Encoding", "chunked"],
        ],
        body: "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n",
      });
      expect(answer.status).toBe(200);
      expect((await send("GET", at(`keys/${id}`))).body).toEqual(content);
    });

    test("deleting is done once and may be repeated", async () => {
      await fill();
      for (let time = 0; time < 2; time++) {
        const answer = await send("DELETE", at(`data/${id}`));
        expect([answer.status, answer.body.length]).toEqual([200, 0]);
      }
      expect((await send("GET", at(`data/${id}`))).status).toBe(404);
      expect((await send("DELETE", at("config"))).status).toBe(200);
      expect((await send("HEAD", at("config"))).status).toBe(404);
    });

    test("packs lie in folders of their first two digits, the rest flat", async () => {
      await fill();
      await send("POST", at(`index/${id}`), {}, content);
      expect(await readFile(join(place.folder(repository), "data", id.slice(0, 2), id))).toEqual(content);
      expect(await readFile(join(place.folder(repository), "index", id))).toEqual(content);
    });

    test("repositories one folder deeper are others", async () => {
      repository = "team/photos";
      expect((await send("POST", at("?create=true"))).status).toBe(200);
      expect((await send("POST", at("config"), {}, content)).status).toBe(200);
      repository = "team/papers";
      expect((await send("HEAD", at("config"))).status).toBe(404);
      repository = "team/photos/more";
      expect((await send("POST", at("?create=true"))).status).toBe(404);
    });
  });

  describe.skipIf(real && restServer === null)(`${name}, append-only`, () => {
    test("only locks are deleted, and new files are taken", async () => {
      const place = await start("--append-only");
      try {
        const at = (path: string) => place.url("kept") + path;
        expect((await send("POST", at("?create=true"))).status).toBe(200);
        for (const type of ["data", "index", "keys", "locks", "snapshots"]) {
          expect((await send("POST", at(`${type}/${id}`), {}, content)).status).toBe(200);
          const refused = type === "locks" ? 200 : 403;
          expect([type, (await send("DELETE", at(`${type}/${id}`))).status]).toEqual([type, refused]);
          expect([type, (await send("DELETE", at(`${type}/${missingId}`))).status]).toEqual([type, refused]);
        }
        await send("POST", at("config"), {}, content);
        expect((await send("DELETE", at("config"))).status).toBe(403);
        expect((await send("POST", at(`data/${id}`), {}, content)).status).toBe(403);
      } finally {
        await place.close();
      }
    });
  });
}

describe("logins", () => {
  // "secret" for both, as {SHA}, which rest-server knows as well.
  const users = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbert:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
  const login = (user: string, password: string) => ({
    authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
  });
  let folder = "";
  let embedded: Awaited<ReturnType<typeof startEmbeddedServer>>;
  // The failures here would slow each other down.
  const clock = new TestClock();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdall-users-"));
    await writeFile(join(folder, "users"), users);
    embedded = await startEmbeddedServer({
      auth: true,
      clock,
      options: ["--htpasswd", join(folder, "users"), "--private-repos"],
    });
  });
  afterAll(async () => {
    await embedded?.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("without or with a wrong one: 401 and no prompt of the browser", async () => {
    const url = `${embedded.url}/repos/anna/`;
    for (const headers of [{}, login("anna", "wrong"), login("", ""), login("carl", "secret")]) {
      for (const [method, path] of [
        ["POST", "?create=true"],
        ["GET", "keys/"],
        ["GET", "config"],
        ["POST", `data/${id}`],
        ["DELETE", `data/${id}`],
        ["OPTIONS", "data/"],
      ] as const) {
        const asked = send(method, url + path, headers, method === "POST" ? content : undefined);
        const answer = await clock.run(asked);
        expect([answer.status, answer.body.toString()]).toEqual([401, "Unauthorized\n"]);
        expect(answer.headers.get("www-authenticate")).toBeNull();
      }
    }
    expect(await filesBelow(join(embedded.dataDirectory, "anna"))).toEqual([]);
  });

  test("with --private-repos a user reaches the own name only", async () => {
    const ask = (method: string, path: string, user: string) =>
      clock.run(send(method, `${embedded.url}/repos/${path}`, login(user, "secret")));
    expect((await ask("POST", "anna/?create=true", "anna")).status).toBe(200);
    expect((await ask("POST", "anna/b/?create=true", "anna")).status).toBe(200);
    expect((await ask("GET", "anna/keys/", "bert")).status).toBe(401);
  });

  test.skipIf(restServer === null)("with --private-repos and --append-only every answer is rest-server's", async () => {
    if (restServer === null) return;
    const rules = ["--private-repos", "--append-only"];
    const users = ["--htpasswd", join(folder, "users")];
    const ours = await startEmbeddedServer({ auth: true, clock, options: [...users, ...rules] });
    const theirs = await startRestServer(restServer, ["--htpasswd-file", join(folder, "users"), ...rules]);
    try {
      const bases = [`${ours.url}/repos/`, theirs.repositoryUrl("x").replace(/x\/$/, "")] as const;
      const both = async (who: Record<string, string>, method: string, path: string) => {
        const ask = (base: string) => send(method, base + path, who, method === "POST" ? content : undefined);
        const [our, their] = [await clock.run(ask(bases[0])), await ask(bases[1])];
        const facts = ({ status, body }: typeof our) => [
          method,
          path,
          status,
          method === "HEAD" ? "" : body.toString(),
        ];
        expect(facts(our)).toEqual(facts(their));
        return our.status;
      };
      const statuses = new Set<number>();
      for (const who of [login("anna", "secret"), login("bert", "secret"), login("anna", "wrong"), {}]) {
        for (const repository of ["anna", "anna/photos", "bert", "bert/photos", "annab", "Anna", "bert/anna/deep"]) {
          for (const [method, path] of [
            ["POST", "/?create=true"],
            ["HEAD", "/config"],
            ["POST", "/config"],
            ["GET", "/config"],
            ["DELETE", "/config"],
            ["POST", `/data/${id}`],
            ["GET", "/data/"],
            ["GET", `/data/${id}`],
            ["DELETE", `/data/${id}`],
            ["POST", `/locks/${id}`],
            ["DELETE", `/locks/${id}`],
          ] as const) {
            statuses.add(await both(who, method, repository + path));
          }
        }
      }
      expect([...statuses].sort()).toEqual([200, 401, 403, 404]);
    } finally {
      await ours.close();
      await theirs.close();
    }
  });

  test.skipIf(restServer === null)("over --max-size the answer is rest-server's, too", async () => {
    // rest-server counts folders too, so the limit is no close one.
    const places = [await startEmbedded("--max-size", "100000"), await startPeer("--max-size", "100000")];
    const [first, second, third] = [1, 2, 3].map((at) => Buffer.alloc(40_000, at)) as [Buffer, Buffer, Buffer];
    try {
      for (const place of places) {
        const at = (bytes: Buffer) => `${place.url("r")}data/${sha256(bytes)}`;
        const store = async (bytes: Buffer) => (await send("POST", at(bytes), {}, bytes)).status;
        expect((await send("POST", `${place.url("r")}?create=true`)).status).toBe(200);
        expect([await store(first), await store(second), await store(third)]).toEqual([200, 200, 507]);
        await send("DELETE", at(first));
        expect(await store(third)).toBe(200);
      }
    } finally {
      for (const place of places) await place.close();
    }
  });

  test("after some failures a good login waits, and a full line is told to come again", async () => {
    const clock = new TestClock();
    const server = await startEmbeddedServer({ auth: true, clock, options: ["--htpasswd", join(folder, "users")] });
    try {
      const ask = (password: string) => send("GET", `${server.url}/repos/anna/keys/`, login("anna", password));
      for (const guess of ["a", "b", "c"]) expect((await ask(guess)).status).toBe(401);
      const crowd = Array.from({ length: 33 }, (_, at) => ask(`guess ${at}`));
      const first = await Promise.race(crowd);
      expect([first.status, first.headers.get("retry-after")]).toEqual([429, "16"]);
      expect(first.headers.get("content-security-policy")).toMatch(/; sandbox$/);
      const answers = await clock.run(Promise.all(crowd));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(32);
      expect((await clock.run(ask("secret"))).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  test("no login ever stands in the log", () => {
    expect(embedded.log.length).toBeGreaterThan(0);
    const secrets = ["secret", "wrong", Buffer.from("anna:wrong").toString("base64"), "Basic"];
    for (const secret of secrets) expect(embedded.log.join("\n")).not.toContain(secret);
  });
});
