import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Locator, Page } from "@playwright/test";
import { backupText } from "../../src/ui/text/backup.ts";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { frameText } from "../../src/ui/text/frame.ts";
import { reportText, runText } from "../../src/ui/text/run.ts";
import { setsText } from "../../src/ui/text/sets.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";
import { expect, type StartedServer, test } from "./fixture.ts";
import { createRepository, restoreAllInto, saveFile, slow, startBackup, typeLocation, unlock } from "./steps.ts";

const repository = "main-job";
const password = "correct horse, Pferd & 馬";
const host = "kitchen-browser";

test("a real folder is backed up twice, and a file and a folder come back", async ({ page, server, workFolder }) => {
  const source = join(workFolder, "Documents");
  const before = join(workFolder, "before");
  const target = join(workFolder, "target");
  const pageErrors: string[] = [];
  page.on("pageerror", (error) => pageErrors.push(error.message));
  await mkdir(target);
  fillSource(source);
  await cp(source, before, { recursive: true });

  await test.step("create the repository", async () => {
    await page.goto("/");
    await createRepository(page, server, repository, password);
  });

  await test.step("back up", async () => {
    await page.getByRole("link", { name: snapshotsText.emptyAction }).click();
    // Before the first backup it is said what a browser cannot see.
    await expect(page.getByText(backupText.invisible)).toBeVisible();
    await backUp(page, source);
    await expect(figure(page, reportText.newFiles)).toHaveText(String(sourceFiles));
    await expect(figure(page, reportText.changedFiles)).toHaveText("0");
  });

  await test.step("change, and back up again", async () => {
    await changeSource(source);
    await page.getByRole("link", { name: runText.again }).click();
    // The first backup made a set, which now runs with one click.
    await page.getByRole("button", { name: setsText.runNamed("Documents") }).click();
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
    await expect(figure(page, reportText.newFiles)).toHaveText("1");
    await expect(figure(page, reportText.changedFiles)).toHaveText("1");
    await expect(page.getByText(reportText.unchanged(sourceFiles - 2))).toBeVisible();
  });

  await test.step("reload: everything is locked, and opens with the password", async () => {
    await page.reload();
    await typeLocation(page, server, repository);
    await unlock(page, password);
    await expect(snapshotLinks(page)).toHaveCount(2, slow);
  });

  await test.step("browse, and download a file", async () => {
    await snapshotLinks(page).first().click();
    await page.getByRole("link", { name: "Documents", exact: true }).click();
    await page.getByRole("link", { name: "photos", exact: true }).click();
    await saveFile(page, "größe ☃.jpg", join(workFolder, "downloads"));
    const saved = await describeTree(join(workFolder, "downloads"));
    const original = await describeTree(join(source, "photos"));
    expect([...saved.values()]).toEqual([original.get([...saved.keys()][0] ?? "")]);
  });

  await test.step("restore a folder", async () => {
    await page.getByRole("navigation", { name: filesText.crumbs }).getByRole("link", { name: "Documents" }).click();
    await expect(page.getByRole("link", { name: "photos", exact: true })).toBeVisible();
    await restoreAllInto(page, target, "Documents");
    expect(await differencesOf(source, join(target, "Documents"))).toEqual([]);
  });

  await test.step("lock", async () => {
    await page.getByRole("button", { name: frameText.lock, exact: true }).click();
    await expect(page.getByRole("heading", { name: connectText.title })).toBeVisible();
  });
  expect(pageErrors).toEqual([]);

  for (const peer of ["restic-0.14", "restic-0.18"] as const) {
    await test.step(`${peer} confirms the repository`, async () => {
      await confirm(peer, server, { latest: source, first: before, into: join(workFolder, peer) });
    });
  }
});

const sourceFiles = 48;

/** Names that Chromium lists, in several scripts; sizes around the chunker's limits; doubles and emptiness. */
function fillSource(folder: string): void {
  const tree = new TreeWriter(folder);
  const photo = seededBytes(1, 1_400_000);
  tree.file("large.bin", seededBytes(2, 9_000_001));
  tree.file("photos/größe ☃.jpg", photo);
  tree.file("photos/the same.jpg", photo);
  tree.file("photos/2024/写真.jpg", seededBytes(3, 524_288));
  tree.file("notes.txt", "the first version\n");
  tree.file(".hidden/empty", "");
  tree.file("gone tomorrow.log", "a line\n".repeat(100_000));
  tree.file("deep/a/b/c/leaf & \u{1f600}.txt", "leaf\n");
  tree.folder("empty folder/inside");
  for (let i = 0; i < 40; i++) tree.file(`small/${i}.txt`, `small file ${i}\n`);
}

/** One file changed, one new (its bytes are known), one gone. */
async function changeSource(folder: string): Promise<void> {
  const tree = new TreeWriter(folder);
  tree.file("notes.txt", "the second version, which is longer\n");
  tree.file("photos/2025/a copy.jpg", seededBytes(1, 1_400_000));
  await rm(join(folder, "gone tomorrow.log"));
}

async function backUp(page: Page, source: string): Promise<void> {
  await startBackup(page, source, host);
  await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
}

function snapshotLinks(page: Page): Locator {
  return page.getByRole("main").getByRole("link", { name: snapshotsText.files(sourceFiles) });
}

/** The value beside a name in a result. */
function figure(page: Page, name: string): Locator {
  return page
    .locator("dl > div")
    .filter({ has: page.getByRole("term").getByText(name, { exact: true }) })
    .getByRole("definition")
    .first();
}

interface Expected {
  latest: string;
  first: string;
  into: string;
}

/** restic finds nothing wrong, no lock left, and restores both snapshots as the folder was at their time. */
async function confirm(
  peerName: "restic-0.14" | "restic-0.18",
  server: StartedServer,
  expected: Expected,
): Promise<void> {
  const program = requirePeer(peerName);
  test.skip(program === null, `no ${peerName} on this machine`);
  if (program === null) return;
  const restic = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await restic.succeed(["check", "--read-data"]);
    expect((await restic.succeed(["list", "locks", "--no-lock"])).stdout.toString()).toBe("");
    const snapshots = (
      await restic.json<{ short_id: string; hostname: string; paths: string[] }[]>(["snapshots"])
    ).flat();
    expect(snapshots.map(({ hostname, paths }) => ({ hostname, paths }))).toEqual([
      { hostname: host, paths: ["/Documents"] },
      { hostname: host, paths: ["/Documents"] },
    ]);
    for (const [at, folder] of [expected.first, expected.latest].entries()) {
      const into = join(expected.into, String(at));
      await restic.succeed(["restore", snapshots[at]?.short_id ?? "", "--target", into]);
      expect(await differencesOf(folder, join(into, "Documents"))).toEqual([]);
    }
  } finally {
    await restic.close();
  }
}

async function differencesOf(expected: string, actual: string): Promise<string[]> {
  return differences(await describeTree(expected), await describeTree(actual));
}
