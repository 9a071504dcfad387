import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { request as startRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBuilt } from "../../src/server/fresh-clone.mjs";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import { builtApp, readOptions, startCaddy, startNginx } from "../support/front-servers.ts";
import { freePort } from "../support/listening-program.ts";
import { requirePeer } from "../support/peers.ts";
import { type RestServer, startRclone, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { testCertificate, testCertificateKey } from "../support/tls-certificate.ts";

// The README's recipes, as they stand there: only names, ports and paths are put in. Whatever the embedded server says
// about itself, the others must say too: when its headers change, the recipes must follow.

const restServer = requirePeer("rest-server");
const rclone = requirePeer("rclone");
const caddy = requirePeer("caddy");
const nginx = requirePeer("nginx");
const restic = requirePeer("restic-0.18");
const v2 = "application/vnd.x.restic.rest.v2";
const content = Buffer.from("<!doctype html><script>alert(1)</script>");
const id = sha256(content);
// "secret", as {SHA}.
const users = "anna:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
const authorization = `Basic ${Buffer.from("anna:secret").toString("base64")}`;

interface Place {
  /** The one that browsers see. */
  readonly origin: string;
  readonly port: number;
  /** Where its repositories are on this machine. */
  readonly folder: string;
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Question {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

let folder = "";
beforeAll(async () => {
  ensureBuilt();
  folder = await mkdtemp(join(tmpdir(), "holdall-recipes-"));
  await writeFile(join(folder, "users"), users);
  await writeFile(join(folder, "certificate.pem"), testCertificate);
  await writeFile(join(folder, "key.pem"), testCertificateKey);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Asks as somebody who is logged in. */
async function ask(place: Place, { method = "GET", path, headers, body }: Question): Promise<Answer> {
  const sent = startAsking(place, { method, path, headers: { authorization, ...headers } });
  sent.end(body);
  return answerTo(sent);
}

function startAsking(place: Place, { method, path, headers }: Question) {
  const { host, hostname } = new URL(place.origin);
  return startRequest({
    host: "127.0.0.1",
    port: place.port,
    servername: hostname,
    ca: testCertificate,
    method,
    path,
    headers: { Host: host, ...headers },
    agent: false,
  });
}

function answerTo(sent: ReturnType<typeof startAsking>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    sent.once("error", reject);
    sent.once("response", async (response) => {
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) });
    });
  });
}

/** `npm start` with its own certificate. */
async function startOwn(): Promise<Place> {
  const port = await freePort();
  const places: Record<string, string> = {
    "192.168.1.10:4653": `127.0.0.1:${port}`,
    "cert.pem": join(folder, "certificate.pem"),
    "key.pem": join(folder, "key.pem"),
    "https://nas.example.org:4653": `https://localhost:${port}`,
  };
  const options = readOptions("own-certificate").map((option) => places[option] ?? option);
  const server = await startEmbeddedServer({
    auth: true,
    appDirectory: builtApp,
    options: ["--htpasswd", join(folder, "users"), ...options],
  });
  return { origin: server.url, port: server.port, folder: server.dataDirectory, close: server.close };
}

/** Caddy or nginx in front of rest-server. */
async function startFront(name: "caddy" | "nginx"): Promise<Place> {
  if (restServer === null || caddy === null || nginx === null) throw new Error("a peer is missing");
  const behind = await startRestServer(restServer, ["--htpasswd-file", join(folder, "users")]);
  const settings = { appDirectory: builtApp, behind: new URL(behind.repositoryUrl("x")).host };
  const front =
    name === "caddy"
      ? await startCaddy(caddy, "caddy-rest-server", settings)
      : await startNginx(nginx, "nginx-rest-server", settings);
  return placeOf(front, behind);
}

function placeOf(front: { origin: string; port: number; close(): Promise<void> }, behind: RestServer): Place {
  return {
    origin: front.origin,
    port: front.port,
    folder: behind.directory(""),
    close: async () => {
      await front.close();
      await behind.close();
    },
  };
}

/** Caddy in front of the embedded server, which knows the public address. */
async function startCaddyBeforeOwn(): Promise<Place> {
  if (caddy === null) throw new Error("Caddy is missing");
  let server: EmbeddedServer | undefined;
  const front = await startCaddy(caddy, "caddy-holdall", {
    appDirectory: builtApp,
    behind: async (origin) => {
      await server?.close();
      const options = readOptions("public-url").map((option) => option.replace("https://holdall.example.org", origin));
      server = await startEmbeddedServer({
        auth: true,
        appDirectory: builtApp,
        options: ["--htpasswd", join(folder, "users"), ...options],
      });
      return `127.0.0.1:${server.port}`;
    },
  });
  return {
    origin: front.origin,
    port: front.port,
    folder: server?.dataDirectory ?? "",
    close: async () => {
      await front.close();
      await server?.close();
    },
  };
}

const comparedHeaders = [
  ..."content-security-policy x-content-type-options referrer-policy cross-origin-opener-policy".split(" "),
  ..."cross-origin-resource-policy permissions-policy x-robots-tag cache-control content-disposition".split(" "),
  ..."holdall-repositories content-range www-authenticate set-cookie location access-control-allow-origin".split(" "),
  "service-worker-allowed",
];

/** What of an answer must be the same everywhere. A type matters where there are bytes that could be taken for another. */
function facts(place: Place, question: Question, { status, headers, body }: Answer) {
  const hasType = status < 300 && body.length > 0;
  const kept = comparedHeaders.map((name) => [name, headers[name]?.toString().replaceAll(place.origin, "ORIGIN")]);
  return {
    question: `${question.method ?? "GET"} ${question.path}`,
    status,
    type: hasType ? headers["content-type"] : undefined,
    ...Object.fromEntries(kept),
  };
}

async function questions(): Promise<Question[]> {
  const assets = await readdir(join(builtApp, "assets"));
  const hashed = assets.filter((name) => /\.(?:js|css|wasm)$/.test(name)).map((name) => `assets/${name}`);
  const files = (await readdir(builtApp)).filter((name) =>
    /\.(?:html|js|svg|png|ico|txt|json|webmanifest)$/.test(name),
  );
  const got = ["", ...files, ...hashed, "missing", "assets/missing-12345678.js"].map((path) => ({ path: `/${path}` }));
  const body = content;
  const page = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "iframe" };
  const elsewhere = { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };
  const own = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };
  return [
    ...got,
    { method: "HEAD", path: "/" },
    { method: "POST", path: "/repos/r/?create=true" },
    { path: "/repos/r/config" },
    { method: "POST", path: "/repos/r/config", body },
    { method: "POST", path: `/repos/r/data/${id}`, body },
    { method: "POST", path: `/repos/r/data/${id}`, body },
    { method: "POST", path: `/repos/r/data/${"0".repeat(64)}`, body },
    { method: "HEAD", path: "/repos/r/config" },
    { path: "/repos/r/config", headers: own },
    { path: `/repos/r/data/${id}` },
    { path: `/repos/r/data/${id}`, headers: { Range: "bytes=2-5" } },
    { path: `/repos/r/data/${id}`, headers: { Range: "bytes=1000-" } },
    { path: "/repos/r/data/", headers: { Accept: v2 } },
    { path: "/repos/r/data/" },
    { method: "PUT", path: "/repos/r/data/" },
    { path: `/repos/r/data/${id}`, headers: page },
    { path: `/repos/r/data/${id}`, headers: { ...page, "Sec-Fetch-Dest": "serviceworker" } },
    { path: `/repos/r/data/${id}`, headers: { ...page, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" } },
    { path: "/repos/r/config", headers: { authorization: "Basic bm86Ym9keQ==" } },
    { method: "DELETE", path: `/repos/r/data/${id}` },
    { path: `/repos/r/data/${id}` },
    { path: "/repos/r/data/", headers: elsewhere },
  ];
}

const isComplete = restServer !== null && caddy !== null && nginx !== null;

test.skipIf(!isComplete)(
  "Caddy and nginx in front of rest-server answer with the embedded server's headers",
  async () => {
    const own = await startOwn();
    const fronts = [await startFront("caddy"), await startFront("nginx")];
    try {
      for (const question of await questions()) {
        const expected = facts(own, question, await ask(own, question));
        for (const front of fronts) {
          const answer = await ask(front, question);
          expect({ origin: front.origin, ...facts(front, question, answer) }).toEqual({
            origin: front.origin,
            ...expected,
          });
        }
      }
    } finally {
      for (const place of [own, ...fronts]) await place.close();
    }
  },
);

const places = [
  { name: "Holdall with a certificate of its own", start: startOwn, has: true },
  { name: "Caddy in front of Holdall", start: startCaddyBeforeOwn, has: caddy !== null },
  { name: "Caddy in front of rest-server", start: () => startFront("caddy"), has: isComplete },
  { name: "nginx in front of rest-server", start: () => startFront("nginx"), has: isComplete },
];

for (const { name, start, has } of places) {
  describe.skipIf(!has)(name, () => {
    let place: Place;
    beforeAll(async () => {
      place = await start();
    });
    afterAll(() => place?.close());

    test("nothing but the right login opens it, and no browser prompts for it", async () => {
      for (const wrong of ["", "Basic bm86Ym9keQ=="]) {
        const answer = await ask(place, { path: "/repos/r/keys/", headers: { authorization: wrong } });
        expect([answer.status, answer.headers["www-authenticate"]]).toEqual([401, undefined]);
      }
      expect((await ask(place, { method: "POST", path: "/repos/r/?create=true" })).status).toBe(200);
    });

    test("an upload goes through while it comes, however long it is", async () => {
      const bytes = Buffer.alloc(40_000_000, "upload");
      const path = `/repos/long/data/${sha256(bytes)}`;
      const headers = { authorization, "Content-Length": String(bytes.length) };
      const sent = startAsking(place, { method: "POST", path, headers });
      sent.write(bytes.subarray(0, 20_000_000));
      const files = async () =>
        (await readdir(place.folder, { recursive: true })).filter((file) => /long.*(?:temp|upload)/.test(file));
      await expect.poll(files, { timeout: 20_000 }).toHaveLength(1);
      sent.end(bytes.subarray(20_000_000));
      expect((await answerTo(sent)).status).toBe(200);
      const back = await ask(place, { path });
      expect([back.status, back.body.equals(bytes)]).toEqual([200, true]);
    });

    test.skipIf(restic === null)("restic backs up through it and finds nothing wrong", async () => {
      if (restic === null) return;
      const repository = `rest:${place.origin.replace("://", "://anna:secret@")}/repos/restic/`;
      const client = await Restic.open({ program: restic, repository, password: "x" });
      const trusting = (...args: string[]) => client.succeed(["--cacert", join(folder, "certificate.pem"), ...args]);
      try {
        await trusting("init");
        await trusting("backup", folder);
        await trusting("check", "--read-data");
        await trusting("forget", "--keep-last", "1", "--prune");
      } finally {
        await client.close();
      }
    });
  });
}

test.skipIf(rclone === null || restic === null)("rclone serve restic behind Holdall's proxy", async () => {
  if (rclone === null || restic === null) return;
  const behind = await startRclone(rclone);
  const { host } = new URL(behind.repositoryUrl("x"));
  const options = readOptions("rclone").map((option) => option.replace("127.0.0.1:8080", host));
  const server = await startEmbeddedServer({ auth: true, options });
  const repository = `rest:${server.url}/up/cloud/photos/`;
  const client = await Restic.open({ program: restic, repository, password: "x" });
  try {
    await client.succeed(["init"]);
    await client.succeed(["backup", folder]);
    await client.succeed(["check", "--read-data"]);
    expect(await readdir(behind.directory("photos"))).toContain("config");
  } finally {
    await client.close();
    await server.close();
    await behind.close();
  }
});
