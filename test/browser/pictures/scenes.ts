import type { Page } from "playwright-core";
import type { BackupResult, RestoreResult } from "../../../src/workers/repository-api.ts";
import type { FakeRepository } from "../../support/fake-repository-api.ts";
import { fakeSnapshot } from "../../support/fake-repository-api.ts";
import { manyEntries, manySnapshots } from "./repository.ts";

/** One state of one screen, and how to get there from a fresh page. */
export interface Scene {
  name: string;
  show(page: Page): Promise<void>;
}

const nowMs = Date.now();

export const scenes: readonly Scene[] = [
  { name: "connect-fresh", show: async (page) => page.getByRole("heading", { name: "Open a repository" }).waitFor() },
  { name: "connect-opening", show: (page) => submit(page, { openHangs: true }) },
  { name: "connect-wrong-password", show: (page) => submit(page, {}, "mistyped") },
  { name: "connect-wrong-login", show: (page) => submit(page, { refusal: "login-rejected" }) },
  { name: "connect-no-repository", show: (page) => submit(page, { refusal: "no-repository" }) },
  { name: "connect-no-answer", show: (page) => submit(page, { refusal: "network" }) },
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
  { name: "snapshots-empty", show: (page) => open(page, { snapshots: [] }) },
  { name: "snapshots-3", show: (page) => open(page, {}) },
  {
    name: "snapshots-80",
    show: (page) => open(page, { snapshots: manySnapshots(nowMs, 80), unreadable: ["5a".repeat(32)] }),
  },
  { name: "snapshots-5000", show: (page) => open(page, { snapshots: manySnapshots(nowMs, 5000) }) },
  { name: "files-root", show: (page) => browse(page) },
  {
    name: "files-selected",
    async show(page) {
      await browse(page);
      for (let step = 0; step < 4; step += 1) await page.keyboard.press("Shift+ArrowDown");
    },
  },
  {
    name: "files-restore",
    async show(page) {
      await browse(page);
      await page
        .getByRole("button", { name: /^Restore/ })
        .first()
        .click();
      await page.getByRole("dialog").waitFor();
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
      await start(page, { parent: { parent: null, invisibleEntries: 0 }, backupEnd: backupResult() });
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
    name: "restore-result",
    async show(page) {
      await browse(page, { restoreEnd: restoreResult() });
      await page
        .getByRole("button", { name: /^Restore/ })
        .first()
        .click();
      await page.getByRole("button", { name: "Choose a folder…" }).click();
      await page.getByText("could not be restored").first().waitFor();
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
];

/** Fills the Connect form and submits it, on a repository with these changes; waits for what comes of it. */
async function submit(page: Page, changes: Partial<FakeRepository>, password = "correct"): Promise<void> {
  await change(page, changes);
  await page.getByLabel("Address").fill("rest:https://me:secret@nas.home:8000/photos");
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Open", exact: true }).click();
  await page.locator("[role=alert], [role=progressbar], .rail").first().waitFor();
}

async function change(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await page.evaluate(
    (given) => Object.assign((window as unknown as { repository: object }).repository, given),
    changes,
  );
}

async function open(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await submit(page, changes);
  await page.getByRole("heading", { name: "Snapshots", exact: true }).waitFor();
}

async function browse(page: Page, changes: Partial<FakeRepository> = {}): Promise<void> {
  await open(page, changes);
  await page.getByRole("link", { name: "Files", exact: true }).click();
  await page.getByText("Skógafoss").first().waitFor();
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

async function openBackup(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await open(page, changes);
  await page.getByRole("link", { name: "Back up", exact: true }).first().click();
  await page.getByText("Drop folders anywhere").waitFor();
}

async function pick(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await openBackup(page, changes);
  await page.evaluate(() => dispatchEvent(new DragEvent("drop", { dataTransfer: new DataTransfer() })));
  await page.getByText(/^(Continues|Starts)/).waitFor();
}

async function start(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await pick(page, changes);
  await page.getByRole("button", { name: "Start backup" }).click();
}

function resticSnapshot() {
  return fakeSnapshot({ timeMs: nowMs - 86_400_000, hostname: "nas", programVersion: "restic 0.18.0" });
}

function backupResult(): BackupResult {
  return {
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
  };
}

function restoreResult(): RestoreResult {
  return {
    files: 118,
    unchanged: 6,
    folders: 9,
    bytes: 3_400_000_000,
    bytesWritten: 3_100_000_000,
    renamed: [{ path: "/Documents/notes: draft.txt", writtenAs: "/Documents/notes_ draft.txt" }],
    skipped: [{ path: "/Documents/latest", type: "symlink" }],
    failures: [{ path: "/Documents/report.odt", code: "exists-already", context: {} }],
  };
}

async function offerUpdate(page: Page, says: string): Promise<void> {
  await page.evaluate(() => dispatchEvent(new Event("update-ready")));
  await page.getByText(says).waitFor();
}
