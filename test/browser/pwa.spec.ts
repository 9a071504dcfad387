import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { build } from "vite";
import { connectText } from "../../src/ui/text/connect.ts";
import { updateText } from "../../src/ui/text/update.ts";
import { startEmbeddedServer } from "../support/embedded-server.ts";
import { expect, test } from "./fixture.ts";
import { installShell } from "./steps.ts";

const built = fileURLToPath(new URL("../../dist/app/", import.meta.url));

test("a browser finds nothing that hinders an installation", async ({ page, server }) => {
  await page.goto("/");
  const session = await page.context().newCDPSession(page);
  const { installabilityErrors } = await session.send("Page.getInstallabilityErrors");
  expect(installabilityErrors).toEqual([]);
  const { errors, url, manifest } = await session.send("Page.getAppManifest");
  expect(errors).toEqual([]);
  expect(url).toBe(`${server.address}manifest.webmanifest`);
  expect(manifest.id).toBe(server.address);
  const { icons, screenshots } = JSON.parse(await readFile(join(built, "manifest.webmanifest"), "utf8"));
  for (const { src, sizes, type } of [...icons, ...screenshots]) {
    const response = await fetch(server.address + src);
    expect([src, response.status, response.headers.get("content-type")]).toEqual([src, 200, type]);
    if (type === "image/png") expect([src, pngSize(await response.bytes())]).toEqual([src, sizes]);
  }
});

test("a new version waits until it is wanted, and tabs of the old one go on", async ({ page, context, workFolder }) => {
  const [first, second, served] = [join(workFolder, "first"), join(workFolder, "second"), join(workFolder, "served")];
  await buildVersion(first, "0.1.0");
  await buildVersion(second, "0.2.0");
  await cp(first, served, { recursive: true });
  const server = await startEmbeddedServer({ appDirectory: served });
  const notice = page.getByRole("complementary", { name: updateText.title });
  try {
    await page.goto(server.url);
    await installShell(page);
    const oldScript = await scriptOf(page);
    const oldTab = await context.newPage();
    await oldTab.goto(server.url);

    await test.step("the new version is offered, once it is there as a whole", async () => {
      await rm(served, { recursive: true });
      await cp(second, served, { recursive: true });
      await page.reload();
      await expect(notice).toBeVisible();
      expect(await scriptOf(page)).toBe(oldScript);
    });

    await test.step("nobody is made to take it", async () => {
      await notice.getByRole("button", { name: updateText.later }).click();
      await expect(notice).toBeHidden();
      await page.reload();
      expect(await scriptOf(page)).toBe(oldScript);
      await expect(notice).toBeVisible();
    });

    await test.step("taken, it runs, and without a network too", async () => {
      await Promise.all([page.waitForEvent("load"), notice.getByRole("button", { name: updateText.reload }).click()]);
      await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
      expect(await scriptOf(page)).not.toBe(oldScript);
      await context.setOffline(true);
      await page.reload();
      await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
      expect(await scriptOf(page)).not.toBe(oldScript);
    });

    await test.step("a tab of the old version still finds its parts, which no server has any more", async () => {
      await context.setOffline(false);
      expect((await fetch(oldScript)).status).toBe(404);
      expect(await oldTab.evaluate(async (url) => (await fetch(url)).status, oldScript)).toBe(200);
      await oldTab.close();
    });

    await test.step("when it is closed, they go", async () => {
      // A start at which the browser still counts the closed tab leaves them to the next.
      await expect(async () => {
        await page.goto("about:blank");
        await page.goto(server.url);
        const kept = () => page.evaluate(async () => (await caches.keys()).length);
        await expect.poll(kept, { timeout: 3000 }).toBe(1);
      }).toPass();
    });
  } finally {
    await server.close();
  }
});

test("an update that did not arrive whole is none", { tag: "@long" }, async ({ page, workFolder }) => {
  const served = join(workFolder, "served");
  await cp(built, served, { recursive: true });
  const server = await startEmbeddedServer({ appDirectory: served });
  try {
    await page.goto(server.url);
    await installShell(page);
    const second = join(workFolder, "second");
    await buildVersion(second, "0.2.0");
    await cp(join(second, "sw.js"), join(served, "sw.js"));
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration("/");
      await registration?.update();
      const next = registration?.installing;
      await new Promise<void>((resolve) => {
        if (!next || next.state === "redundant") resolve();
        next?.addEventListener("statechange", () => next.state === "redundant" && resolve());
      });
    });
    expect(await page.evaluate(async () => (await caches.keys()).length)).toBe(1);
    await page.reload();
    await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
    await expect(page.getByText(updateText.title)).toBeHidden();
  } finally {
    await server.close();
  }
});

/** The app as `npm run build` makes it, under another version. */
async function buildVersion(outDir: string, version: string): Promise<void> {
  const define = { __APP_VERSION__: JSON.stringify(version) };
  for (const mode of ["production", "service-worker"])
    await build({ mode, define, logLevel: "warn", build: { outDir } });
}

/** The script with which the page began. */
function scriptOf(page: Page): Promise<string> {
  return page.evaluate(() => document.querySelector<HTMLScriptElement>("script[type=module]")?.src ?? "");
}

/** Width and height, which stand at the beginning of every PNG. */
function pngSize(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return `${view.getUint32(16)}x${view.getUint32(20)}`;
}
