import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { scanFolder, type Trace } from "../support/profile-scan.ts";
import { Restic } from "../support/restic.ts";
import { TreeWriter } from "../support/source-tree.ts";
import { expect, makeProfile, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const repository = "zqx-distinctive-path-7731";
const password = "Vogelscheuche.8842.passphrase";
const folderName = "Kirschbaumwiese";
const savedName = "Quittengelee-rezept.txt";
const otherName = "Steuerbescheid-vertraulich.pdf";
const host = "dachboden-zqx";

test("on somebody else's device a visit leaves nothing in the profile but the download", async ({
  server,
  workFolder,
}) => {
  await fillRepository(server, workFolder);
  const profile = await makeProfile();
  const downloads = join(workFolder, "downloads");
  await mkdir(downloads);
  try {
    await visit(profile, { server, downloads }, async (page) => {
      await typeLocation(page, server, repository);
      await unlock(page, password);
      await browseAndSave(page, join(downloads, savedName));
    });
    const secrets = [repository, server.login.user, server.login.password, password, folderName, otherName, host];
    // The user's name is as short as "holdall", which is the app's own.
    const words = secrets.filter((word) => word !== "holdall");
    expect(await scanFolder(profile, words)).toEqual([]);
    expect((await scanFolder(profile, [savedName])).filter(isNoDownload)).toEqual([]);
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
});

test("the scan finds what one's own device keeps: the address, and no secret", async ({ server, workFolder }) => {
  await fillRepository(server, workFolder);
  const profile = await makeProfile();
  try {
    await visit(profile, { server, downloads: workFolder }, async (page) => {
      await page.getByRole("radio", { name: deviceText.mine }).check();
      await typeLocation(page, server, repository);
      await unlock(page, password);
      await expect(page.getByRole("heading", { name: snapshotsText.title, exact: true })).toBeVisible(slow);
      // The app does not wait for storage, and a page that is left takes with it what storage has not taken yet.
      await expect.poll(() => page.evaluate(rememberedLabels), slow).toEqual([repository]);
      await page.reload();
      await expect(page.getByRole("button", { name: new RegExp(`^${repository}`) })).toBeVisible(slow);
    });
    expect(await scanFolder(profile, [repository])).not.toEqual([]);
    expect(await scanFolder(profile, [server.login.password, password, folderName, otherName, host])).toEqual([]);

    await visit(profile, { server, downloads: workFolder }, async (page) => {
      await page.getByRole("radio", { name: deviceText.guest }).click();
      await page.getByRole("button", { name: deviceText.forgetNow }).click();
      await expect(page.getByText(deviceText.forgotten)).toBeVisible();
      expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual([]);
      expect(await page.evaluate(() => caches.keys())).toEqual([]);
      await page.reload();
      await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
    });
  } finally {
    await rm(profile, { recursive: true, force: true });
  }
});

/** A browser on this profile, from its start to its end. */
async function visit(
  profile: string,
  { server, downloads }: { server: StartedServer; downloads: string },
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  const context: BrowserContext = await chromium.launchPersistentContext(profile, {
    executablePath: peer?.path ?? "",
    ...headlessChromium,
    baseURL: server.address,
    downloadsPath: downloads,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto("/");
    await work(page);
  } finally {
    await context.close();
  }
}

/** In the page: what the device's database says was opened here. Looking makes no database. */
async function rememberedLabels(): Promise<string[]> {
  const databases = await indexedDB.databases();
  if (!databases.some(({ name }) => name === "holdall-device")) return [];
  const answered = <T>(request: IDBRequest<T>) =>
    new Promise<T>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await answered(indexedDB.open("holdall-device"));
  try {
    const stored = await answered(database.transaction("memory").objectStore("memory").get("device"));
    return (stored?.recents ?? []).map(({ label }: { label: string }) => label);
  } finally {
    database.close();
  }
}

async function browseAndSave(page: Page, target: string): Promise<void> {
  await page
    .getByRole("main")
    .getByRole("link", { name: snapshotsText.files(2) })
    .click(slow);
  await page.getByRole("link", { name: folderName, exact: true }).click();
  await expect(page.getByText(otherName).first()).toBeVisible();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: filesText.downloadNamed(savedName) }).click(),
  ]);
  await download.saveAs(target);
}

/** The browser's own list of downloads is the user's, who asked for the file. */
function isNoDownload({ file }: Trace): boolean {
  return !/^Default\/(History|Download)/.test(file);
}

async function fillRepository(server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const source = join(workFolder, folderName);
  const tree = new TreeWriter(source);
  tree.file(savedName, "two kilograms of quinces\n");
  tree.file(otherName, "nobody's business\n");
  const run = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await run.succeed(["init"]);
    await run.succeed(["backup", "--host", host, folderName], { cwd: workFolder });
  } finally {
    await run.close();
  }
}
