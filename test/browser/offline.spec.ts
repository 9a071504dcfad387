import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { runText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { errorTexts } from "../../src/ui/text/errors.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { expect, test } from "./fixture.ts";
import { createRepository, slow, startBackup } from "./steps.ts";

const password = "unterwegs, Pferd & 馬";

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
    await page.getByLabel(connectText.password, { exact: true }).fill(password);
    await page.getByRole("button", { name: connectText.open, exact: true }).click();
    await page
      .getByRole("main")
      .getByRole("link", { name: snapshotsText.files(1) })
      .click(slow);
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
    await page
      .getByRole("main")
      .getByRole("link", { name: snapshotsText.files(1) })
      .click(slow);
    await browse(page);
  });
});

async function browse(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Documents", exact: true }).click(slow);
  await page.getByRole("link", { name: "Reisen", exact: true }).click();
  await expect(page.getByText("fjord.txt").first()).toBeVisible();
}

/** The only one of the list of recent ones. */
async function openRecent(page: Page, text: string): Promise<void> {
  await page.getByRole("main").getByRole("listitem").getByRole("button").first().click(slow);
  await page.getByLabel(connectText.password, { exact: true }).fill(text);
  await page.getByRole("button", { name: connectText.open, exact: true }).click();
}
