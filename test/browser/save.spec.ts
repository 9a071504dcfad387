import { execFileSync } from "node:child_process";
import { chmodSync, symlinkSync } from "node:fs";
import { lstat, mkdir, readFile, readlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BrowserContext, Download, Page, Route } from "@playwright/test";
import { errorTexts } from "../../src/ui/text/errors.ts";
import { filesText, previewText } from "../../src/ui/text/files.ts";
import { jobsText, resultText } from "../../src/ui/text/jobs.ts";
import { overwriteTexts, saveText, wayTexts } from "../../src/ui/text/save.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";
import { answerFolderPicker, expect, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const repository = "saving";
const password = "a password for saving";

test("a folder comes back as ZIP and as tar, byte for byte, and the tar keeps modes and links", async ({
  page,
  server,
  workFolder,
}) => {
  const source = join(workFolder, "Documents");
  const tree = new TreeWriter(source);
  tree.file("letter.txt", "Dear restic\n", new Date("2021-03-04T05:06:08Z"));
  tree.file("größe ☃/写真.jpg", seededBytes(1, 1_400_000));
  tree.file("größe ☃/empty", "");
  tree.file("script.sh", "#!/bin/sh\n");
  tree.folder("empty folder");
  for (let part = 0; part < 300; part++) tree.file(`many/${part}.txt`, `part ${part}\n`);
  const contents = await describeTree(source);
  chmodSync(join(source, "script.sh"), 0o750);
  symlinkSync("letter.txt", join(source, "latest"));
  await openBackup(page, server, workFolder);

  await test.step("ZIP", async () => {
    const archive = await saveAs(page, "zip", join(workFolder, "all.zip"));
    expect(archive.name).toMatch(/^[\w-]+ \d{4}-\d\d-\d\d Documents\.zip$/);
    execFileSync("unzip", ["-tq", archive.path]);
    execFileSync("unzip", ["-q", archive.path, "-d", join(workFolder, "unzipped")], { env: utf8 });
    expect(differences(contents, await describeTree(join(workFolder, "unzipped", "Documents")))).toEqual([]);
  });

  await test.step("tar", async () => {
    const archive = await saveAs(page, "tar", join(workFolder, "all.tar"));
    const into = join(workFolder, "untarred");
    await mkdir(into);
    execFileSync("tar", ["-xpf", archive.path, "-C", into]);
    const restored = join(into, "Documents");
    expect(await readlink(join(restored, "latest"))).toBe("letter.txt");
    expect((await lstat(join(restored, "script.sh"))).mode & 0o777).toBe(0o750);
    expect((await lstat(join(restored, "letter.txt"))).mtime.toISOString()).toBe("2021-03-04T05:06:08.000Z");
    execFileSync("rm", [join(restored, "latest")]);
    expect(differences(contents, await describeTree(restored))).toEqual([]);
  });
});

test("a download that is cancelled in the middle is no finished file", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  await largeBackup(page, server, workFolder);
  const gate = await gateAfter(context, 2);
  const [download] = await Promise.all([page.waitForEvent("download"), startZip(page)]);
  await gate.reached;
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await gate.open();
  await expect(
    page.getByRole("heading", { name: jobsText.download.cancelled(download.suggestedFilename()) }),
  ).toBeVisible(slow);
  expect(await download.failure()).not.toBeNull();
});

test("a pack that is damaged in the middle fails the download and says why", async ({
  page,
  context,
  server,
  workFolder,
}) => {
  await largeBackup(page, server, workFolder);
  await damageAfter(context, 2);
  const [download] = await Promise.all([page.waitForEvent("download"), startZip(page)]);
  await expect(page.getByRole("heading", { name: jobsText.download.failed(download.suggestedFilename()) })).toBeVisible(
    slow,
  );
  const titles = [errorTexts["mac-mismatch"].title, errorTexts["file-hash-mismatch"].title];
  await expect(page.getByRole("alert")).toContainText(new RegExp(titles.join("|")));
  expect(await download.failure()).not.toBeNull();
});

test("what is there already is left, compared or replaced, as was asked", async ({ page, server, workFolder }) => {
  const source = join(workFolder, "Documents");
  const target = join(workFolder, "target");
  const tree = new TreeWriter(source);
  tree.file("same.bin", seededBytes(3, 700_000));
  tree.file("changed.txt", "as it was in the snapshot\n");
  tree.file("missing.txt", "gone from the target\n");
  const there = new TreeWriter(join(target, "Documents"));
  there.file("same.bin", seededBytes(3, 700_000));
  there.file("changed.txt", "as somebody wrote it later\n");
  const changed = join(target, "Documents", "changed.txt");
  await openBackup(page, server, workFolder);

  await test.step("never: it stays", async () => {
    await restoreInto(page, target, "never");
    expect(await readFile(changed, "utf8")).toBe("as somebody wrote it later\n");
    expect(await readFile(join(target, "Documents", "missing.txt"), "utf8")).toBe("gone from the target\n");
    await expect(page.getByText(resultText.kept(2))).toBeVisible();
  });

  await test.step("if changed: only what differs is written", async () => {
    await page.getByRole("link", { name: jobsText.toFiles }).click();
    await restoreInto(page, target, "changed");
    expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
    await expect(page.getByText(resultText.unchanged(2))).toBeVisible();
  });

  await test.step("always: all of it is written", async () => {
    await writeFile(changed, "once more\n");
    await page.getByRole("link", { name: jobsText.toFiles }).click();
    await restoreInto(page, target, "always");
    expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
  });
});

test("a preview shows what is hostile, and runs none of it", async ({ page, server, workFolder }) => {
  const tree = new TreeWriter(join(workFolder, "Documents"));
  const run = "top.ran = parent.ran = window.ran = true; alert(1);";
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30" onload="${run}"><script>${run}</script><rect width="40" height="30"/></svg>`;
  tree.file("1 drawing.svg", svg);
  tree.file("2 page.png", `<!doctype html><script>${run}</script>`);
  tree.file("3 both.gif", Buffer.concat([gif, Buffer.from(`*/=1;${run}//`)]));
  tree.file("4 page.html", `<!doctype html><script>${run}</script><img src=x onerror="${run}">`);
  tree.file("5 link.svg", '<svg xmlns="http://www.w3.org/2000/svg"><a href="javascript:top.ran=true">x</a></svg>');
  const opened: string[] = [];
  page.on("dialog", (dialog) => {
    opened.push(dialog.message());
    void dialog.dismiss();
  });
  await openBackup(page, server, workFolder);
  const details = page.getByRole("complementary", { name: "Details" });
  const look = (name: string) => page.getByRole("row").filter({ hasText: name }).getByText(name).click();

  for (const name of ["1 drawing.svg", "3 both.gif", "5 link.svg"]) {
    await look(name);
    const picture = details.getByRole("img", { name: previewText.image(name) });
    await expect(picture).toBeVisible();
    await expect(picture).toHaveJSProperty("complete", true);
    // Its address is dead as soon as it is drawn, so nobody can open it as a page.
    await expect
      .poll(() =>
        picture.evaluate((image) =>
          fetch((image as HTMLImageElement).src).then(
            () => "alive",
            () => "dead",
          ),
        ),
      )
      .toBe("dead");
  }
  await look("2 page.png");
  await expect(details.getByText(previewText.other("disguised"))).toBeVisible();
  await expect(details.getByRole("img")).toHaveCount(0);
  await look("4 page.html");
  await expect(details.getByText(`<img src=x onerror="${run}">`)).toBeVisible();
  expect(await details.locator("img, iframe, object, embed, script").count()).toBe(0);
  expect(await page.evaluate(() => Reflect.get(window, "ran"))).toBeUndefined();
  expect(opened).toEqual([]);
});

/** A picture of one pixel, with a comment that begins after it for those who read it as a script. */
const gif = Buffer.from("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==", "base64");
const utf8 = { ...process.env, LC_ALL: "C.UTF-8" };

/** Makes a repository with restic of the folder Documents, and opens the folder in the app. */
async function openBackup(page: Page, server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const restic = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await restic.succeed(["init"]);
    await restic.succeed(["backup", "--host", "attic", "Documents"], { cwd: workFolder });
  } finally {
    await restic.close();
  }
  await page.goto("/");
  await typeLocation(page, server, repository);
  await unlock(page, password);
  await page
    .getByRole("main")
    .getByRole("link")
    .filter({ has: page.getByRole("time") })
    .click(slow);
  await page.getByRole("main").getByRole("link", { name: "Documents", exact: true }).click(slow);
  await expect(page.getByRole("button", { name: filesText.saveAll })).toBeVisible(slow);
}

async function largeBackup(page: Page, server: StartedServer, workFolder: string): Promise<void> {
  const tree = new TreeWriter(join(workFolder, "Documents"));
  for (let part = 1; part <= 12; part++) tree.file(`part ${part}.bin`, seededBytes(part, 12_000_000));
  await openBackup(page, server, workFolder);
}

async function startZip(page: Page): Promise<void> {
  await page.getByRole("button", { name: filesText.saveAll }).click();
  await page.getByRole("dialog").getByRole("button", { name: saveText.start.zip }).click(slow);
}

async function saveAs(page: Page, way: "zip" | "tar", path: string): Promise<{ name: string; path: string }> {
  await page.getByRole("button", { name: filesText.saveAll }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: wayTexts[way].name }).check();
  const downloading = page.waitForEvent("download");
  await dialog.getByRole("button", { name: saveText.start[way] }).click(slow);
  const download: Download = await downloading;
  await download.saveAs(path);
  await expect(page.getByRole("heading", { name: jobsText.download.done(download.suggestedFilename()) })).toBeVisible(
    slow,
  );
  await page.getByRole("link", { name: jobsText.toFiles }).click();
  return { name: download.suggestedFilename(), path };
}

async function restoreInto(page: Page, target: string, mode: "always" | "changed" | "never"): Promise<void> {
  await answerFolderPicker(page, target);
  await page.getByRole("button", { name: filesText.saveAll }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: wayTexts.folder.name }).check();
  await dialog.getByRole("button", { name: saveText.chooseFolder }).click();
  await dialog.getByRole("radio", { name: overwriteTexts[mode].name }).check(slow);
  await dialog.getByRole("button", { name: saveText.start.folder, exact: true }).click();
  await expect(page.getByRole("heading", { name: jobsText.restore.done("Documents") })).toBeVisible(slow);
}

const packs = /\/data\/[0-9a-f]{64}$/;

/** Lets so many requests for packs pass and holds the next ones, so that a download stands still in its middle. */
async function gateAfter(
  context: BrowserContext,
  count: number,
): Promise<{ reached: Promise<void>; open(): Promise<void> }> {
  let passed = 0;
  let reach: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  let release: () => void = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await context.route(packs, async (route) => {
    passed += 1;
    if (passed > count) {
      reach();
      await released;
    }
    // The page may have given it up meanwhile.
    await route.continue().catch(() => undefined);
  });
  return {
    reached,
    async open() {
      release();
    },
  };
}

/** Turns one bit in every pack that is read after so many. */
async function damageAfter(context: BrowserContext, count: number): Promise<void> {
  let passed = 0;
  await context.route(packs, async (route: Route) => {
    passed += 1;
    if (passed <= count) return route.continue();
    const response = await route.fetch();
    const body = await response.body();
    body.writeUInt8(body.readUInt8(body.length >> 1) ^ 1, body.length >> 1);
    return route.fulfill({ response, body });
  });
}
