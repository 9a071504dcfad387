import { mkdtemp, rm, writeFile } from "node:fs/promises";
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
  request as startRequest,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../../support/embedded-server.ts";
import { testCertificate, testCertificateKey } from "../../support/tls-certificate.ts";

const id = "a".repeat(64);
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy to an upstream that answers as told, at `/up/far/`. */
async function proxyTo(answer: RequestListener, options: readonly string[] = []): Promise<EmbeddedServer> {
  const port = await listen(createServer(answer));
  return proxyOf(`http://127.0.0.1:${port}/base/`, options);
}

async function proxyOf(upstream: string, options: readonly string[] = []): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ auth: true, proxies: { far: upstream }, options });
  open.push(server.close);
  return server;
}

test("headers pass by an allow-list, both ways", async () => {
  const seen: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const server = await proxyTo((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.writeHead(200, {
      Server: "rclone/v1.60.1",
      "Content-Type": "text/html",
      "Content-Disposition": "inline",
      "Set-Cookie": "a=b",
      "Access-Control-Allow-Origin": "*",
      "Content-Security-Policy": "default-src *",
      "WWW-Authenticate": "Basic",
      "X-Anything": "else",
      "Service-Worker-Allowed": "/",
    });
    response.end("<script>alert(1)</script>");
  });
  const response = await fetch(`${server.url}/up/far/r/data/${id}`, {
    headers: {
      Authorization: "Basic dTpw",
      Accept: "application/vnd.x.restic.rest.v2",
      Range: "bytes=0-",
      Cookie: "session=1",
      "X-Forwarded-For": "192.0.2.1",
      Referer: "http://elsewhere.example/",
    },
  });
  expect(await response.text()).toBe("<script>alert(1)</script>");
  expect(seen).toEqual([
    {
      url: `/base/r/data/${id}`,
      headers: {
        host: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
        authorization: "Basic dTpw",
        accept: "application/vnd.x.restic.rest.v2",
        range: "bytes=0-",
        connection: "keep-alive",
      },
    },
  ]);
  const headers = Object.fromEntries(response.headers);
  expect(headers).toMatchObject({
    server: "rclone/v1.60.1",
    "content-type": "application/octet-stream",
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
    "content-security-policy": expect.stringMatching(/^default-src 'none'.*; sandbox$/),
  });
  for (const name of [
    "set-cookie",
    "access-control-allow-origin",
    "www-authenticate",
    "x-anything",
    "service-worker-allowed",
  ]) {
    expect(headers).not.toHaveProperty(name);
  }
});

test.each([
  ["application/vnd.x.restic.rest.v1", "application/vnd.x.restic.rest.v1"],
  ["application/vnd.x.restic.rest.v2", "application/vnd.x.restic.rest.v2"],
  ["application/vnd.x.restic.rest.v2; charset=utf-8", "application/octet-stream"],
  ["text/html", "application/octet-stream"],
])("content type %s comes out as %s", async (theirs, ours) => {
  const server = await proxyTo((_, response) => response.writeHead(200, { "Content-Type": theirs }).end("[]"));
  const response = await fetch(`${server.url}/up/far/r/data/`);
  expect([response.headers.get("content-type"), await response.text()]).toEqual([ours, "[]"]);
});

test("only requests of the REST protocol reach the upstream", async () => {
  const seen: string[] = [];
  const server = await proxyTo((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end();
  });
  const ask = async (method: string, path: string) => {
    const response = await fetch(`${server.url}/up/far/${path}`, { method });
    await response.arrayBuffer();
    return response.status;
  };
  for (const path of ["admin", "r/data/data/", `r/data/${id}/more`, ".htpasswd", "r/data/x", "r"]) {
    expect([path, await ask("GET", path)]).toEqual([path, 404]);
  }
  for (const method of ["PUT", "OPTIONS", "PATCH"]) expect(await ask(method, "r/config")).toBe(405);
  expect(await ask("GET", "../repos/")).toBe(404); // fetch() itself resolves the dots
  expect(seen).toEqual([]);
  expect(await ask("POST", "?create=true&evil=1")).toBe(200);
  expect(await ask("POST", "M%C3%BCller%20%2525/?create=true")).toBe(200);
  expect(await ask("DELETE", `a/b/c/locks/${id}?x=y`)).toBe(200);
  expect(seen).toEqual([
    "POST /base/?create=true",
    "POST /base/M%C3%BCller%20%2525/?create=true",
    `DELETE /base/a/b/c/locks/${id}`,
  ]);
});

test("a redirect is not followed and not passed on", async () => {
  let asked = 0;
  const server = await proxyTo((_, response) => {
    asked += 1;
    response.writeHead(302, { Location: "http://169.254.169.254/" }).end("moved");
  });
  const response = await fetch(`${server.url}/up/far/config`, { redirect: "manual" });
  expect([response.status, await response.text()]).toEqual([502, expect.stringContaining("redirects")]);
  expect(response.headers.get("location")).toBeNull();
  expect(asked).toBe(1);
});

test("an upstream that is not there is 502, an unknown one 404", async () => {
  const server = await proxyOf("http://127.0.0.1:1/");
  const response = await fetch(`${server.url}/up/far/config`);
  expect([response.status, await response.text()]).toEqual([502, expect.stringContaining("ECONNREFUSED")]);
  expect((await fetch(`${server.url}/up/near/config`)).status).toBe(404);
});

test("an answer that breaks off breaks off here too, instead of looking whole", async () => {
  const server = await proxyTo((_, response) => {
    response.writeHead(200, { "Content-Length": 10 });
    response.write("half.", () => response.destroy());
  });
  const response = await fetch(`${server.url}/up/far/r/data/${id}`);
  await expect(response.text()).rejects.toThrow();
});

test("an upload that is refused before its end is answered and read to its end", async () => {
  const server = await proxyTo(
    (_, response) => {
      response.writeHead(403).end("Forbidden\n");
    },
    ["--log-requests"],
  );
  const response = await fetch(`${server.url}/up/far/r/data/${id}`, {
    method: "POST",
    body: new Blob([new Uint8Array(30_000_000)]),
  });
  expect([response.status, await response.text()]).toEqual([403, "Forbidden\n"]);
  const started = performance.now();
  await server.close(); // waits for a request that hangs
  expect(performance.now() - started).toBeLessThan(3000);
});

test("a client that gives up an upload gives it up upstream", async () => {
  let started: () => void;
  let cut: () => void;
  const begun = new Promise<void>((resolve) => {
    started = resolve;
  });
  const aborted = new Promise<void>((resolve) => {
    cut = resolve;
  });
  const server = await proxyTo((request) => {
    request.once("data", () => started());
    request.once("error", () => cut());
  });
  const sent = startRequest(`${server.url}/up/far/r/data/${id}`, {
    method: "POST",
    headers: { "content-length": 100 },
  });
  sent.on("error", () => undefined);
  sent.write("half");
  await begun;
  sent.destroy();
  await aborted;
});

test("an https upstream is believed with its authority's certificate only; --tls-cert serves https", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdall-tls-"));
  open.push(() => rm(folder, { recursive: true }));
  const certificate = join(folder, "certificate.pem");
  const key = join(folder, "key.pem");
  await writeFile(certificate, testCertificate);
  await writeFile(key, testCertificateKey);
  const secure = await startEmbeddedServer({ options: ["--tls-cert", certificate, "--tls-key", key] });
  open.push(secure.close);
  expect(secure.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  const trusting = await proxyOf(`${secure.url}/repos/`, ["--upstream-ca", certificate]);
  expect((await fetch(`${trusting.url}/up/far/r/?create=true`, { method: "POST" })).status).toBe(200);
  expect(await (await fetch(`${trusting.url}/up/far/r/locks/`)).text()).toBe("[]");
  const wary = await proxyOf(`${secure.url}/repos/`);
  expect((await fetch(`${wary.url}/up/far/r/locks/`)).status).toBe(502);
});

test("a TLS upstream that speaks no HTTP is 502", async () => {
  const port = await listen(createTlsServer({ cert: testCertificate, key: testCertificateKey }));
  const server = await proxyOf(`http://127.0.0.1:${port}/`);
  expect((await fetch(`${server.url}/up/far/config`)).status).toBe(502);
});
