import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { deviceText } from "../../src/ui/text/device.ts";
import { locksText } from "../../src/ui/text/locks.ts";
import { runText } from "../../src/ui/text/run.ts";
import { setsText } from "../../src/ui/text/sets.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { describeTree, differences } from "../support/source-tree.ts";
import { browserProcess } from "./browser-process.ts";
import { expect, makeProfile } from "./fixture.ts";
import { type GatedServer, test } from "./gated-server.ts";
import { writeNoise } from "./noise-file.ts";
import { backUpLink, beginSet, chooseSmallPacks, openRecent, slow, typeLocation, unlock } from "./steps.ts";

const mebibyte = 1024 * 1024;
/** So many packs are stored when the browser dies; the index that is written every eight of them names the first. */
const packsBefore = 10;
const flushInterval = 8;
const sourceMebibytes = 80;

test("a killed browser's lock goes at the next opening, and its set goes on where it was", async ({
  gated,
  workFolder,
}) => {
  const { gate, restic, password, locks } = gated;
  const source = await makeSource(workFolder);
  await using profile = await Profile.make(gated);
  await test.step("the browser dies in the middle of a backup", async () => {
    const page = await profile.start();
    await page.getByRole("radio", { name: deviceText.mine, exact: true }).check();
    await beginBackup(page, gated, source);
    await profile.kill();
    gate.dropWaiting();
    expect(locks()).toHaveLength(1);
  });

  const page = await profile.start();
  await openRecent(page, password);
  await expect(backUpLink(page)).toBeVisible(slow);
  await test.step("its lock is gone, so that prune works at once", async () => {
    await expect.poll(locks, { timeout: 5000, intervals: [20] }).toEqual([]);
    // What it would remove is what the set needs to go on.
    await restic.succeed(["prune", "--dry-run"]);
  });

  await test.step("the set goes on, and uploads little of it again", async () => {
    gate.open();
    const before = gate.passedBytes;
    await backUpLink(page).click();
    await expect(page.getByText(setsText.unfinishedTitle)).toBeVisible();
    await page.getByRole("button", { name: setsText.goOnNamed("Documents"), exact: true }).click();
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
    const missing = sourceMebibytes * mebibyte - before;
    const interval = (before / packsBefore) * flushInterval;
    expect(gate.passedBytes - before).toBeLessThan(missing + interval + mebibyte);
  });

  await restic.succeed(["check", "--read-data"]);
  const target = join(workFolder, "restored");
  await restic.succeed(["restore", "latest", "--target", target]);
  expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
  await restic.succeed(["prune"]);
});

const elsewhere = "on somebody else's device a killed browser's lock stays, is shown, and goes when it is asked to";
test(elsewhere, { tag: "@long" }, async ({ gated, workFolder }) => {
  const { server, repository, password, restic, locks } = gated;
  const source = await makeSource(workFolder);
  await using profile = await Profile.make(gated);
  await beginBackup(await profile.start(), gated, source);
  await profile.kill();
  const left = locks();
  expect(left).toHaveLength(1);

  const page = await profile.start();
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await expect(page.getByRole("heading", { name: snapshotsText.emptyTitle })).toBeVisible(slow);
  await page.getByRole("link", { name: connectText.settings, exact: true }).click();
  await page.getByRole("button", { name: locksText.show, exact: true }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText(locksText.holders.somebody)).toBeVisible(slow);
  expect(locks(), "nobody knows whether its holder lives").toEqual(left);
  expect((await restic.run(["prune"])).exitCode).not.toBe(0);
  // Nothing tells it from the lock of a browser elsewhere that lives, so the risk is said first.
  const remove = dialog.getByRole("button", { name: /^Remove the lock of holdall on holdall-/ });
  await remove.click();
  await expect(dialog.getByText(locksText.risk)).toBeVisible();
  await remove.click();
  await expect.poll(locks).toEqual([]);
  await restic.succeed(["prune"]);
});

test("a page that is left takes its lock with it, whatever its worker still waits for", async ({
  gated,
  workFolder,
}) => {
  const { gate, restic, locks } = gated;
  const source = await makeSource(workFolder);
  await using profile = await Profile.make(gated);
  const page = await profile.start();
  await beginBackup(page, gated, source);
  // A worker that is told to end writes an index of what is stored, if it still can.
  gate.closeForIndexes();
  expect(locks()).toHaveLength(1);
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await expect.poll(locks, { timeout: 5000 }).toEqual([]);
  await restic.succeed(["prune"]);
});

/** Opens the repository, starts a backup, and waits until so many packs are stored and the next ones wait. */
async function beginBackup(page: Page, gated: GatedServer, source: string): Promise<void> {
  const { gate, server, repository, password } = gated;
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click(slow);
  gate.close(packsBefore);
  await beginSet(page, source, "kitchen-browser");
  await chooseSmallPacks(page);
  await page.getByRole("button", { name: backupText.start, exact: true }).click();
  await expect.poll(() => gate.passedPacks, slow).toBe(packsBefore);
  await expect.poll(() => gate.waitingUploads, slow).toBeGreaterThan(2);
}

async function makeSource(workFolder: string): Promise<string> {
  const source = join(workFolder, "Documents");
  await mkdir(source);
  await writeNoise(join(source, "noise"), sourceMebibytes);
  return source;
}

/** A browser's profile that outlives its browser. */
class Profile implements AsyncDisposable {
  private context: BrowserContext | null = null;

  private constructor(
    private readonly folder: string,
    private readonly address: string,
  ) {}

  static async make({ home }: GatedServer): Promise<Profile> {
    return new Profile(await makeProfile(), home);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context?.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** A browser with this profile, on the first screen. */
  async start(): Promise<Page> {
    const executablePath = requirePeer("chromium")?.path ?? "";
    this.context = await chromium.launchPersistentContext(this.folder, { executablePath, ...headlessChromium });
    const page = this.context.pages()[0] ?? (await this.context.newPage());
    await page.goto(this.address);
    return page;
  }

  /** As a crash or the system's lack of memory ends it: without a word to anybody. */
  async kill(): Promise<void> {
    const closed = this.context?.waitForEvent("close");
    process.kill(browserProcess(), "SIGKILL");
    await closed;
    this.context = null;
  }
}
