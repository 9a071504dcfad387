import type { Page } from "playwright-core";
import type { Recent } from "../../../src/platform/device-memory.ts";
import type { Rung } from "../../../src/platform/doctor.ts";
import type { BackupResult, CheckDataResult, FailedFile, RestoreResult } from "../../../src/workers/repository-api.ts";
import { backupResult } from "../../support/backup-request.ts";
import type { FakeRepository } from "../../support/fake-repository-api.ts";
import { fakeSnapshot } from "../../support/fake-repository-api.ts";
import { manyEntries, manySnapshots } from "./repository.ts";
import { runScenes } from "./run-scenes.ts";
import { change, open, openBackup, type Prepared, pick, type Scene, submit } from "./scene-steps.ts";
import { setScenes } from "./set-scenes.ts";

const nowMs = Date.now();
const day = 86_400_000;

const nas = recentOf("https://nas.home:8000/photos/", "photos", nowMs - day);
const own: Prepared = {
  memory: {
    settings: { idleMinutes: 15, theme: "system", budgetBytes: 500_000_000, notifies: false },
    recents: [
      nas,
      recentOf("https://backup.example.org/anna/laptop/", "laptop", nowMs - 22 * day),
      recentOf(
        "http://127.0.0.1:4653/repos/a-name-that-somebody-made-longer-than-it-had-to-be/",
        "a-name-that-somebody-made-longer-than-it-had-to-be",
        nowMs - 400 * day,
      ),
    ],
  },
  copies: [[nas.id, 61_400_000]],
};
const blockedByPolicy: readonly Rung[] = [
  ...(["secure-context", "service-worker", "online", "mixed-content"] as const).map(goodRung),
  { name: "page-policy", state: "bad", detail: null },
];
const noCors: readonly Rung[] = [
  goodRung("secure-context"),
  { name: "service-worker", state: "unknown", detail: null },
  ...(["online", "page-policy", "mixed-content", "local-network", "reachable"] as const).map(goodRung),
  { name: "cors", state: "bad", detail: null },
];

export const scenes: readonly Scene[] = [
  { name: "connect-fresh", show: async (page) => page.getByRole("heading", { name: "Open a repository" }).waitFor() },
  { name: "connect-opening", show: (page) => submit(page, { openHangs: true }) },
  {
    name: "snapshots-indexing",
    async show(page) {
      await submit(page, { index: { filesDone: 31, filesTotal: 120 } });
      await page.getByText("Reading the index, 31 of 120").waitFor();
    },
  },
  {
    name: "snapshots-index-damaged",
    async show(page) {
      await submit(page, { index: "file-hash-mismatch" });
      await page.getByRole("button", { name: "Try again" }).waitFor();
    },
  },
  { name: "connect-wrong-password", show: (page) => submit(page, {}, "mistyped") },
  { name: "connect-wrong-login", show: (page) => submit(page, { refusal: "login-rejected" }) },
  { name: "connect-no-repository", show: (page) => submit(page, { refusal: "no-repository" }) },
  {
    name: "connect-doctor-policy",
    prepared: { rungs: blockedByPolicy },
    async show(page) {
      await submit(page, { refusal: "network" });
      await page.getByText("--proxy").waitFor();
    },
  },
  {
    name: "connect-doctor-cors",
    prepared: { rungs: noCors },
    async show(page) {
      await submit(page, { refusal: "network" });
      await page.getByText("Access-Control-Allow-Origin").first().waitFor();
    },
  },
  { name: "connect-recents", prepared: own, show: (page) => page.getByRole("button", { name: /^photos/ }).waitFor() },
  {
    name: "connect-recent-wrong-password",
    prepared: own,
    async show(page) {
      await page.getByRole("button", { name: /^photos/ }).click();
      await page.getByLabel("Password", { exact: true }).fill("mistyped");
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "connect-recent-login",
    prepared: own,
    async show(page) {
      await change(page, { refusal: "login-rejected" });
      await page.getByRole("button", { name: /^photos/ }).click();
      await page.getByLabel("Password", { exact: true }).fill("correct");
      await page.getByRole("button", { name: "Open", exact: true }).click();
      await page.getByLabel("User name").waitFor();
    },
  },
  {
    name: "connect-folder",
    async show(page) {
      await page.getByRole("button", { name: "Open a folder on this computer" }).click();
      await page.getByText("A USB disk").waitFor();
    },
  },
  {
    name: "connect-forget",
    prepared: own,
    async show(page) {
      await page.getByRole("radio", { name: /Somebody else/ }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "connect-create",
    async show(page) {
      await submit(page, { refusal: "no-repository" });
      await page.getByRole("button", { name: "Create one here" }).click();
      await page.getByText("A lost password is lost data").waitFor();
    },
  },
  { name: "update-ready", show: (page) => offerUpdate(page, "It starts when the page is loaded again.") },
  {
    name: "update-waiting",
    async show(page) {
      await start(page, { parent: { parent: null, invisibleEntries: 0 } });
      await offerUpdate(page, "It can be loaded when 1 job has ended.");
    },
  },
  {
    name: "recovery-sheet",
    async show(page) {
      await change(page, { refusal: "no-repository" });
      await page.getByRole("button", { name: "Create a repository" }).click();
      await page.getByLabel("Address", { exact: true }).fill("rest:https://me:secret@nas.home:8000/photos");
      await page.getByLabel("New password", { exact: true }).fill("five words in a row");
      await page.getByLabel("The same again", { exact: true }).fill("five words in a row");
      await page.getByRole("button", { name: "Create repository" }).click();
      await page.getByRole("heading", { name: "Recovery sheet" }).waitFor();
    },
  },
  {
    name: "settings",
    prepared: own,
    async show(page) {
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByText("Holdall uses").waitFor();
    },
  },
  {
    name: "settings-guest",
    async show(page) {
      await open(page, {});
      await page.getByRole("link", { name: "Settings" }).and(page.locator(":visible")).click();
      await page.getByText("Holdall uses").waitFor();
    },
  },
  {
    name: "settings-dark",
    prepared: own,
    async show(page) {
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("radio", { name: "Dark" }).click();
      await page.getByText("Holdall uses").waitFor();
    },
  },
  { name: "snapshots-empty", show: (page) => open(page, { snapshots: [] }) },
  { name: "snapshots-3", show: (page) => open(page, {}) },
  {
    name: "snapshots-80",
    show: (page) => open(page, { snapshots: manySnapshots(nowMs, 80), unreadable: ["5a".repeat(32)] }),
  },
  { name: "snapshots-5000", show: (page) => open(page, { snapshots: manySnapshots(nowMs, 5000) }) },
  {
    name: "snapshots-filtered",
    async show(page) {
      await open(page, { snapshots: manySnapshots(nowMs, 218) });
      await page.getByRole("searchbox").fill("taxes laptop");
      await page.getByText(/ of 218$/).waitFor();
    },
  },
  {
    name: "snapshots-no-match",
    async show(page) {
      await open(page, { snapshots: manySnapshots(nowMs, 218) });
      await page.getByRole("searchbox").fill("nowhere");
      await page.getByText("No snapshot matches").waitFor();
    },
  },
  {
    name: "snapshots-offline",
    async show(page) {
      const snapshots = manySnapshots(nowMs, 12);
      const kept = snapshots.slice(0, 2).map(({ id }) => id);
      await open(page, { snapshots, offlineState: { bytes: 61.4e6, budgetBytes: 500e6, snapshots: kept } });
      await page.evaluate(() => Reflect.get(window, "setOnline")(false));
      await page.getByText("No network").waitFor();
    },
  },
  {
    name: "snapshots-details",
    async show(page) {
      await open(page, {});
      await page
        .getByRole("button", { name: /^Details of the snapshot/ })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "snapshots-failing",
    async show(page) {
      await submit(page, { listRefusal: "listing-malformed" });
      await page.getByRole("alert").waitFor();
    },
  },
  { name: "files-root", show: (page) => browse(page) },
  {
    name: "files-selected",
    async show(page) {
      await browse(page);
      for (let step = 0; step < 4; step += 1) await page.keyboard.press("Shift+ArrowDown");
    },
  },
  { name: "files-preview-text", show: (page) => lookAt(page, "itinerary.md", longText) },
  { name: "files-preview-image", show: (page) => lookAt(page, "IMG_2042.jpg", null) },
  { name: "files-preview-other", show: (page) => lookAt(page, "packing list <final> (2).txt", "PK\u0003\u0004") },
  {
    name: "files-preview-failed",
    async show(page) {
      await browse(page, { preview: "blob-missing" });
      await look(page, "itinerary.md");
      await page.getByText("There is no preview").waitFor();
    },
  },
  {
    name: "files-failing",
    async show(page) {
      await open(page, { folderRefusal: "tree-malformed" });
      await page.getByRole("link", { name: "Files", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "files-offline",
    async show(page) {
      await open(page, { folderRefusal: "network" });
      await page.evaluate(() => Reflect.get(window, "setOnline")(false));
      await page.getByRole("link", { name: "Files", exact: true }).click();
      await page.getByText("needs the network").waitFor();
    },
  },
  {
    name: "files-save",
    async show(page) {
      await browse(page);
      await page.getByRole("button", { name: "Save this folder…" }).click();
      await page.getByText("412 files").waitFor();
    },
  },
  {
    name: "files-plan",
    async show(page) {
      await browse(page);
      await planRestore(page);
      await page.getByText("The same with restic").click();
    },
  },
  {
    name: "files-100000",
    async show(page) {
      await manyFiles(page);
      await page.keyboard.press("End");
      await page.getByText("IMG_099999.jpg").first().waitFor();
    },
  },
  {
    name: "about",
    async show(page) {
      await open(page, {});
      await page.getByRole("button", { name: /^About/ }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  { name: "backup-none", show: (page) => openBackup(page, {}) },
  ...setScenes,
  { name: "backup-picked", show: (page) => pick(page, {}) },
  { name: "backup-foreign", show: (page) => pick(page, { parent: { parent: resticSnapshot(), invisibleEntries: 0 } }) },
  {
    name: "backup-running",
    async show(page) {
      await start(page, { parent: { parent: null, invisibleEntries: 0 } });
      await page.getByText("12,481 files").waitFor();
    },
  },
  {
    name: "tray",
    async show(page) {
      await start(page, { parent: { parent: null, invisibleEntries: 0 } });
      await page.getByRole("link", { name: "Snapshots", exact: true }).click();
      await page.getByRole("complementary", { name: "Running jobs" }).waitFor();
    },
  },
  {
    name: "backup-result",
    async show(page) {
      await start(page, { parent: { parent: null, invisibleEntries: 0 }, backupEnd: mixedResult() });
      await page.getByText("could not be read").first().waitFor();
    },
  },
  {
    name: "backup-failed",
    async show(page) {
      await start(page, { parent: { parent: null, invisibleEntries: 0 }, backupEnd: "storage-full" });
      await page.getByText("The server is full").waitFor();
    },
  },
  {
    name: "restore-running",
    async show(page) {
      await browse(page);
      await planRestore(page);
      await page.getByRole("button", { name: "Restore", exact: true }).click();
      await page.getByRole("heading", { name: /^Restoring/ }).waitFor();
    },
  },
  {
    name: "restore-result",
    async show(page) {
      await browse(page, { restoreEnd: restoreResult() });
      await planRestore(page);
      await page.getByRole("button", { name: "Restore", exact: true }).click();
      await page.getByText("could not be had").first().waitFor();
    },
  },
  {
    name: "archive-failed",
    async show(page) {
      await browse(page, { restoreEnd: "mac-mismatch" });
      await page.getByRole("button", { name: "Save this folder…" }).click();
      await page.getByRole("button", { name: "Save ZIP" }).click();
      await page.getByRole("heading", { name: /was not downloaded/ }).waitFor();
    },
  },
  {
    name: "check-running",
    async show(page) {
      await open(page, {});
      await startCheck(page);
      await page.getByRole("heading", { name: /^Checking/ }).waitFor();
    },
  },
  {
    name: "check-sound",
    async show(page) {
      await open(page, { checkEnd: checkResult(false) });
      await startCheck(page);
      await page.getByText("Everything is as it was written").waitFor();
    },
  },
  {
    name: "check-damaged",
    async show(page) {
      await open(page, { checkEnd: checkResult(true) });
      await startCheck(page);
      await page.getByRole("heading", { name: /damage found$/ }).waitFor();
    },
  },
  {
    name: "trial-sound",
    async show(page) {
      const sound = {
        unchanged: 0,
        kept: 0,
        bytesWritten: restoreResult().bytes,
        renamed: [],
        skipped: [],
        failures: [],
      };
      await open(page, { restoreEnd: { ...restoreResult(), ...sound } });
      await page.getByTitle("Details").first().click();
      await page.getByRole("button", { name: "Try a restore" }).click();
      await page.getByText("Every file could be read").waitFor();
    },
  },
  {
    name: "lost",
    async show(page) {
      await open(page, {});
      await page.evaluate(() => (location.hash = "#/r/nowhere"));
      await page.getByText("There is no page here").waitFor();
    },
  },
  ...runScenes({ open, start }),
];

function recentOf(url: string, label: string, lastOpenedMs: number): Recent {
  return { id: url, place: { kind: "rest", url }, label, lastOpenedMs };
}

function goodRung(name: Rung["name"]): Rung {
  return { name, state: "good", detail: null };
}

async function startCheck(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Settings" }).and(page.locator(":visible")).click();
  await page.getByRole("button", { name: "Read and check all data" }).click();
}

async function browse(page: Page, changes: Partial<FakeRepository> = {}): Promise<void> {
  await open(page, changes);
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByText("Skógafoss").first().waitFor();
}

const longText = Array.from({ length: 400 }, (_, day) => `${day + 1}. Day ${day + 1}: the ring road, and rain.\n`).join(
  "",
);

/** Puts the cursor on a file with this text, or with a picture, and waits for what is shown of it. */
async function lookAt(page: Page, name: string, text: string | null): Promise<void> {
  await browse(page);
  await page.evaluate(async (given) => {
    const { repository } = window as unknown as { repository: FakeRepository };
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: 1200, height: 800 });
    const pen = canvas.getContext("2d");
    const sky = pen?.createLinearGradient(0, 0, 0, 800);
    if (!pen || !sky) throw new Error("no canvas");
    sky.addColorStop(0, "#f4c38b");
    sky.addColorStop(0.5, "#8fb6c9");
    sky.addColorStop(1, "#33525c");
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 1200, 800);
    const picture = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg"));
    const bytes =
      given === null
        ? new Uint8Array((await picture?.arrayBuffer()) ?? new ArrayBuffer())
        : new TextEncoder().encode(given);
    repository.preview = { bytes, totalBytes: given === null ? bytes.length : bytes.length * 3 };
  }, text);
  await look(page, name);
  await page.locator("img, pre, .details p.soft").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".waiting") === null);
}

/** A click where the details stand beside the list, a tap that opens them where they do not. */
async function look(page: Page, name: string): Promise<void> {
  await page.getByText(name, { exact: true }).first().click();
}

async function planRestore(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save this folder…" }).click();
  await page.getByRole("radio", { name: "Into a folder" }).check();
  await page.getByRole("button", { name: "Choose a folder…" }).click();
  await page.getByText("4 are there already").waitFor();
}

async function manyFiles(page: Page): Promise<void> {
  await open(page, {});
  // A function cannot cross to the page, so its result does.
  await page.evaluate(
    (entries) => {
      const { repository } = window as unknown as { repository: FakeRepository };
      repository.folder = () => ({ names: [], entries });
    },
    manyEntries(100_000, nowMs),
  );
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByText("IMG_000000.jpg").first().waitFor();
}

async function start(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await pick(page, changes);
  await page.getByRole("button", { name: "Start backup" }).click();
}

function resticSnapshot() {
  return fakeSnapshot({ timeMs: nowMs - 86_400_000, hostname: "nas", programVersion: "restic 0.18.0" });
}

function mixedResult(): BackupResult {
  return backupResult({
    snapshot: fakeSnapshot({ timeMs: nowMs }),
    filesNew: 14,
    filesChanged: 3,
    filesUnmodified: 12_464,
    bytesRead: 1_940_000_000,
    bytesNew: 214_000_000,
    bytesUploaded: 131_000_000,
    dataBlobs: 188,
    treeBlobs: 31,
    totalFiles: 12_479,
    totalBytes: 38_200_000_000,
    clockBehind: false,
    durationMs: 252_000,
    failures: [
      { path: "/Documents/Mail/old.pst", code: "source-unreadable", context: { reason: "NotReadableError" } },
      { path: "/Documents/draft.odt", code: "source-unreadable", context: { reason: "length changed" } },
    ],
  });
}

function checkResult(damaged: boolean): CheckDataResult {
  const pack = "3f9c2ab0d1e87654".padEnd(64, "7");
  const blob = "a1b2c3d4e5f60718".padEnd(64, "9");
  const failures: FailedFile[] = [
    { path: `data/${pack}`, code: "file-hash-mismatch", context: { type: "data", id: pack } },
    { path: `data/${pack}`, code: "mac-mismatch", context: { blob } },
    { path: `data/${blob}`, code: "pack-missing", context: { pack: blob } },
  ];
  return {
    packs: 2304,
    bytes: 38.6e9,
    blobs: 412_345,
    unnamedPacks: 2,
    unnamedBytes: 31e6,
    failures: damaged ? failures : [],
  };
}

function restoreResult(): RestoreResult {
  return {
    files: 118,
    unchanged: 6,
    kept: 0,
    folders: 9,
    bytes: 3_400_000_000,
    bytesWritten: 3_100_000_000,
    renamed: [{ path: "/Documents/notes: draft.txt", writtenAs: "/Documents/notes_ draft.txt" }],
    skipped: [{ path: "/Documents/latest", type: "symlink" }],
    failures: [
      { path: "/Documents/Mail/2019.mbox", code: "blob-missing", context: {} },
      { path: "/Documents/report.odt", code: "exists-already", context: {} },
    ],
  };
}

async function offerUpdate(page: Page, says: string): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event("update-ready")));
  await page.getByText(says).waitFor();
}
