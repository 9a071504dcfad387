import type { Page } from "playwright-core";
import { defaultSettings } from "../../../src/platform/device-memory.ts";
import type { BackupResult, LockInfo } from "../../../src/workers/repository-api.ts";
import { backupProgress, backupResult } from "../../support/backup-request.ts";
import { type FakeRepository, fakeSnapshot } from "../../support/fake-repository-api.ts";
import type { Scene } from "./scene-steps.ts";

const nowMs = Date.now();
const minute = 60_000;

const saving = backupProgress({
  phase: "saving",
  filesDone: 7612,
  filesFound: 12_481,
  bytesDone: 23_400_000_000,
  bytesFound: 38_200_000_000,
  foundAll: true,
  bytesRead: 1_940_000_000,
  bytesNew: 214_000_000,
  bytesUploaded: 131_000_000,
  currentPath: "/Documents/Projects/kitchen/plans/2026 second floor",
});
const prune: LockInfo = {
  id: "1f".repeat(32),
  hostname: "nas",
  username: "anna",
  pid: 4711,
  timeMs: nowMs - 3 * minute,
  exclusive: true,
  holder: "somebody",
};
const locks: LockInfo[] = [
  prune,
  {
    ...prune,
    id: "2a".repeat(32),
    timeMs: nowMs - minute,
    exclusive: false,
    hostname: "holdall-7f3k9q",
    holder: "here",
  },
  {
    ...prune,
    id: "3b".repeat(32),
    timeMs: nowMs - 2 * minute,
    exclusive: false,
    hostname: "holdall-m2x81d",
    username: "",
    holder: "other-tab",
  },
  {
    ...prune,
    id: "4c".repeat(32),
    timeMs: nowMs - 61 * minute,
    exclusive: false,
    hostname: "holdall-q0p5aa",
    username: "",
    holder: "left-behind",
  },
  {
    ...prune,
    id: "5d".repeat(32),
    timeMs: nowMs - 26 * 60 * minute,
    hostname: "a-laptop-with-a-name-that-somebody-made-longer-than-it-had-to-be",
    pid: 911,
  },
  { ...prune, id: "6e".repeat(32), timeMs: null, hostname: "", username: "", pid: null },
];
const question = {
  id: 1,
  kind: "shrunk",
  path: "/Documents/Photos from the old disk",
  entriesBefore: 412,
  entriesNow: 3,
} as const;

interface Steps {
  /** Opens the repository with these changes. */
  open(page: Page, changes: Partial<FakeRepository>): Promise<void>;
  /** Opens it, and starts a backup. */
  start(page: Page, changes: Partial<FakeRepository>): Promise<void>;
}

/** Backups while they run, what they become, and locks. */
export function runScenes({ open, start }: Steps): readonly Scene[] {
  return [
    {
      name: "run-own-device",
      prepared: { memory: { settings: { ...defaultSettings, notifies: true }, recents: [] } },
      show: (page) => run(page, { backupProgress: [saving] }, "Tell me when"),
    },
    {
      name: "run-paused",
      show: (page) => run(page, { backupProgress: [{ ...saving, paused: true }] }, "Resume"),
    },
    {
      name: "run-question",
      show: (page) => run(page, { backupProgress: [{ ...saving, question }] }, "Stop the backup"),
    },
    {
      name: "run-question-elsewhere",
      async show(page) {
        await run(page, { backupProgress: [{ ...saving, question }] }, "Stop the backup");
        await page.getByRole("link", { name: "Snapshots", exact: true }).click();
        await page.getByRole("link", { name: /^Answer/ }).waitFor();
      },
    },
    {
      name: "run-locked",
      show: (page) => run(page, { backupProgress: [backupProgress({ lockedBy: prune })], locks }, "Unlock…"),
    },
    {
      name: "run-offline",
      async show(page) {
        await run(page, { backupProgress: [{ ...saving, waiting: "network", failures: 2 }] }, "Pause");
        await page.evaluate(() => Reflect.get(window, "setOnline")(false));
        await page.getByText("goes on by itself when").waitFor();
      },
    },
    {
      name: "run-checking",
      show: (page) =>
        run(page, { backupProgress: [{ ...saving, phase: "checking", waiting: "server-busy" }] }, "Pause"),
    },
    {
      name: "run-failed-locked",
      show: (page) =>
        run(
          page,
          { backupEnd: "locked", backupEndContext: lockedContext(nowMs - 41 * minute), locks: [] },
          "Wait and try again",
        ),
    },
    {
      name: "run-failed-own-lock",
      show: (page) => {
        const left = { ...prune, holder: "left-behind" as const, hostname: "holdall-q0p5aa", username: "" };
        return run(
          page,
          { backupEnd: "locked", backupEndContext: lockedContext(nowMs - 3 * minute), locks: [left] },
          "Remove it and try again",
        );
      },
    },
    {
      name: "run-result-full",
      show: (page) =>
        run(
          page,
          {
            backupEnd: fullResult(),
            uploadCheckProgress: [
              { packsDone: 5, packsTotal: 12, bytesDone: 79_000_000, bytesTotal: 190_000_000, waiting: null },
            ],
          },
          "Check a sample",
        ),
    },
    {
      name: "run-result-checking",
      async show(page) {
        const progress = { packsDone: 5, packsTotal: 12, bytesDone: 79e6, bytesTotal: 190e6, waiting: null };
        await run(page, { backupEnd: soundResult(), uploadCheckProgress: [progress], uploadCheck: null }, "Check all");
        await page.getByRole("button", { name: "Check all" }).click();
        await page.getByText("5 of 12 packs").waitFor();
      },
    },
    {
      name: "run-result-checked",
      async show(page) {
        await run(
          page,
          { backupEnd: soundResult(), uploadCheck: { packs: 12, bytes: 190e6, failures: [] } },
          "Check all",
        );
        await page.getByRole("button", { name: "Check all" }).click();
        await page.getByText("every byte is as it was sent").waitFor();
      },
    },
    {
      name: "run-result-altered",
      async show(page) {
        const failures = [
          { path: "data/5d/5d41402abc4b2a76", code: "file-hash-mismatch" as const, context: { pack: "5d".repeat(32) } },
        ];
        await run(
          page,
          { backupEnd: soundResult(), uploadCheck: { packs: 12, bytes: 190e6, failures } },
          "Check a sample",
        );
        await page.getByRole("button", { name: "Check a sample" }).click();
        await page.getByText("not what was sent").waitFor();
      },
    },
    {
      name: "run-unchanged",
      show: (page) =>
        run(
          page,
          {
            backupEnd: backupResult({
              outcome: "unchanged",
              snapshot: null,
              filesUnmodified: 12_481,
              totalFiles: 12_481,
              totalBytes: 38.2e9,
              durationMs: 14_000,
              bytesRead: 1.2e9,
              rereadFiles: 416,
            }),
          },
          "Nothing new",
        ),
    },
    {
      name: "run-dry",
      show: (page) =>
        run(
          page,
          {
            backupEnd: {
              ...fullResult(),
              outcome: "dry-run",
              snapshot: null,
              bytesUploaded: 0,
              uploadedPacks: 0,
              lostPacks: 0,
              clockBehind: false,
              hiddenChanges: 0,
              failures: [],
            },
          },
          "Dry run",
        ),
    },
    {
      name: "locks",
      async show(page) {
        await showLocks(page, locks);
        await page.getByText("4711").waitFor();
      },
    },
    {
      name: "locks-risk",
      async show(page) {
        await showLocks(page, [prune]);
        await page.getByRole("button", { name: "Remove the lock of anna on nas" }).click();
        await page.getByText("Remove it only if").waitFor();
      },
    },
    {
      name: "locks-none",
      async show(page) {
        await showLocks(page, []);
        await page.getByText("There is no lock").waitFor();
      },
    },
    {
      name: "other-tab",
      async show(page) {
        const { phase, filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesUploaded, paused } = saving;
        const progress = { phase, filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesUploaded, paused };
        await open(page, { writer: { state: "elsewhere", progress } });
        await page.getByText("in another tab").waitFor();
      },
    },
    {
      name: "clock-ahead",
      async show(page) {
        const info = await openedInfo(page);
        await open(page, { info: { ...info, clockAheadMs: 7 * minute } });
        await page.getByText("7 minutes ahead").waitFor();
      },
    },
    {
      name: "clock-refused",
      async show(page) {
        const info = await openedInfo(page);
        await open(page, { info: { ...info, clockAheadMs: -26 * minute } });
        await page.getByText("26 minutes behind").waitFor();
      },
    },
    {
      name: "about-append-only",
      async show(page) {
        const info = await openedInfo(page);
        await open(page, { info: { ...info, appendOnly: true } });
        await page.getByRole("button", { name: /^About/ }).click();
        await page.getByRole("dialog").waitFor();
      },
    },
  ];

  async function run(page: Page, changes: Partial<FakeRepository>, says: string): Promise<void> {
    await start(page, { parent: { parent: null, invisibleEntries: 0 }, ...changes });
    await page.getByText(says).first().waitFor();
  }

  async function showLocks(page: Page, given: LockInfo[]): Promise<void> {
    await open(page, { locks: given });
    await page.getByRole("button", { name: /^About/ }).click();
    await page.getByRole("button", { name: "Locks…" }).click();
    await page.getByRole("dialog", { name: "Locks" }).waitFor();
  }
}

function openedInfo(page: Page): Promise<FakeRepository["info"]> {
  return page.evaluate(() => (window as unknown as { repository: FakeRepository }).repository.info);
}

function lockedContext(timeMs: number) {
  const { id, hostname, username, pid, exclusive } = prune;
  return { lock: id, hostname, username, pid, exclusive, time: new Date(timeMs).toISOString() };
}

function soundResult(): BackupResult {
  return backupResult({
    snapshot: fakeSnapshot({ timeMs: nowMs }),
    filesNew: 14,
    filesChanged: 3,
    filesUnmodified: 12_464,
    bytesRead: 1_940_000_000,
    bytesNew: 214_000_000,
    bytesUploaded: 190_000_000,
    dataBlobs: 188,
    treeBlobs: 31,
    totalFiles: 12_481,
    totalBytes: 38_200_000_000,
    durationMs: 252_000,
    uploadedPacks: 12,
  });
}

function fullResult(): BackupResult {
  return {
    ...soundResult(),
    clockBehind: true,
    failures: [
      { path: "/Documents/Mail/old.pst", code: "source-unreadable", context: { reason: "NotReadableError" } },
      { path: "/Documents/draft.odt", code: "source-changed", context: {} },
    ],
    rereadFiles: 416,
    hiddenChanges: 3,
    excluded: 1208,
    lostPacks: 2,
    waitedMs: 41_000,
    slow: [
      {
        path: "/Documents/Videos/The long road north, uncut and with all the rain.mp4",
        bytes: 1.1e9,
        durationMs: 71_000,
      },
      { path: "/Documents/Mail/archive.mbox", bytes: 412e6, durationMs: 18_000 },
      { path: "/Documents/Disk images/old laptop.vdi", bytes: 214e6, durationMs: 9000 },
    ],
  };
}
