import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import { requirePeer } from "../support/peers.ts";
import { type RawAnswer, type RawRequest, sendRaw } from "../support/raw-http.ts";
import { Restic } from "../support/restic.ts";

// Any page in a browser, and any name that DNS leads here, can reach a server on loopback. None of them may read or
// change anything, even without a login to stop them: so this server runs with --no-auth, and every caller here would
// succeed if it were not foreign.

const restic = requirePeer("restic-0.14");

type Header = readonly [string, string];
type Verb = "GET" | "POST" | "DELETE" | "create";

interface ForeignCaller {
  readonly name: string;
  readonly headers: (own: { host: string; port: string; origin: string }) => readonly Header[];
  /** Instead of the path. */
  readonly target?: (origin: string, path: string) => string;
}

const sameSite: readonly Header[] = [
  ["Sec-Fetch-Site", "same-origin"],
  ["Sec-Fetch-Mode", "cors"],
  ["Sec-Fetch-Dest", "empty"],
];
const crossSite = (mode: string, destination: string): readonly Header[] => [
  ["Sec-Fetch-Site", "cross-site"],
  ["Sec-Fetch-Mode", mode],
  ["Sec-Fetch-Dest", destination],
];

/** What the Fetch standard knows beside "empty", and what it may know one day. */
const destinations = [
  ..."audio audioworklet document embed fencedframe font frame iframe image json manifest object paintworklet".split(
    " ",
  ),
  ..."report script serviceworker sharedworker speculationrules style track video webidentity worker xslt".split(" "),
  "something-new",
];

const callers: readonly ForeignCaller[] = [
  // DNS rebinding: the browser believes that evil.example is this machine, so everything looks same-origin.
  {
    name: "foreign Host (DNS rebinding)",
    headers: ({ port }) => [["Host", `evil.example:${port}`], ["Origin", `http://evil.example:${port}`], ...sameSite],
  },
  { name: "foreign Host without more", headers: () => [["Host", "evil.example"]] },
  { name: "Host with another port", headers: () => [["Host", "127.0.0.1:1"]] },
  { name: "Host without its port", headers: () => [["Host", "127.0.0.1"]] },
  { name: "Host that begins like ours", headers: ({ host }) => [["Host", `${host}.evil.example`]] },
  { name: "Host with user information", headers: ({ host }) => [["Host", `evil.example@${host}`]] },
  { name: "Host with a final dot", headers: ({ port }) => [["Host", `localhost.:${port}`]] },
  { name: "empty Host", headers: () => [["Host", ""]] },
  { name: "no Host", headers: () => [] },
  {
    name: "two Hosts, ours first",
    headers: ({ host }) => [
      ["Host", host],
      ["Host", "evil.example"],
    ],
  },
  {
    name: "two Hosts, ours last",
    headers: ({ host }) => [
      ["Host", "evil.example"],
      ["Host", host],
    ],
  },
  {
    name: "two Hosts, both ours",
    headers: ({ host }) => [
      ["Host", host],
      ["host", host],
    ],
  },
  {
    name: "foreign Origin",
    headers: ({ host }) => [
      ["Host", host],
      ["Origin", "https://evil.example"],
    ],
  },
  {
    name: "Origin on another port of this machine",
    headers: ({ host }) => [["Host", host], ["Origin", "http://127.0.0.1:1"], ...sameSite],
  },
  {
    name: "Origin of the other name of this machine",
    headers: ({ host, port }) => [
      ["Host", host],
      ["Origin", `http://localhost:${port}`],
    ],
  },
  {
    name: "Origin with another scheme",
    headers: ({ host }) => [
      ["Host", host],
      ["Origin", `https://${host}`],
    ],
  },
  { name: "null Origin", headers: ({ host }) => [["Host", host], ["Origin", "null"], ...sameSite] },
  {
    name: "two Origins",
    headers: ({ host, origin }) => [
      ["Host", host],
      ["Origin", origin],
      ["Origin", "https://evil.example"],
    ],
  },
  {
    name: "cross-site fetch metadata without Origin",
    headers: ({ host }) => [["Host", host], ...crossSite("cors", "empty")],
  },
  {
    name: "same-site fetch metadata (another port of localhost)",
    headers: ({ host }) => [
      ["Host", host],
      ["Sec-Fetch-Site", "same-site"],
      ["Sec-Fetch-Mode", "cors"],
    ],
  },
  { name: "cross-site no-cors", headers: ({ host }) => [["Host", host], ...crossSite("no-cors", "empty")] },
  { name: "cross-site image", headers: ({ host }) => [["Host", host], ...crossSite("no-cors", "image")] },
  {
    name: "cross-site form",
    headers: ({ host }) => [
      ["Host", host],
      ["Origin", "https://evil.example"],
      ["Content-Type", "application/x-www-form-urlencoded"],
      ...crossSite("navigate", "document"),
    ],
  },
  {
    name: "form of a browser without fetch metadata",
    headers: ({ host }) => [
      ["Host", host],
      ["Content-Type", "multipart/form-data; boundary=x"],
    ],
  },
  {
    name: "text/plain form of a browser without fetch metadata",
    headers: ({ host }) => [
      ["Host", host],
      ["Content-Type", "text/plain"],
    ],
  },
  ...destinations.map((destination) => ({
    name: `own origin, but as ${destination}`,
    headers: ({ host }: { host: string }): readonly Header[] => [
      ["Host", host],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Mode", "no-cors"],
      ["Sec-Fetch-Dest", destination],
    ],
  })),
  {
    name: "two answers to where it comes from, ours first",
    headers: ({ host }) => [
      ["Host", host],
      ["Sec-Fetch-Site", "same-origin"],
      ["Sec-Fetch-Site", "cross-site"],
    ],
  },
  {
    name: "two destinations, the harmless one first",
    headers: ({ host }) => [
      ["Host", host],
      ["Sec-Fetch-Dest", "empty"],
      ["Sec-Fetch-Dest", "document"],
    ],
  },
  {
    name: "navigation without a destination",
    headers: ({ host }) => [
      ["Host", host],
      ["Sec-Fetch-Mode", "Navigate"],
    ],
  },
  {
    name: "multipart form with odd spelling",
    headers: ({ host }) => [
      ["Host", host],
      ["Content-Type", "  Multipart/Form-Data;boundary=x"],
    ],
  },
  {
    name: "what a reverse proxy says of others",
    headers: ({ host }) => [
      ["Host", "evil.example"],
      ["X-Forwarded-Host", host],
      ["Forwarded", `host=${host}`],
    ],
  },
  {
    name: "an offer to speak HTTP/2",
    headers: () => [
      ["Host", "evil.example"],
      ["Connection", "Upgrade, HTTP2-Settings"],
      ["Upgrade", "h2c"],
      ["HTTP2-Settings", "AAMAAABkAAQAAP__"],
    ],
  },
  {
    name: "own origin, but as a page typed into the address bar",
    headers: ({ host }) => [
      ["Host", host],
      ["Sec-Fetch-Site", "none"],
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "document"],
    ],
  },
  {
    name: "absolute-form target with our own authority",
    headers: ({ host }) => [["Host", host]],
    target: (origin, path) => origin + path,
  },
  {
    name: "absolute-form target with a foreign authority",
    headers: ({ host }) => [["Host", host]],
    target: (_, path) => `http://evil.example${path}`,
  },
  { name: "IPv6 loopback, where we do not listen", headers: ({ port }) => [["Host", `[::1]:${port}`]] },
  { name: "IPv6-mapped IPv4", headers: ({ port }) => [["Host", `[::ffff:127.0.0.1]:${port}`]] },
  { name: "IPv6 any address", headers: ({ port }) => [["Host", `[::]:${port}`]] },
  { name: "another loopback address", headers: ({ port }) => [["Host", `127.0.0.2:${port}`]] },
  { name: "0.0.0.0", headers: ({ port }) => [["Host", `0.0.0.0:${port}`]] },
  { name: "our address as one number", headers: ({ port }) => [["Host", `2130706433:${port}`]] },
];

const verbs: readonly Verb[] = ["GET", "POST", "DELETE", "create"];
const stored = Buffer.from("a stored lock");
const added = Buffer.from("an added lock");

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function requestOf(verb: Verb, headers: readonly Header[], shape: (path: string) => string): RawRequest {
  const lock = `/repos/kept/locks/${sha256(stored)}`;
  if (verb === "GET" || verb === "DELETE") return { method: verb, target: shape(lock), headers };
  if (verb === "create") {
    return {
      method: "POST",
      target: shape("/repos/made/?create=true"),
      headers: [...headers, ["Content-Length", "0"]],
    };
  }
  return {
    method: "POST",
    target: shape(`/repos/kept/locks/${sha256(added)}`),
    headers: [...headers, ["Content-Length", String(added.length)]],
    body: added,
  };
}

/** One hash over every name and every byte in a folder. */
async function hashOfFolder(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ path: join(entry.parentPath, entry.name), isFile: entry.isFile() }));
  for (const { path, isFile } of paths.sort((left, right) => (left.path < right.path ? -1 : 1))) {
    hash.update(`${path}\0`);
    if (isFile) hash.update(await readFile(path));
  }
  return hash.digest("hex");
}

function expectRefused(answer: RawAnswer): void {
  expect([400, 403, 415, 421]).toContain(answer.status);
  expect(answer.body.includes(stored)).toBe(false);
  expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
}

describe("foreign callers", () => {
  let server: EmbeddedServer;
  let own = { host: "", port: "", origin: "" };
  let before = "";

  beforeAll(async () => {
    server = await startEmbeddedServer();
    const { host, port, origin } = new URL(server.url);
    own = { host, port, origin };
    const lock = `${server.url}/repos/kept/locks/${sha256(stored)}`;
    await fetch(`${server.url}/repos/kept/?create=true`, { method: "POST" });
    expect((await fetch(lock, { method: "POST", body: new Blob([stored]) })).status).toBe(200);
    before = await hashOfFolder(server.dataDirectory);
  });
  afterAll(() => server?.close());

  for (const caller of callers) {
    for (const verb of verbs) {
      test(`${caller.name}, ${verb}: refused, nothing changed`, async () => {
        const shape = (path: string) => caller.target?.(own.origin, path) ?? path;
        expectRefused(await sendRaw(server.url, requestOf(verb, caller.headers(own), shape)));
        expect(await hashOfFolder(server.dataDirectory)).toBe(before);
      });
    }
  }

  test("the app's own page and clients that are no browsers are served, under both names", async () => {
    const { host, port } = own;
    const welcome: readonly (readonly Header[])[] = [
      [["Host", host]],
      [["Host", `localhost:${port}`]],
      [["Host", `LOCALHOST:${port}`], ["Origin", `http://localhost:${port}`], ...sameSite],
      [["Host", host], ["Origin", `http://${host}`], ...sameSite],
      [["Host", host], ...sameSite],
      [
        ["Host", host],
        ["Cookie", "session=of another app on localhost"],
      ],
    ];
    for (const headers of welcome) {
      const answer = await sendRaw(
        server.url,
        requestOf("GET", headers, (path) => path),
      );
      expect([answer.status, answer.body.toString()]).toEqual([200, stored.toString()]);
    }
  });

  test("the app itself is refused to foreign callers too, and opens by hand and from a bookmark", async () => {
    const get = (headers: readonly Header[]) => sendRaw(server.url, { method: "GET", target: "/", headers });
    const navigation: readonly Header[] = [
      ["Sec-Fetch-Mode", "navigate"],
      ["Sec-Fetch-Dest", "document"],
    ];
    expect((await get([["Host", own.host], ["Sec-Fetch-Site", "none"], ...navigation])).status).toBe(404); // not built
    expect((await get([["Host", own.host], ["Sec-Fetch-Site", "cross-site"], ...navigation])).status).toBe(403);
    expect((await get([["Host", "evil.example"]])).status).toBe(421);
  });

  test.each([
    ["CONNECT", "evil.example:443"],
    ["CONNECT", "127.0.0.1:22"],
    ["OPTIONS", "*"],
    ["TRACE", "/repos/kept/config"],
    ["PROPFIND", "/repos/kept/"],
    ["GET", "/repos/kept/locks/..%2f..%2f.htpasswd"],
    ["GET", "/repos/.htpasswd"],
    ["GET", "/repos/kept%00/config"],
    ["GET", "/repos//kept/config"],
    ["GET", "/up/http:%2f%2fevil.example/config"],
  ])("%s %s is not done", async (method, target) => {
    const headers: readonly Header[] = [["Host", own.host]];
    const answer = await sendRaw(server.url, { method, target, headers }).catch(() => undefined);
    // A tunnel is not even answered.
    if (answer === undefined) expect(method).toBe("CONNECT");
    else expect([400, 404, 405]).toContain(answer.status);
    expect(await hashOfFolder(server.dataDirectory)).toBe(before);
  });

  test.each<[string, Header, Header]>([
    ["two lengths", ["Content-Length", "3"], ["Content-Length", "30"]],
    ["a length and chunks", ["Content-Length", "3"], ["Transfer-Encoding", "chunked"]],
    ["chunks that are encoded again", ["Transfer-Encoding", "chunked, gzip"], ["X", ""]],
    ["a length with a sign", ["Content-Length", "+3"], ["X", ""]],
    ["a negative length", ["Content-Length", "-3"], ["X", ""]],
  ])("a body of which two readers could think differently is refused: %s", async (_, first, second) => {
    const answer = await sendRaw(server.url, {
      method: "POST",
      target: `/repos/kept/locks/${sha256(added)}`,
      headers: [["Host", own.host], first, second],
      body: `${added.length.toString(16)}\r\n${added}\r\n0\r\n\r\n`,
    });
    expect(answer.status).toBe(400);
    expect(await hashOfFolder(server.dataDirectory)).toBe(before);
  });

  test("what the HTTP parser itself refuses has the headers too", async () => {
    const answer = await sendRaw(server.url, { method: "GET", target: "/ nonsense", headers: [["Host", own.host]] });
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'/);
  });

  test.skipIf(restic === null)("restic works on the same server at the same time", async () => {
    if (restic === null) return;
    const folder = await mkdtemp(join(tmpdir(), "holdall-source-"));
    const client = await Restic.open({ program: restic, repository: server.resticLocation("mine"), password: "x" });
    try {
      await writeFile(join(folder, "file"), "content");
      await client.succeed(["init"]);
      const attack = callers.map((caller) =>
        sendRaw(
          server.url,
          requestOf("DELETE", caller.headers(own), (path) => caller.target?.(own.origin, path) ?? path),
        ),
      );
      await client.succeed(["backup", folder]);
      for (const answer of await Promise.all(attack)) expectRefused(answer);
      await client.succeed(["check", "--read-data"]);
    } finally {
      await client.close();
      await rm(folder, { recursive: true });
    }
  });
});

describe("repositories of another server behind the proxy", () => {
  let reached = 0;
  let upstream: Server;
  let server: EmbeddedServer;
  let own = { host: "", port: "", origin: "" };

  beforeAll(async () => {
    upstream = createServer((_, response) => {
      reached += 1;
      response.end(stored);
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const { port } = upstream.address() as AddressInfo;
    server = await startEmbeddedServer({ proxies: { far: `http://127.0.0.1:${port}/` } });
    const { host, port: ownPort, origin } = new URL(server.url);
    own = { host, port: ownPort, origin };
  });
  afterAll(async () => {
    await server?.close();
    upstream?.closeAllConnections();
    upstream?.close();
  });

  for (const caller of callers) {
    test(`${caller.name}: refused, and the other server hears nothing`, async () => {
      reached = 0;
      for (const verb of verbs) {
        const shape = (path: string) => {
          const there = path.replace("/repos/", "/up/far/");
          return caller.target?.(own.origin, there) ?? there;
        };
        expectRefused(await sendRaw(server.url, requestOf(verb, caller.headers(own), shape)));
      }
      expect(reached).toBe(0);
      // The detector works: the page itself gets through.
      const shape = (path: string) => path.replace("/repos/", "/up/far/");
      await sendRaw(server.url, requestOf("GET", [["Host", own.host], ...sameSite], shape));
      expect(reached).toBe(1);
    });
  }
});

describe("behind a reverse proxy", () => {
  test("only the public URL's authority is answered, and pages are told that authority", async () => {
    const server = await startEmbeddedServer({ options: ["--public-url", "https://holdall.example"] });
    const local = `http://127.0.0.1:${server.port}`;
    const create = (host: string, origin: string) =>
      sendRaw(local, {
        method: "POST",
        target: "/repos/made/?create=true",
        headers: [
          ["Host", host],
          ["Origin", origin],
          ["Content-Length", "0"],
        ],
      });
    try {
      expect((await create(`127.0.0.1:${server.port}`, local)).status).toBe(421);
      expect((await create("holdall.example:8443", "https://holdall.example:8443")).status).toBe(421);
      expect((await create("holdall.example", "http://holdall.example")).status).toBe(403);
      expect(await readdir(server.dataDirectory)).toEqual([]);
      const answer = await create("holdall.example", "https://holdall.example");
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-security-policy")).toContain("script-src https://holdall.example/assets/ ");
    } finally {
      await server.close();
    }
  });
});
