import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedServer, startEmbeddedServer } from "../../support/embedded-server.ts";
import { sendRaw } from "../../support/raw-http.ts";

let folder = "";
let server: EmbeddedServer;
let policy = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "holdall-app-"));
  await mkdir(join(folder, "app", "assets"), { recursive: true });
  await writeFile(join(folder, "secret"), "secret");
  const files = {
    "index.html": "<!doctype html>",
    "sw.js": "// service worker",
    "manifest.webmanifest": "{}",
    ".hidden": "hidden",
    "assets/index-B4x_9-Zq.js": "export {}",
    "assets/worker-AbCdEf12.js": "export {}",
    "assets/kernel-AbCdEf12.wasm": "wasm",
    "assets/style-AbCdEf12.css": "",
    "assets/plain.js": "export {}",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, "app", name), text);
  server = await startEmbeddedServer({
    appDirectory: join(folder, "app"),
    options: ["--connect-src", "https://bucket.example"],
  });
  policy = [
    "default-src 'none'",
    `script-src ${server.url}/assets/ ${server.url}/sw.js ${server.url}/sw-offline/ 'wasm-unsafe-eval'`,
    `worker-src ${server.url}/assets/ ${server.url}/sw.js ${server.url}/sw-offline/`,
    `style-src ${server.url}/assets/`,
    "img-src 'self' blob: data:",
    `font-src ${server.url}/assets/`,
    "connect-src 'self' https://bucket.example",
    "manifest-src 'self'",
    "frame-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types svelte-trusted-html default",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["/", "text/html; charset=utf-8", "no-cache"],
  ["/index.html", "text/html; charset=utf-8", "no-cache"],
  ["/sw.js", "text/javascript; charset=utf-8", "no-cache"],
  ["/manifest.webmanifest", "application/manifest+json", "no-cache"],
  ["/assets/index-B4x_9-Zq.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"],
  ["/assets/kernel-AbCdEf12.wasm", "application/wasm", "public, max-age=31536000, immutable"],
  ["/assets/style-AbCdEf12.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"],
  ["/assets/plain.js", "text/javascript; charset=utf-8", "no-cache"],
])("%s is %s, %s, without a login", async (path, type, cache) => {
  const response = await fetch(server.url + path);
  expect([response.status, response.headers.get("content-type"), response.headers.get("cache-control")]).toEqual([
    200,
    type,
    cache,
  ]);
  expect(response.headers.get("content-length")).toBe(String((await response.arrayBuffer()).byteLength));
  const head = await fetch(server.url + path, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, response.headers.get("content-length")]);
});

test("every answer has the policy: pages, workers, errors, unchanged files, repositories, refusals", async () => {
  const tag = (await fetch(`${server.url}/`)).headers.get("etag") ?? "";
  const cases: [string, RequestInit, number][] = [
    ["/", {}, 200],
    ["/", { headers: { "if-none-match": tag } }, 304],
    ["/sw.js", {}, 200],
    ["/assets/worker-AbCdEf12.js", {}, 200],
    ["/nothing", {}, 404],
    ["/", { method: "POST" }, 405],
    ["/repos/r/config", {}, 404],
    ["/repos/r/?create=true", { method: "POST" }, 200],
    ["/repos/r/data/", {}, 200],
    ["/repos/r/data/", { method: "PUT" }, 405],
    ["/up/none/config", {}, 404],
    ["/a%2fb", {}, 400],
    ["/", { headers: { origin: "https://evil.example" } }, 403],
  ];
  for (const [path, init, status] of cases) {
    const response = await fetch(server.url + path, init);
    await response.arrayBuffer();
    const isRepository = /^\/(?:repos|up)\//.test(path);
    expect([path, response.status]).toEqual([path, status]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-security-policy": isRepository ? `${policy}; sandbox` : policy,
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      ...(isRepository ? { "cache-control": "no-store", "content-disposition": "attachment" } : {}),
    });
  }
});

test("a wish for something unheard of in Expect is ignored, and the answer has the policy", async () => {
  const { status, headers } = await sendRaw(server.url, {
    method: "GET",
    target: "/",
    headers: [
      ["Host", new URL(server.url).host],
      ["Expect", "a miracle"],
    ],
  });
  expect([status, headers.get("content-security-policy")]).toEqual([200, policy]);
});

test("under the other name of this machine, the policy names that one", async () => {
  const url = server.url.replace("127.0.0.1", "localhost");
  const { headers } = await sendRaw(server.url, {
    method: "GET",
    target: "/",
    headers: [["Host", new URL(url).host]],
  });
  expect(headers.get("content-security-policy")).toBe(policy.replaceAll(server.url, url));
});

test.each([
  "/../secret",
  "/%2e%2e/secret",
  "/..%2fsecret",
  "/assets/../../secret",
  "/..\\secret",
  "/.hidden",
  "/assets",
  "/assets/",
  "/sw-offline/index-B4x_9-Zq.js",
  "/index.html/x",
  "//etc/passwd",
])("%s gives no file", async (target) => {
  const answer = await sendRaw(server.url, { method: "GET", target, headers: [["Host", new URL(server.url).host]] });
  expect([400, 404]).toContain(answer.status);
  expect(answer.body.toString()).not.toMatch(/secret|hidden/);
});
