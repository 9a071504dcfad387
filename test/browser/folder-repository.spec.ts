import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type Page } from "@playwright/test";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { recoveryText } from "../../src/ui/text/recovery.ts";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { backupRequest } from "../support/backup-request.ts";
import { headlessChromium } from "../support/headless-chromium.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { describeTree, differences, seededBytes, TreeWriter } from "../support/source-tree.ts";
import { DrivenWorker, giveFolder, type KeptFolder } from "./driven-worker.ts";
import { answerFolderPicker, expect, makeProfile, type StartedServer, test } from "./fixture.ts";
import { slow, startBackup, unlock } from "./steps.ts";

const password = "folder pässword";
const keep = { kind: "nothing" };

test("a repository in a real folder is made, filled, checked by restic, opened again and restored from", async ({
  page,
  workFolder,
}) => {
  const { folder, source, target } = await makeFolders(workFolder);
  await page.goto("/");
  let worker = await DrivenWorker.start(page);
  let location = locationOf(await giveFolder(page, folder));
  expect(await worker.call("probe", { location })).toEqual({ state: "empty" });
  const made = await worker.call("create", { location, password, keep, formatVersion: 2 });
  expect(made).toMatchObject({ location: "backup", formatVersion: 2 });
  expect(await worker.call("probe", { location })).toEqual({ state: "repository" });
  const result = await worker.call("backup", await backupOf(page, source));
  expect(result).toMatchObject({ filesNew: sourceFiles, failures: [] });
  expect(await readdir(join(folder, "locks"))).toEqual([]);
  await withRestic(folder, (restic) => restic.succeed(["check", "--read-data"]));

  await page.reload();
  worker = await DrivenWorker.start(page);
  location = locationOf(await giveFolder(page, folder));
  expect(await worker.call("open", { location, password, keep })).toMatchObject({ id: made.id, offline: false });
  const { snapshots } = await worker.call("listSnapshots", {});
  expect(snapshots.map(({ id }) => id)).toEqual([result.snapshot?.id]);
  const again = await worker.call("backup", await backupOf(page, source));
  expect(again).toMatchObject({ filesUnmodified: sourceFiles, dataBlobs: 0, bytesRead: 0 });
  const restored = await worker.call("restore", {
    snapshot: result.snapshot?.id,
    paths: [[0]],
    target: await giveFolder(page, target),
    overwrite: "never",
  });
  expect(restored).toMatchObject({ files: sourceFiles, failures: [], renamed: [] });
  expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
  await worker.call("close", {});
});

test("the screens lead from an empty folder to a restored file", async ({ page, workFolder }) => {
  const { folder, source } = await makeFolders(workFolder);
  await page.goto("/");

  await test.step("create", async () => {
    await page.getByRole("button", { name: connectText.toCreate }).click();
    await page.getByRole("radio", { name: connectText.inFolder }).check();
    await chooseFolder(page, folder);
    await page.getByLabel(connectText.newPassword, { exact: true }).fill(password);
    await page.getByLabel(connectText.repeatPassword, { exact: true }).fill(password);
    await page.getByRole("button", { name: connectText.create, exact: true }).click();
    await page.getByRole("button", { name: recoveryText.done }).click(slow);
  });

  await test.step("back up", async () => {
    await page.getByRole("link", { name: snapshotsText.emptyAction }).click(slow);
    await startBackup(page, source, "cellar-browser");
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible(slow);
    expect(await readdir(join(folder, "locks"))).toEqual([]);
    await withRestic(folder, (restic) => restic.succeed(["check", "--read-data"]));
  });

  await test.step("reload, open again, and save a file", async () => {
    await page.reload();
    await page.getByRole("button", { name: connectText.toFolder }).click();
    await chooseFolder(page, folder);
    await unlock(page, password);
    const snapshot = page.getByRole("main").getByRole("link", { name: snapshotsText.files(sourceFiles) });
    await snapshot.first().click(slow);
    await page.getByRole("grid").getByRole("link", { name: "Documents", exact: true }).click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: filesText.downloadNamed("large.bin") }).click(),
    ]);
    await download.saveAs(join(workFolder, "large.bin"));
    const [saved, original] = await Promise.all([workFolder, source].map((path) => readFile(join(path, "large.bin"))));
    expect(saved?.equals(original ?? Buffer.alloc(0))).toBe(true);
  });
});

async function chooseFolder(page: Page, folder: string): Promise<void> {
  await answerFolderPicker(page, folder);
  await page.getByRole("button", { name: connectText.chooseFolder }).click();
}

test("restic's own repository is opened, read and filled in place", async ({ page, workFolder }) => {
  const { folder, source, target } = await makeFolders(workFolder);
  await withRestic(folder, async (restic) => {
    await restic.succeed(["init"]);
    await restic.succeed(["backup", "--host", "cellar", "Documents"], { cwd: workFolder });
  });
  await page.goto("/");
  const worker = await DrivenWorker.start(page);
  const location = locationOf(await giveFolder(page, folder));
  await worker.call("open", { location, password, keep });
  const { snapshots } = await worker.call("listSnapshots", {});
  const restored = await worker.call("restore", {
    snapshot: snapshots[0]?.id,
    paths: [[]],
    target: await giveFolder(page, target),
    overwrite: "never",
  });
  expect(restored).toMatchObject({ files: sourceFiles, failures: [] });
  expect(differences(await describeTree(source), await describeTree(join(target, "Documents")))).toEqual([]);
  const result = await worker.call("backup", await backupOf(page, source));
  expect(result).toMatchObject({ dataBlobs: 0, failures: [] });
  await withRestic(folder, (restic) => restic.succeed(["check", "--read-data"]));
});

test("wrong folders are told apart, and none of them is touched", async ({ page, workFolder }) => {
  const { folder } = await makeFolders(workFolder);
  await page.goto("/");
  const worker = await DrivenWorker.start(page);
  const outer = locationOf(await giveFolder(page, workFolder));
  const request = { location: outer, password, keep, formatVersion: 2 };
  expect(await worker.refusalOf("create", request)).toMatchObject({ code: "folder-not-empty" });

  const empty = locationOf(await giveFolder(page, folder));
  expect(await worker.refusalOf("open", { ...request, location: empty })).toMatchObject({ code: "no-repository" });
  expect(await readdir(folder)).toEqual([]);
  await worker.call("create", { ...request, location: empty });
  await worker.call("close", {});
  for (const method of ["probe", "open", "create"] as const) {
    const refusal = await worker.refusalOf(method, request);
    expect(refusal.wire).toMatchObject({ code: "repository-inside", context: { inside: "backup" } });
  }
  const refusal = await worker.refusalOf("create", { ...request, location: empty });
  expect(refusal).toMatchObject({ code: "repository-exists" });
  expect((await readdir(workFolder)).sort()).toEqual(["Documents", "backup", "target"]);
});

test("a folder that goes away while the repository is open is missed at once, and found again", async ({
  page,
  workFolder,
}) => {
  const { folder, source } = await makeFolders(workFolder);
  await page.goto("/");
  const worker = await DrivenWorker.start(page);
  const location = locationOf(await giveFolder(page, folder));
  await worker.call("create", { location, password, keep, formatVersion: 2 });
  await rename(folder, `${folder}-unplugged`);
  expect(await worker.refusalOf("listSnapshots", {})).toMatchObject({ code: "folder-gone" });
  expect(await worker.refusalOf("backup", await backupOf(page, source))).toMatchObject({ code: "folder-gone" });
  // Where a disk was mounted, an empty folder is left.
  await mkdir(folder);
  expect(await worker.refusalOf("listSnapshots", {})).toMatchObject({ code: "folder-gone" });
  expect(await worker.refusalOf("backup", await backupOf(page, source))).toMatchObject({ code: "folder-gone" });
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
  await rename(`${folder}-unplugged`, folder);
  expect(await worker.call("backup", await backupOf(page, source))).toMatchObject({ failures: [] });
  await withRestic(folder, (restic) => restic.succeed(["check", "--read-data"]));
});

test("a permission that lapsed or was never given is told as such", async ({ server, workFolder }) => {
  const { folder, source } = await makeFolders(workFolder);
  await withProfile({ file_system_write_guard: 1 }, server, async (page) => {
    let worker = await DrivenWorker.start(page);
    const kept = await giveFolder(page, folder);
    await worker.call("create", { location: locationOf(kept), password, keep, formatVersion: 2 });
    await remember(page, kept);
    await page.reload();
    worker = await DrivenWorker.start(page);
    await recall(page, kept);
    const request = { location: locationOf(kept), password, keep };
    for (const method of ["probe", "open"] as const) {
      expect(await worker.refusalOf(method, request)).toMatchObject({ code: "permission-lapsed" });
    }
  });
  await withProfile({ file_system_write_guard: 2, file_system_read_guard: 1 }, server, async (page) => {
    const worker = await DrivenWorker.start(page);
    const location = locationOf(await giveFolder(page, folder));
    await worker.call("open", { location, password, keep });
    expect(await worker.refusalOf("backup", await backupOf(page, source))).toMatchObject({ code: "permission-lapsed" });
  });
});

const sourceFiles = 23;

/** `backup`, still empty; `Documents`, a source; `target`, empty. */
async function makeFolders(workFolder: string): Promise<{ folder: string; source: string; target: string }> {
  const [folder, source, target] = [
    join(workFolder, "backup"),
    join(workFolder, "Documents"),
    join(workFolder, "target"),
  ];
  for (const path of [folder, source, target]) await mkdir(path);
  const tree = new TreeWriter(source);
  tree.file("large.bin", seededBytes(2, 6_000_001));
  tree.file("photos/größe ☃.jpg", seededBytes(3, 700_000));
  tree.file("empty", "");
  for (let i = 0; i < 20; i++) tree.file(`small/${i}.txt`, `small file ${i}\n`);
  return { folder, source, target };
}

function locationOf(handle: KeptFolder): object {
  return { kind: "folder", handle };
}

async function backupOf(page: Page, source: string): Promise<object> {
  const handle = await giveFolder(page, source);
  return {
    ...backupRequest({ hostname: "cellar-browser", utcOffsetMinutes: 60 }),
    sources: [{ rootName: "Documents", folder: { kind: "handle", handle }, addsToParent: false }],
  };
}

/** In the browser's storage, where handles outlive a reload. */
async function remember(page: Page, { keptFolder }: KeptFolder): Promise<void> {
  await page.evaluate(async (name) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open("kept-folders");
      request.onupgradeneeded = () => request.result.createObjectStore("handles");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const handle: unknown = Reflect.get(window, "keptFolders")[name];
    const transaction = database.transaction("handles", "readwrite");
    transaction.objectStore("handles").put(handle, name);
    // Only a committed transaction outlives the reload that follows; the request succeeds before.
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = reject;
    });
    database.close();
  }, keptFolder);
}

async function recall(page: Page, { keptFolder }: KeptFolder): Promise<void> {
  await page.evaluate(async (name) => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open("kept-folders");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const request = database.transaction("handles").objectStore("handles").get(name);
    const handle = await new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = reject;
    });
    Object.assign(window, { keptFolders: { [name]: handle } });
    database.close();
  }, keptFolder);
}

/** A page of the app in a browser whose user has set folder permissions in this way: 1 is always, 2 is never, else asked. */
async function withProfile(
  guards: Readonly<Record<string, number>>,
  server: StartedServer,
  work: (page: Page) => Promise<void>,
): Promise<void> {
  const peer = requirePeer("chromium");
  test.skip(peer === null, "no Chromium on this machine");
  const profile = await makeProfile();
  const preferences = { safebrowsing: { enabled: false }, profile: { default_content_setting_values: guards } };
  await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: peer?.path ?? "",
    ...headlessChromium,
    baseURL: server.address,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    await page.goto("/");
    await work(page);
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function withRestic(folder: string, work: (restic: Restic) => Promise<unknown>): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const restic = await Restic.open({ program, repository: folder, password });
  await work(restic).finally(() => restic.close());
}
