import { rm } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { runText } from "../../src/ui/text/run.ts";
import { setFormText } from "../../src/ui/text/set-form.ts";
import { setsText } from "../../src/ui/text/sets.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import type { Restic } from "../support/restic.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";
import { answerFolderPicker, expect, makeProfile } from "./fixture.ts";
import { type GatedServer, test } from "./gated-server.ts";
import { writeNoise } from "./noise-file.ts";
import { backUpLink, beginSet, chooseSmallPacks, openRecent, slow, typeLocation, unlock } from "./steps.ts";

const host = "kitchen-browser";
const setName = "Documents";
/** As many requests as the app has under way at once. */
const uploadsAtOnce = 5;

interface StoredSnapshot {
  id: string;
  hostname: string;
  paths: string[];
  excludes?: string[];
  parent?: string;
  tree: string;
  summary: { data_blobs: number; files_new: number; files_changed: number };
}

test.describe("a set", () => {
  test.use({ keepsFolders: false });

  test("is made, run, run again, paused, cancelled, reconnected, and continued by a browser that knows nothing", async ({
    page,
    gated,
    workFolder,
  }) => {
    test.setTimeout(600_000);
    const { gate, restic, password, locks } = gated;
    const source = join(workFolder, "Documents");
    const tree = fillSource(source);

    await test.step("make it, with a rule, and run it", async () => {
      await page.goto("/");
      await openAsOwner(page, gated);
      await page.getByRole("link", { name: snapshotsText.emptyAction }).click(slow);
      await beginSet(page, source, host);
      await chooseSmallPacks(page);
      await page.getByLabel(setFormText.patterns, { exact: true }).fill("*.tmp");
      await page.getByRole("button", { name: backupText.start, exact: true }).click();
      await expectDone(page);
      expect(await lastOf(restic)).toMatchObject({ hostname: host, paths: ["/Documents"], excludes: ["*.tmp"] });
    });

    await test.step("change files, and run it again with one click", async () => {
      tree.file("notes.txt", "the second version, which is longer\n");
      tree.file("new.txt", "new\n");
      await toSets(page);
      await page.getByRole("button", { name: setsText.runNamed(setName), exact: true }).click();
      await expectDone(page);
      expect((await lastOf(restic)).summary).toMatchObject({ files_new: 1, files_changed: 1 });
    });

    await test.step("pause it: nothing moves until it is resumed", async () => {
      await writeNoise(join(source, "first"), 64, 1);
      gate.close();
      await runFromCard(page);
      await expect.poll(() => gate.waitingUploads, slow).toBe(uploadsAtOnce);
      await page.getByRole("button", { name: runText.pause, exact: true }).click();
      await expect(page.getByRole("heading", { name: runText.paused(setName) })).toBeVisible();
      const before = gate.passedPacks;
      gate.open();
      await expect.poll(() => gate.passedPacks, slow).toBe(before + uploadsAtOnce);
      // A look elsewhere takes a while, in which much would be uploaded.
      await page.getByRole("link", { name: frameText.files, exact: true }).click();
      await expect(page.getByRole("link", { name: "Documents", exact: true }).first()).toBeVisible(slow);
      await page.goBack();
      await expect(page.getByRole("heading", { name: runText.paused(setName) })).toBeVisible();
      expect(gate.passedPacks).toBe(before + uploadsAtOnce);
      expect(locks(), "its lock is held all the while").toHaveLength(1);
      await page.getByRole("button", { name: runText.resume, exact: true }).click();
      await expectDone(page);
    });

    await test.step("cancel it: no snapshot, no lock, and what was uploaded is found by the next run", async () => {
      const before = await lastOf(restic);
      await writeNoise(join(source, "second"), 32, 5000);
      gate.close(1);
      await runFromCard(page);
      await expect.poll(() => gate.waitingUploads, slow).toBeGreaterThan(0);
      await page.getByRole("button", { name: runText.cancel, exact: true }).click();
      gate.open();
      await expect(page.getByRole("heading", { name: runText.cancelled(setName) })).toBeVisible(slow);
      await expect.poll(locks).toEqual([]);
      expect((await lastOf(restic)).id).toBe(before.id);
      await runFromCard(page);
      await expectDone(page);
    });

    await test.step("the browser takes the permission back: the folder is chosen again, nothing is stored twice", async () => {
      await page.reload();
      await refusePermissions(page);
      await openRecent(page, password);
      await toSets(page);
      await page.getByRole("button", { name: setsText.runNamed(setName), exact: true }).click();
      await expect(page.getByText(setsText.reconnectTitle)).toBeVisible();
      await grantPickedFolders(page);
      await answerFolderPicker(page, source);
      await page.getByRole("button", { name: setFormText.chooseFor("Documents"), exact: true }).click();
      await expectDone(page);
      expect((await lastOf(restic)).summary).toMatchObject({ data_blobs: 0, files_new: 0, files_changed: 0 });
    });

    await test.step("another browser continues the series from its last snapshot", async () => {
      const before = await lastOf(restic);
      await inWipedBrowser(gated, async (other) => {
        await openAsOwner(other, gated);
        await toSets(other);
        await other.getByRole("link", { name: setsText.continueSeries }).click();
        await other.getByRole("button", { name: setsText.seriesChooseNamed("/Documents", host), exact: true }).click();
        await expect(other.getByRole("heading", { name: setFormText.continueTitle })).toBeVisible();
        await answerFolderPicker(other, source);
        await other.getByRole("button", { name: setFormText.chooseFor("Documents"), exact: true }).click();
        await other.getByRole("button", { name: backupText.start, exact: true }).click();
        await expectDone(other);
      });
      const { id, hostname, paths, excludes, tree: root } = before;
      const after = await lastOf(restic);
      expect(after).toMatchObject({ hostname, paths, excludes, tree: root, parent: id });
      expect(after.summary).toMatchObject({ data_blobs: 0, files_new: 0, files_changed: 0 });
    });

    await restic.succeed(["check", "--read-data"]);
    const target = join(workFolder, "restored");
    await restic.succeed(["restore", "latest", "--target", target]);
    await rm(join(source, "left out.tmp"));
    expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
  });
});

function fillSource(folder: string): TreeWriter {
  const tree = new TreeWriter(folder);
  tree.file("notes.txt", "the first version\n");
  tree.file("left out.tmp", "nobody wants this\n");
  tree.file("photos/größe ☃.jpg", seededBytes(1, 1_400_000));
  tree.file("photos/2024/写真.jpg", seededBytes(2, 524_288));
  for (let i = 0; i < 20; i++) tree.file(`small/${i}.txt`, `small file ${i}\n`);
  return tree;
}

/** Opens the repository on a device of one's own. */
async function openAsOwner(page: Page, { server, repository, password }: GatedServer): Promise<void> {
  await page.getByRole("radio", { name: deviceText.mine, exact: true }).check();
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await expect(backUpLink(page)).toBeVisible(slow);
}

async function toSets(page: Page): Promise<void> {
  await backUpLink(page).click(slow);
}

async function runFromCard(page: Page): Promise<void> {
  await toSets(page);
  await page.getByRole("button", { name: setsText.runNamed(setName), exact: true }).click();
}

async function expectDone(page: Page): Promise<void> {
  await expect(page.getByRole("heading", { name: runText.done(setName) })).toBeVisible(slow);
}

/**
 * As a browser that has taken its permission back (whether Chromium does so at a reload is its own affair), and a person who
 * says no: no headless browser can show the question, and it would never be answered.
 */
async function refusePermissions(page: Page): Promise<void> {
  await page.evaluate(() => {
    const { queryPermission } = FileSystemHandle.prototype as unknown as Record<string, unknown>;
    Reflect.set(window, "queryPermission", queryPermission);
    Reflect.set(FileSystemHandle.prototype, "queryPermission", async () => "prompt");
    Reflect.set(FileSystemHandle.prototype, "requestPermission", async () => "denied");
  });
}

/** What is picked from now on is as the browser says. */
async function grantPickedFolders(page: Page): Promise<void> {
  await page.evaluate(() => {
    Reflect.set(FileSystemHandle.prototype, "queryPermission", Reflect.get(window, "queryPermission"));
  });
}

/** A browser of another profile: it knows nothing of what was here. */
async function inWipedBrowser({ home }: GatedServer, visit: (page: Page) => Promise<void>): Promise<void> {
  const profile = await makeProfile();
  const executablePath = requirePeer("chromium")?.path ?? "";
  const context = await chromium.launchPersistentContext(profile, { executablePath, ...headlessChromium });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto(home);
    await visit(page);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function lastOf(restic: Restic): Promise<StoredSnapshot> {
  const [last] = (
    await restic.json<StoredSnapshot[]>(["snapshots", "--latest", "1", "--host", host, "--no-lock"])
  ).flat();
  if (last === undefined) throw new Error("there is no snapshot");
  return last;
}
