import { expect, test } from "vitest";
import { Shell, type ShellRequest } from "../../../src/sw/shell.ts";
import { MemoryCaches } from "../../support/memory-caches.ts";

const root = "https://holdall.example/app/";
const files = ["", "assets/index-AbCdEf12.js", "assets/relaxed-AbCdEf12.wasm", "manifest.webmanifest"];

/** A shell of these files, on a server whose answers a test may change. */
function shellOn(caches: MemoryCaches, { version = "1", paths = files } = {}) {
  const requests: { url: string; init: RequestInit | undefined }[] = [];
  const server = {
    requests,
    answer: (url: string): Response => new Response(`${version} of ${url}`, { headers: { "X-Policy": "strict" } }),
  };
  const shell = new Shell({
    root,
    version,
    files: paths.map((path) => ({ path, integrity: `sha256-${path}` })),
    caches,
    fetch: async (input, init) => {
      const url = typeof input === "string" ? input : input.url;
      requests.push({ url, init });
      return server.answer(url);
    },
  });
  return { shell, server };
}

async function installed(caches = new MemoryCaches(), options: { version?: string; paths?: string[] } = {}) {
  const made = shellOn(caches, options);
  await made.shell.install();
  made.server.answer = () => Response.error();
  return { ...made, caches };
}

function request(path: string, parts: Partial<ShellRequest> = {}): ShellRequest {
  return { method: "GET", mode: "cors", destination: "script", url: new URL(path, root).href, ...parts };
}

const navigation = { mode: "navigate", destination: "document" } as const;

test("all files are fetched with their hashes, and only hashed names may come from the browser's cache", async () => {
  const { server } = await installed();
  expect(server.requests.map(({ url, init }) => [url.slice(root.length), init?.integrity, init?.cache])).toEqual([
    ["", "sha256-", "no-cache"],
    ["assets/index-AbCdEf12.js", "sha256-assets/index-AbCdEf12.js", "default"],
    ["assets/relaxed-AbCdEf12.wasm", "sha256-assets/relaxed-AbCdEf12.wasm", "default"],
    ["manifest.webmanifest", "sha256-manifest.webmanifest", "no-cache"],
  ]);
  expect(server.requests.every(({ init }) => init?.redirect === "error")).toBe(true);
});

test.each(files)("an installation without %j keeps nothing", async (missing) => {
  const caches = new MemoryCaches();
  const { shell, server } = shellOn(caches);
  const { answer } = server;
  server.answer = (url) => (url === root + missing ? new Response(null, { status: 404 }) : answer(url));
  await expect(shell.install()).rejects.toThrow("404");
  expect(await caches.keys()).toEqual([]);
});

test("the page is given with the headers it came with, whatever the query and the fragment", async () => {
  const { shell } = await installed();
  for (const url of [root, `${root}?source=pwa`, `${root}#/r/1`]) {
    const response = await shell.answer(request(url, navigation));
    expect([await response?.text(), response?.headers.get("X-Policy")]).toEqual([`1 of ${root}`, "strict"]);
  }
});

test("files of the build are given without a network", async () => {
  const { shell } = await installed();
  for (const path of ["assets/index-AbCdEf12.js", "manifest.webmanifest"]) {
    expect(await (await shell.answer(request(path)))?.text()).toBe(`1 of ${root}${path}`);
  }
});

test("under the offline folder there are the assets, under the address that was asked for", async () => {
  const { shell } = await installed();
  const response = await shell.answer(request("sw-offline/relaxed-AbCdEf12.wasm"));
  expect(await response?.text()).toBe(`1 of ${root}assets/relaxed-AbCdEf12.wasm`);
  expect([response?.url, response?.headers.get("X-Policy")]).toEqual(["", "strict"]);
});

test("what the offline folder does not have is 404, and no server is asked", async () => {
  const { shell, server } = await installed();
  server.requests.length = 0;
  for (const path of ["sw-offline/other-AbCdEf12.js", "sw-offline/../sw-offline/", "sw-offline/%2e%2e/x"]) {
    expect((await shell.answer(request(path)))?.status ?? 404).toBe(404);
  }
  expect(server.requests).toEqual([]);
});

test.each<[string, ShellRequest]>([
  ["a hosted repository", request("repos/r/config")],
  ["a repository behind the proxy", request("up/nas/r/config")],
  ["a navigation elsewhere", request("repos/r/config", navigation)],
  ["a frame of the page", request("", { mode: "navigate", destination: "iframe" })],
  ["a HEAD request", request("", { method: "HEAD", mode: "cors", destination: "" })],
  ["a POST", request("assets/index-AbCdEf12.js", { method: "POST" })],
  ["another origin", request("https://elsewhere.example/app/assets/index-AbCdEf12.js")],
  ["a path above the app", request("/assets/index-AbCdEf12.js")],
  ["a file that is none of the app's", request("robots.txt")],
  ["the service worker itself", request("sw.js")],
  ["a file asked with a query", request("assets/index-AbCdEf12.js?x")],
])("%s is left to the network", async (_name, asked) => {
  const { shell } = await installed();
  expect(shell.answer(asked)).toBe(null);
});

test("what was wiped comes from the server, and no empty version is left behind", async () => {
  const { shell, server, caches } = await installed();
  for (const name of await caches.keys()) await caches.delete(name);
  server.answer = (url) => new Response(`server's ${url}`);
  expect(await (await shell.answer(request("", navigation)))?.text()).toBe(`server's ${root}`);
  await shell.refreshPage();
  expect(await caches.keys()).toEqual([]);
});

test("a cache that is wiped while the server is asked for the page is not made anew", async () => {
  const { shell, server, caches } = await installed();
  server.answer = (url) => {
    void caches.delete(`holdall-shell ${root} 1`);
    return new Response(`server's ${url}`);
  };
  await shell.refreshPage();
  expect(await caches.keys()).toEqual([]);
});

test("nor one that is wiped just before it is opened", async () => {
  const { shell, server, caches } = await installed();
  const looked = caches.has.bind(caches);
  caches.has = async (name) => {
    const isThere = await looked(name);
    await caches.delete(name);
    return isThere;
  };
  const asked = server.requests.length;
  await shell.refreshPage();
  expect(await caches.keys()).toEqual([]);
  expect(server.requests).toHaveLength(asked);
});

test("open tabs of the version before find their files, the page and the rest being new", async () => {
  const { caches } = await installed();
  const old = "assets/index-AbCdEf12.js";
  const next = await installed(caches, { version: "2", paths: ["", "assets/index-ZzZzZzZz.js"] });
  expect(await (await next.shell.answer(request("", navigation)))?.text()).toBe(`2 of ${root}`);
  expect(await (await next.shell.answer(request(old)))?.text()).toBe(`1 of ${root}${old}`);
  await next.shell.removeOtherVersions(async () => false);
  expect(await caches.keys()).toHaveLength(2);
  await next.shell.removeOtherVersions(async () => true);
  expect(await caches.keys()).toEqual([`holdall-shell ${root} 2`]);
});

test("other apps' caches and those of Holdall at another path stay", async () => {
  const caches = new MemoryCaches();
  await caches.open("other-app");
  await caches.open("holdall-shell https://holdall.example/ 1");
  const { shell } = await installed(caches);
  await shell.removeOtherVersions(async () => true);
  expect(await caches.keys()).toEqual([
    "other-app",
    "holdall-shell https://holdall.example/ 1",
    `holdall-shell ${root} 1`,
  ]);
});

test("the kept page takes new headers of the same version, and only of the same", async () => {
  const { shell, server } = await installed();
  const policyOfPage = async () => (await shell.answer(request("", navigation)))?.headers.get("X-Policy");
  server.answer = () => new Response("the same", { headers: { "X-Policy": "stricter" } });
  await shell.refreshPage();
  expect(await policyOfPage()).toBe("stricter");
  // A browser's fetch rejects what does not have the hash that was asked for, and what no server answers.
  server.answer = () => {
    throw new TypeError("Failed to fetch");
  };
  await shell.refreshPage();
  expect(await policyOfPage()).toBe("stricter");
  expect(server.requests.at(-1)?.init?.integrity).toBe("sha256-");
});
