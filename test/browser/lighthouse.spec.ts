import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import { chromium, type Page } from "@playwright/test";
import { snapshot } from "lighthouse";
import { type Page as LighthousePage, launch } from "puppeteer-core";
import { connectText } from "../../src/ui/text/connect.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { requirePeer } from "../support/peers.ts";
import { expect, makeProfile, test } from "./fixture.ts";
import { createRepository, slow, startBackup } from "./steps.ts";

const categories = ["accessibility", "best-practices"];

// In snapshot mode: a navigation would load the page again, into the locked first screen.
test("Lighthouse and axe find nothing to improve on any screen of an open session", async ({ server, workFolder }) => {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  const source = join(workFolder, "Documents");
  await mkdir(join(source, "letters"), { recursive: true });
  await writeFile(join(source, "letters", "to the bank.txt"), "Dear bank, a text to be shown.\n");
  await writeFile(join(source, "list.txt"), "Bread\n");
  const profile = await makeProfile();
  // Lighthouse drives one library's pages, these tests another's: both hold the same browser.
  const browser = await launch({
    executablePath: peer?.path ?? "",
    userDataDir: profile,
    // The window itself: Lighthouse puts an end to what emulates another size.
    args: ["--no-sandbox", "--window-size=1280,900"],
    defaultViewport: null,
  });
  const driver = await chromium.connectOverCDP(browser.wsEndpoint());
  try {
    const judged = (await browser.pages())[0];
    const page = driver.contexts()[0]?.pages()[0];
    if (judged === undefined || page === undefined) throw new Error("the browser has no page");
    const judge = (screen: string) =>
      test.step(screen, async () => {
        for (const form of ["desktop", "mobile"] as const) expect(await findings(judged, form), form).toEqual([]);
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
      });

    await page.goto(server.address);
    await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
    await judge("Connect");
    await createRepository(page, server, "lighthouse", "password of this test");
    await judge("Snapshots, empty");
    await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
    await judge("Back up");
    await startBackup(page, source, "kitchen-browser");
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
    await judge("the result of a backup");
    await go(page, frameText.snapshots);
    await expect(
      page
        .getByRole("main")
        .getByRole("link")
        .filter({ has: page.getByRole("time") }),
    ).toBeVisible();
    await judge("Snapshots");
    await go(page, frameText.files);
    await page.getByRole("link", { name: "Documents", exact: true }).click();
    await expect(page.getByRole("link", { name: "letters", exact: true })).toBeVisible();
    await judge("Files");
    await go(page, connectText.settings);
    await expect(page.getByRole("heading", { name: connectText.settings, exact: true })).toBeVisible();
    await judge("Settings");
  } finally {
    await driver.close();
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  }
});

async function go(page: Page, place: string): Promise<void> {
  await page.getByRole("navigation", { name: frameText.navigation }).getByRole("link", { name: place }).click();
}

/** Scores below 100 in what is asked for, with the audits that cost them. */
async function findings(page: LighthousePage, formFactor: "desktop" | "mobile"): Promise<string[]> {
  const phone = { mobile: true, width: 360, height: 740, deviceScaleFactor: 2, disabled: false };
  const screenEmulation = formFactor === "mobile" ? phone : { disabled: true };
  const result = await snapshot(page, {
    flags: { onlyCategories: categories, formFactor, screenEmulation, logLevel: "error" },
  });
  if (result === undefined) throw new Error("Lighthouse gave no result");
  const { lhr } = result;
  return categories.flatMap((name) => {
    const category = lhr.categories[name];
    const audits = (category?.auditRefs ?? []).map(({ id }) => lhr.audits[id]);
    // An audit that does not apply has no score; where none applies, nothing was looked at.
    if (category?.score === 1 && audits.some((audit) => audit?.score === 1)) return [];
    const failed = audits.filter((audit) => audit !== undefined && audit.score !== null && audit.score < 1);
    return [`${name}: ${category?.score}`, ...failed.map((audit) => `${audit?.id}: ${JSON.stringify(audit?.details)}`)];
  });
}
