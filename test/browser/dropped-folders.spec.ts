import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { frameText } from "../../src/ui/text/frame.ts";
import { reportText, runText } from "../../src/ui/text/run.ts";
import { setsText } from "../../src/ui/text/sets.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { expect, test } from "./fixture.ts";
import { createRepository, slow, startBackup } from "./steps.ts";

/** Files in folders that the browser lists whole, and in one with names that it leaves out. */
const wholeFiles = 301;
const oddFiles = 2;

test("what was dropped is looked through again without opening its files, and seen as before", async ({
  page,
  server,
  workFolder,
}) => {
  const source = join(workFolder, "Documents");
  await fillSource(source);
  await page.addInitScript(countMetadata);
  await page.goto("/");
  await createRepository(page, server, "dropped", "a password");
  await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
  await startBackup(page, source, "desk");
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
  expect(await askedMetadata(page)).toBe(0);

  await runAgain(page);
  await expect(page.getByText(reportText.unchanged(wholeFiles + oddFiles))).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText(reportText.failuresHint);
  // Of the folder with the odd names too: they are seen, and it is listed by its handle.
  expect(await askedMetadata(page)).toBeGreaterThanOrEqual(wholeFiles);

  await writeFile(join(source, "many", "7"), "another text");
  await writeFile(join(source, "odd", "new"), "new");
  await runAgain(page);
  await expect(page.getByText(reportText.unchanged(wholeFiles + oddFiles - 1))).toBeVisible();
});

async function fillSource(folder: string): Promise<void> {
  await mkdir(join(folder, "many"), { recursive: true });
  await mkdir(join(folder, "odd", "empty"), { recursive: true });
  await writeFile(join(folder, "top"), "");
  for (let i = 1; i < wholeFiles; i++) await writeFile(join(folder, "many", String(i)), `text ${i}`);
  for (const name of ["a", "ü"]) await writeFile(join(folder, "odd", name), name);
  // What Chromium does not list.
  for (const name of ["a:b", "x.", "CON"]) await writeFile(join(folder, "odd", name), "left out");
  await symlink("a", join(folder, "odd", "link"));
  await symlink("nowhere", join(folder, "many", "dangling"));
  await symlink("../odd", join(folder, "many", "elsewhere"));
}

async function runAgain(page: Page): Promise<void> {
  await page.getByRole("link", { name: frameText.backUp, exact: true }).click();
  await page.getByRole("button", { name: setsText.runNamed("Documents") }).click();
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
}

/** Runs in the page. What entries are made of can only be got at by one of them. */
function countMetadata(): void {
  const counted = Object.assign(window, { askedMetadata: 0 });
  const { webkitGetAsEntry } = DataTransferItem.prototype;
  DataTransferItem.prototype.webkitGetAsEntry = function () {
    const entry = webkitGetAsEntry.call(this);
    if (entry === null || counted.askedMetadata > 0) return entry;
    const prototype = Object.getPrototypeOf(Object.getPrototypeOf(entry)) as FileSystemEntry;
    const { getMetadata } = prototype;
    prototype.getMetadata = function (...callbacks) {
      counted.askedMetadata++;
      getMetadata?.apply(this, callbacks);
    };
    return entry;
  };
}

function askedMetadata(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { askedMetadata: number }).askedMetadata);
}
