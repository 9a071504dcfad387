import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { checkText, trialText } from "../../src/ui/text/checks.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";
import { expect, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const repository = "checking";
const password = "a password for checking";

test("all data of a repository is checked, and a restore tried, before and after a byte was altered", async ({
  page,
  server,
  dataFolder,
  workFolder,
}) => {
  await backUpByRestic(server, workFolder);
  await page.goto("/");
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await expect(page.getByRole("heading", { name: snapshotsText.title })).toBeVisible(slow);

  await test.step("sound", async () => {
    await startCheck(page);
    await expect(page.getByRole("heading", { name: checkText.done(checkText.subject) })).toBeVisible(slow);
    await expect(page.getByText(checkText.good)).toBeVisible();
    await tryRestore(page);
    await expect(page.getByText(trialText.good)).toBeVisible(slow);
  });

  await damage(join(dataFolder, repository, "data"));

  await test.step("damaged", async () => {
    await startCheck(page);
    await expect(page.getByRole("heading", { name: checkText.found(checkText.subject) })).toBeVisible(slow);
    await expect(page.getByRole("region", { name: checkText.badList })).toContainText("data/");
    await tryRestore(page);
    await expect(page.getByText(trialText.bad)).toBeVisible(slow);
    await expect(page.getByText("noise.bin").first()).toBeVisible();
  });
});

async function backUpByRestic(server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const tree = new TreeWriter(join(workFolder, "Documents"));
  tree.file("noise.bin", seededBytes(1, 20_000_000));
  tree.file("letter.txt", "Dear restic\n");
  const restic = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await restic.succeed(["init"]);
    await restic.succeed(["backup", "--host", "attic", "Documents"], { cwd: workFolder });
  } finally {
    await restic.close();
  }
}

async function startCheck(page: Page): Promise<void> {
  await page.getByRole("link", { name: connectText.settings }).first().click();
  await page.getByRole("button", { name: checkText.start }).click();
}

async function tryRestore(page: Page): Promise<void> {
  await page.getByRole("link", { name: snapshotsText.title, exact: true }).first().click();
  await page.getByTitle(snapshotsText.details).first().click();
  await page.getByRole("button", { name: trialText.start }).click();
}

/** Alters a byte in the midst of the largest pack. */
async function damage(folder: string): Promise<void> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  let [largest, path] = [Buffer.alloc(0), ""];
  for (const entry of found.filter((one) => one.isFile())) {
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.length > largest.length) [largest, path] = [bytes, join(entry.parentPath, entry.name)];
  }
  const middle = Math.floor(largest.length / 2);
  largest[middle] = (largest[middle] ?? 0) ^ 1;
  await rm(path);
  await writeFile(path, largest);
}
