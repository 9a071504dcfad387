import { type Browser, type BrowserContext, chromium, expect, type Page, test } from "@playwright/test";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { BuiltPage } from "./built-page.ts";
import type { TabParts } from "./tabs-page.ts";

/** Claims, channels and stores of a real browser, with several pages of one profile. */
declare global {
  interface Window {
    tabParts: TabParts;
    release: () => void;
    heard: unknown[];
    ended: boolean;
  }
}

const repositoryId = "5".repeat(64);
let built: BuiltPage;
let browser: Browser;
let context: BrowserContext;

test.beforeAll(async () => {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  built = await BuiltPage.start("tabs-page");
  browser = await chromium.launch({ executablePath: peer?.path ?? "", ...headlessChromium });
});
test.afterAll(async () => {
  await browser?.close();
  await built?.close();
});
test.beforeEach(async () => {
  context = await browser.newContext();
});
test.afterEach(() => context.close());

async function openTab(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(built.url);
  await page.waitForFunction(() => "tabParts" in window);
  return page;
}

async function becomeWriter(page: Page): Promise<void> {
  await page.evaluate(async (id) => {
    window.release = await window.tabParts.claimWriter(id);
  }, repositoryId);
}

function hasWriter(page: Page): Promise<boolean> {
  return page.evaluate((id) => window.tabParts.hasWriter(id), repositoryId);
}

/** Notes when the writer ends. */
async function awaitEnd(page: Page): Promise<void> {
  await page.evaluate((id) => {
    window.ended = false;
    void window.tabParts.untilWriterEnds(id, new AbortController().signal).then(() => {
      window.ended = true;
    });
  }, repositoryId);
}

/** Ends a page's process as the system does when memory is short. */
async function kill(page: Page): Promise<void> {
  const session = await context.newCDPSession(page);
  const crashed = new Promise((resolve) => page.once("crash", resolve));
  void session.send("Page.crash").catch(() => {});
  await crashed;
}

test("a killed writer's claims are free at once, and who waits is told", async () => {
  const [writer, watcher] = [await openTab(), await openTab()];
  await becomeWriter(writer);
  await writer.evaluate(() => window.tabParts.lockClaims.claim("a lock"));
  await awaitEnd(watcher);
  expect(await hasWriter(watcher)).toBe(true);
  expect(await watcher.evaluate(() => window.tabParts.lockClaims.isClaimed("a lock"))).toBe(true);
  await kill(writer);
  await watcher.waitForFunction(() => window.ended, undefined, { timeout: 5000 });
  await expect
    .poll(() => watcher.evaluate(() => window.tabParts.lockClaims.isClaimed("a lock")), { timeout: 5000 })
    .toBe(false);
  expect(await hasWriter(watcher)).toBe(false);
});

test("a writer that ends in order is followed by the next at once, however many wait for its end", async () => {
  const [first, second, ...watchers] = [await openTab(), await openTab(), await openTab(), await openTab()];
  for (const watcher of watchers) {
    await watcher.evaluate((id) => {
      const watch = async () => {
        for (;;) {
          if (await window.tabParts.hasWriter(id)) {
            await window.tabParts.untilWriterEnds(id, new AbortController().signal);
          }
          await new Promise((resolve) => setTimeout(resolve));
        }
      };
      void watch();
    }, repositoryId);
  }
  for (const writer of [first, second]) {
    const claims = await writer.evaluate(async (id) => {
      let count = 0;
      for (; count < 100; count++) {
        const release = await window.tabParts.claimWriter(id);
        // The browser is told of the sign a moment later than of the claim.
        while (!(await window.tabParts.hasWriter(id))) await new Promise((resolve) => setTimeout(resolve));
        release();
        // As long as it takes until the claim is free again.
        while ((await navigator.locks.query()).held?.some(({ name }) => name === `holdall-writer-${id}`)) {
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
      return count;
    }, repositoryId);
    expect(claims).toBe(100);
  }
});

test("a second writer is refused, and the first stays one", async () => {
  const [first, second] = [await openTab(), await openTab()];
  await becomeWriter(first);
  await awaitEnd(second);
  const code = await second.evaluate(
    (id) =>
      window.tabParts.claimWriter(id).then(
        () => "no refusal",
        (error: { code?: string }) => error.code,
      ),
    repositoryId,
  );
  expect(code).toBe("writer-elsewhere");
  expect([await hasWriter(second), await second.evaluate(() => window.ended)]).toEqual([true, false]);
  await first.evaluate(() => window.release());
  await second.waitForFunction(() => window.ended);
});

test("a frozen watcher that was granted the sign holds up no writer", async () => {
  const [frozen, writer] = [await openTab(), await openTab()];
  await frozen.evaluate((id) => {
    void navigator.locks.request(`holdall-writing-${id}`, { mode: "shared" }, () => new Promise(() => {}));
  }, repositoryId);
  await becomeWriter(writer);
  await expect.poll(() => hasWriter(writer)).toBe(true);
  const holder = await writer.evaluate(async (id) => {
    const { held = [] } = await navigator.locks.query();
    return held.filter(({ name }) => name === `holdall-writing-${id}`).map(({ mode }) => mode);
  }, repositoryId);
  expect(holder).toEqual(["exclusive"]);
});

test("a channel reaches the other tabs of the same repository", async () => {
  const tabs = [await openTab(), await openTab(), await openTab()];
  for (const [i, tab] of tabs.entries()) {
    await tab.evaluate(
      ([id, other]) => {
        window.heard = [];
        const channel = window.tabParts.openTabChannel(id ?? "", (data) => window.heard.push(data));
        Object.assign(window, { post: channel.post, other });
      },
      [i === 2 ? "6".repeat(64) : repositoryId],
    );
  }
  await tabs[0]?.evaluate(() => Reflect.get(window, "post")({ kind: "ask" }));
  await tabs[1]?.waitForFunction(() => window.heard.length > 0);
  expect(await Promise.all(tabs.map((tab) => tab.evaluate(() => window.heard)))).toEqual([[], [{ kind: "ask" }], []]);
});

test("two tabs that change a set's record at once lose nothing", async () => {
  const tabs = [await openTab(), await openTab()];
  await Promise.all(
    tabs.map((tab) =>
      tab.evaluate(async (id) => {
        const store = window.tabParts.openSetStore(id);
        const change = async (stored: Uint8Array<ArrayBuffer> | null) => {
          // As sealing does: longer than a transaction of the storage lives.
          await crypto.subtle.digest("SHA-256", new Uint8Array(1000));
          await new Promise((resolve) => setTimeout(resolve, 1));
          return Uint8Array.of((stored?.[0] ?? 0) + 1);
        };
        await Promise.all(Array.from({ length: 40 }, () => store.update("sets", change)));
      }, repositoryId),
    ),
  );
  const count = await tabs[0]?.evaluate(
    async (id) => (await window.tabParts.openSetStore(id).load("sets"))?.[0],
    repositoryId,
  );
  expect(count).toBe(80);
});

test("the claim of a run ends with its tab", async () => {
  const [runner, other] = [await openTab(), await openTab()];
  await runner.evaluate((id) => window.tabParts.openSetStore(id).claimRun("set-1"), repositoryId);
  const isRunning = () => other.evaluate((id) => window.tabParts.openSetStore(id).isRunning("set-1"), repositoryId);
  expect(await isRunning()).toBe(true);
  await kill(runner);
  await expect.poll(isRunning, { timeout: 5000 }).toBe(false);
});

test("reading sets, handles and locks makes no database; forgetting one repository leaves the others", async () => {
  const tab = await openTab();
  const seen = await tab.evaluate(async (id) => {
    const { openSetStore, openHandles, forgetSets, forgetHandles, wipeDevice } = window.tabParts;
    const source = { setId: "set-1", sourceId: "source-1" };
    const other = "6".repeat(64);
    await openSetStore(id).load("sets");
    await openSetStore(id).update("sets", async () => null);
    await openHandles(id).find(source);
    await openHandles(id).remove("set-1");
    await forgetSets(id);
    await forgetHandles(id);
    const before = await indexedDB.databases();
    const handle = await (await navigator.storage.getDirectory()).getDirectoryHandle("Documents", { create: true });
    const picked = { kind: "folder", name: "Documents", folder: { kind: "handle", handle } } as const;
    for (const repository of [id, other]) {
      await openSetStore(repository).update("sets", async () => Uint8Array.of(7));
      await openHandles(repository).keep(source, picked);
    }
    const found = (await openHandles(id).find(source)).state;
    await forgetSets(id);
    await forgetHandles(id);
    const left = {
      forgotten: [await openSetStore(id).load("sets"), (await openHandles(id).find(source)).state],
      other: [[...((await openSetStore(other).load("sets")) ?? [])], (await openHandles(other).find(source)).state],
    };
    await wipeDevice();
    return { before, found, left, after: await indexedDB.databases() };
  }, repositoryId);
  expect(seen).toEqual({
    before: [],
    found: "granted",
    left: { forgotten: [null, "gone"], other: [[7], "granted"] },
    after: [],
  });
});
