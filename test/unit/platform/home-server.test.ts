import { afterEach, expect, test, vi } from "vitest";
import { proposeAddress } from "../../../src/platform/home-server.ts";

afterEach(() => vi.unstubAllGlobals());

function pageAt(address: string, answer: () => Promise<Response>): void {
  vi.stubGlobal("document", { baseURI: address });
  vi.stubGlobal("location", new URL(address));
  vi.stubGlobal("fetch", answer);
}

const hosting = (folder: string) => async () => new Response(null, { headers: { "Holdall-Repositories": folder } });

test("a server that hosts repositories is proposed", async () => {
  pageAt("http://127.0.0.1:8417/#/r/abcd", hosting("/repos/"));
  expect(await proposeAddress()).toBe("http://127.0.0.1:8417/repos/backup/");
});

test("nothing is proposed on a server that says nothing, or names another origin", async () => {
  pageAt("https://pages.example/app/", async () => new Response(null));
  expect(await proposeAddress()).toBe("");
  pageAt("https://pages.example/app/", hosting("https://elsewhere.example/repos/"));
  expect(await proposeAddress()).toBe("");
});

test("a server that does not answer is no reason to fail", async () => {
  pageAt("https://pages.example/", async () => {
    throw new TypeError("Failed to fetch");
  });
  expect(await proposeAddress()).toBe("");
});
