import { type Browser, chromium, expect, type Page, test } from "@playwright/test";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { BuiltPage } from "./built-page.ts";
import type { OfflineStorePage } from "./offline-store-page.ts";

/** The offline copy's storage in a real browser: IndexedDB, and what browsers and people do to it. */
declare global {
  interface Window {
    stores: OfflineStorePage;
  }
}

const url = "https://nas.example/photos/";
let built: BuiltPage;
let browser: Browser;
let page: Page;

test.beforeAll(async () => {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  built = await BuiltPage.start("offline-store-page");
  browser = await chromium.launch({ executablePath: peer?.path ?? "", ...headlessChromium });
});
test.afterAll(async () => {
  await browser?.close();
  await built?.close();
});
test.beforeEach(async () => {
  const context = await browser.newContext();
  page = await context.newPage();
  await page.goto(built.url);
  await page.waitForFunction(() => "stores" in window);
});
test.afterEach(() => page.context().close());

test("reading, removing and listing create no database", async () => {
  const left = await page.evaluate(async (address) => {
    const store = window.stores.openOfflineStore(address);
    const found = await store.get("config");
    await store.touch(["config"], 1);
    await store.remove(["config"]);
    await window.stores.removeOfflineStore(address);
    await window.stores.wipeOfflineStores();
    const listed = [...(await store.list()), ...(await window.stores.listOfflineStores())];
    return { found, listed, databases: await indexedDB.databases() };
  }, url);
  expect(left).toEqual({ found: null, listed: [], databases: [] });
});

test("files are put, got, counted, touched and removed, each address for itself", async () => {
  const seen = await page.evaluate(async (address) => {
    const store = window.stores.openOfflineStore(address);
    const other = window.stores.openOfflineStore(`${address}other`);
    const large = Uint8Array.from({ length: 100 }, (_, i) => i);
    await store.put("tree/a", large.subarray(10, 13), 5);
    await store.put("tree/b", large, 6);
    await other.put("tree/a", large.slice(0, 1), 7);
    await store.touch(["tree/a", "tree/none"], 9);
    const listed = (await store.list()).sort((a, b) => a.key.localeCompare(b.key));
    const got = [...((await store.get("tree/a")) ?? [])];
    const bytes = (await window.stores.listOfflineStores()).map((kept) => kept.bytes).sort();
    await store.remove(["tree/b", "tree/none"]);
    await window.stores.removeOfflineStore(`${address}other/`);
    const after = await window.stores.listOfflineStores();
    return { listed, got, bytes, after, name: await window.stores.offlineStoreName(address) };
  }, url);
  expect(seen.listed).toEqual([
    { key: "tree/a", length: 3, usedMs: 9 },
    { key: "tree/b", length: 100, usedMs: 6 },
  ]);
  expect(seen.got).toEqual([10, 11, 12]);
  expect(seen.bytes).toEqual([1, 103]);
  expect(seen.after).toEqual([{ name: seen.name, bytes: 3 }]);
});

test("a database that is deleted under an open store is let go at once, and made anew by the next put", async () => {
  const seen = await page.evaluate(async (address) => {
    const store = window.stores.openOfflineStore(address);
    await store.put("config", new Uint8Array(3), 1);
    const isBlocked = await new Promise<boolean>((resolve, reject) => {
      const request = indexedDB.deleteDatabase("holdall-offline");
      request.onblocked = () => resolve(true);
      request.onsuccess = () => resolve(false);
      request.onerror = () => reject(request.error);
    });
    const gone = await store.get("config");
    await store.put("config", new Uint8Array(4), 1);
    return { isBlocked, gone, again: (await store.get("config"))?.length };
  }, url);
  expect(seen).toEqual({ isBlocked: false, gone: null, again: 4 });
});

test("stores that open at the same time, in one page or in two, do not stand in each other's way", async () => {
  const twin = await page.context().newPage();
  await twin.goto(page.url());
  await twin.waitForFunction(() => "stores" in window);
  const write = (part: string) => (target: Page) =>
    target.evaluate(
      async ([address, name]) => {
        const store = window.stores.openOfflineStore(address ?? "");
        const names = Array.from({ length: 20 }, (_, i) => `tree/${name}${i}`);
        await Promise.all(names.map((key) => store.put(key, new Uint8Array(10), 1)));
      },
      [url, part],
    );
  await Promise.all([write("a")(page), write("b")(twin)]);
  const [kept] = await page.evaluate(() => window.stores.listOfflineStores());
  expect(kept?.bytes).toBe(400);
});

test("values that somebody else has put there are none", async () => {
  const seen = await page.evaluate(async (address) => {
    const store = window.stores.openOfflineStore(address);
    await store.put("config", new Uint8Array(3), 1);
    const name = await window.stores.offlineStoreName(address);
    await new Promise<void>((resolve, reject) => {
      const opening = indexedDB.open("holdall-offline");
      opening.onsuccess = () => {
        const transaction = opening.result.transaction(["files", "ledger"], "readwrite");
        transaction.objectStore("files").put("text", `${name}/config`);
        transaction.objectStore("ledger").put({ length: -1, usedMs: "never" }, `${name}/config`);
        transaction.objectStore("ledger").put(null, `${name}/other`);
        transaction.oncomplete = () => {
          opening.result.close();
          resolve();
        };
        transaction.onabort = () => reject(transaction.error);
      };
    });
    return { got: await store.get("config"), listed: await store.list() };
  }, url);
  expect(seen).toEqual({ got: null, listed: [] });
});
