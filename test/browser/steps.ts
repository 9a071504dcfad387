import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { jobsText } from "../../src/ui/text/jobs.ts";
import { recoveryText } from "../../src/ui/text/recovery.ts";
import { saveText, wayTexts } from "../../src/ui/text/save.ts";
import { setFormText } from "../../src/ui/text/set-form.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { answerFolderPicker, dropFolder, expect, type StartedServer } from "./fixture.ts";

/** Deriving a key and a backup take their time on a busy machine. */
export const slow = { timeout: 90_000 };

/** Types the address of a hosted repository and the server's login. */
export async function typeLocation(page: Page, server: StartedServer, repository: string): Promise<void> {
  await page.getByLabel(connectText.address, { exact: true }).fill(`${server.address}repos/${repository}/`);
  await page.getByLabel(connectText.username, { exact: true }).fill(server.login.user);
  await page.getByLabel(connectText.serverPassword, { exact: true }).fill(server.login.password);
}

/** Creates a repository from the first screen on, and waits until it is open. */
export async function createRepository(
  page: Page,
  server: StartedServer,
  repository: string,
  password: string,
): Promise<void> {
  await page.getByRole("button", { name: connectText.toCreate }).click();
  await typeLocation(page, server, repository);
  await page.getByLabel(connectText.newPassword, { exact: true }).fill(password);
  await page.getByLabel(connectText.repeatPassword, { exact: true }).fill(password);
  await page.getByRole("button", { name: connectText.create, exact: true }).click();
  await page.getByRole("button", { name: recoveryText.done }).click(slow);
  await expect(page.getByRole("heading", { name: snapshotsText.emptyTitle })).toBeVisible(slow);
}

/** Types the password of the repository and asks for it to be opened. */
export async function unlock(page: Page, password: string): Promise<void> {
  await page.getByLabel(connectText.password, { exact: true }).fill(password);
  await page.getByRole("button", { name: connectText.open, exact: true }).click();
}

/** Opens the only repository of the list of recent ones. */
export async function openRecent(page: Page, password: string): Promise<void> {
  await page.getByRole("main").getByRole("listitem").getByRole("button").first().click(slow);
  await unlock(page, password);
}

/** The way to the screen "Back up" that every screen of an open repository has. */
export function backUpLink(page: Page): Locator {
  const navigation = page.getByRole("navigation", { name: frameText.navigation, exact: true });
  return navigation.getByRole("link", { name: frameText.backUp, exact: true });
}

/** On the screen "Back up": drops a folder called Documents and names the computer. */
export async function beginSet(page: Page, source: string, host: string): Promise<void> {
  await dropFolder(page, page.getByText(backupText.drop), source);
  await expect(page.getByLabel(backupText.rootName, { exact: true })).toHaveValue("Documents");
  await page.getByLabel(backupText.host, { exact: true }).fill(host);
}

/** Makes the packs of the set that is being made as small as they may be, so that little data makes many. */
export async function chooseSmallPacks(page: Page): Promise<void> {
  await page.getByText(setFormText.more, { exact: true }).click();
  await page.getByLabel(setFormText.packSize, { exact: true }).selectOption(setFormText.packSizeOf(4));
}

/** On the screen "Back up": drops a folder called Documents, names the computer and starts. */
export async function startBackup(page: Page, source: string, host: string): Promise<void> {
  await beginSet(page, source, host);
  await page.getByRole("button", { name: backupText.start, exact: true }).click();
}

/** Says that this device is the user's own, waits until the app is kept on it, and loads it from there. */
export async function installShell(page: Page): Promise<void> {
  await page.getByRole("radio", { name: deviceText.mine, exact: true }).check();
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    // It takes the page over when all files are there.
    const { serviceWorker } = navigator;
    if (serviceWorker.controller === null)
      await new Promise((resolve) => serviceWorker.addEventListener("controllerchange", resolve, { once: true }));
  });
  await page.reload();
}

/** Saves a file of the folder that is shown, under its own name, and gives its content. */
export async function saveFile(page: Page, name: string, folder: string): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: filesText.downloadNamed(name) }).click(),
  ]);
  expect(download.suggestedFilename()).toBe(name);
  await download.saveAs(join(folder, name));
  return readFile(join(folder, name));
}

/** Restores the folder that is shown into a folder of the disk, which gets one of the shown folder's name. */
export async function restoreAllInto(page: Page, target: string, name: string): Promise<void> {
  await answerFolderPicker(page, target);
  await page.getByRole("button", { name: filesText.saveAll }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: wayTexts.folder.name }).check();
  await dialog.getByRole("button", { name: saveText.chooseFolder }).click();
  await dialog.getByRole("button", { name: saveText.start.folder, exact: true }).click();
  await expect(page.getByRole("heading", { name: jobsText.restore.done(name) })).toBeVisible();
}
