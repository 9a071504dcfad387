import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { errorTexts } from "../../src/ui/text/errors.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { jobsText } from "../../src/ui/text/jobs.ts";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { expect, test } from "./fixture.ts";
import { createRepository, installShell, openRecent, slow, startBackup, unlock } from "./steps.ts";

const password = "unterwegs, Pferd & 馬";

test("with the server gone, the app and what was seen start from this device, also when its storage is wiped meanwhile", async ({
  page,
  server,
  serverProcess,
  workFolder,
}) => {
  const source = join(workFolder, "Documents");
  await mkdir(join(source, "Reisen"), { recursive: true });
  await writeFile(join(source, "Reisen", "fjord.txt"), "fjord");
  await page.goto("/");
  await installShell(page);
  await createRepository(page, server, "unterwegs", password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await startBackup(page, source, "train-browser");
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
  await page.getByRole("link", { name: runText.browse }).click();
  await browse(page);

  await serverProcess.stop();
  await page.goto("/");
  await openRecent(page, "wrong");
  await expect(page.getByText(errorTexts["wrong-password"].title)).toBeVisible(slow);
  await unlock(page, password);
  await openFiles(page);
  await browse(page);

  await test.step("what needs the server says so, and the page goes on", async () => {
    await page.getByRole("button", { name: filesText.downloadNamed("fjord.txt") }).click();
    await expect(page.getByText(jobsText.download.failed("fjord.txt"))).toBeVisible(slow);
  });

  await test.step("wiped in the middle, it goes on with what is open, and opens nothing afterwards without a server", async () => {
    await wipeStorage(page);
    await page.getByRole("link", { name: frameText.snapshots, exact: true }).click();
    await openFiles(page);
    await browse(page);
  });
});

test("on a device of one's own, what was seen is there without a network, and wiped storage does no harm", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  const source = join(workFolder, "Documents");
  await mkdir(join(source, "Reisen"), { recursive: true });
  await writeFile(join(source, "Reisen", "fjord.txt"), "fjord");

  await test.step("create, back up and look into a folder", async () => {
    await page.goto("/");
    await page.getByRole("radio", { name: deviceText.mine }).check();
    await createRepository(page, server, "unterwegs", password);
    await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
    await startBackup(page, source, "train-browser");
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
    await page.getByRole("link", { name: runText.browse }).click();
    await browse(page);
    // The app itself is kept too, by now.
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  });

  await test.step("without a network the wrong password is called so, the right one opens what was seen", async () => {
    await context.setOffline(true);
    await page.goto("/");
    await openRecent(page, "wrong");
    await expect(page.getByText(errorTexts["wrong-password"].title)).toBeVisible(slow);
    await unlock(page, password);
    await openFiles(page);
    await browse(page);
  });

  await test.step("with one, but with the copies gone, it opens all the same", async () => {
    await context.setOffline(false);
    await page.goto("/");
    await page.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase("holdall-offline");
          request.onsuccess = () => resolve();
          request.onerror = () => reject(request.error);
        }),
    );
    await openRecent(page, password);
    await page.getByLabel(connectText.username, { exact: true }).fill(server.login.user, slow);
    await page.getByLabel(connectText.serverPassword, { exact: true }).fill(server.login.password);
    await page.getByRole("button", { name: connectText.open, exact: true }).click();
    await openFiles(page);
    await browse(page);
  });
});

async function browse(page: Page): Promise<void> {
  // One click: the first folder holds nothing but the second.
  await page.getByRole("link", { name: "Documents / Reisen", exact: true }).click(slow);
  await expect(page.getByText("fjord.txt").first()).toBeVisible();
}

/** The files of the only snapshot. */
async function openFiles(page: Page): Promise<void> {
  await page
    .getByRole("main")
    .getByRole("link", { name: snapshotsText.files(1) })
    .click(slow);
}

/** All that the site keeps, as a browser does that needs room. */
async function wipeStorage(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const origin = new URL(page.url()).origin;
  await session.send("Storage.clearDataForOrigin", { origin, storageTypes: "all" });
  await session.detach();
}
