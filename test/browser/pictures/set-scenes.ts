import type { Page } from "playwright-core";
import { noRules } from "../../../src/core/archiver/backup-rules.ts";
import type { BackupPreview, BackupRun, BackupSetInfo, PreviewFolder } from "../../../src/workers/repository-api.ts";
import { backupRun, backupSet, backupSetInfo } from "../../support/backup-set.ts";
import { type FakeRepository, fakeSnapshot } from "../../support/fake-repository-api.ts";
import { drop, openBackup, openRecent, type Prepared, pick, type Scene } from "./scene-steps.ts";

const nowMs = Date.now();
const hour = 3_600_000;
const day = 24 * hour;
const address = "https://nas.home:8000/photos/";

const own: Prepared = {
  memory: {
    settings: { idleMinutes: 15, theme: "system", budgetBytes: 500_000_000, notifies: false },
    recents: [{ id: address, place: { kind: "rest", url: address }, label: "photos", lastOpenedMs: nowMs - day }],
  },
  keptSources: [
    { setId: backupSet().id, sourceId: "documents" },
    { setId: "b".repeat(32), sourceId: "camera" },
    { setId: "c".repeat(32), sourceId: "thesis" },
  ],
};

const documentsRun = backupRun({
  startedMs: nowMs - 2 * hour,
  snapshot: (nowMs - 2 * hour).toString(16).padStart(64, "5"),
  filesNew: 14,
  filesChanged: 3,
  failures: 2,
  bytesStored: 3.1e6,
  durationMs: 84_000,
});

const documents = backupSetInfo(
  { rules: { ...noRules, exclude: ["node_modules", "*.iso"], excludeCaches: true }, reminderDays: 7 },
  { runs: [documentsRun] },
);

const photos = backupSetInfo(
  {
    id: "b".repeat(32),
    name: "Phone photos",
    hostname: "maple-browser",
    sources: [
      { id: "camera", rootName: "Camera", kind: "folder" },
      { id: "picks", rootName: "Picked from chats and mails", kind: "files" },
    ],
    reminderDays: 7,
    skipIfUnchanged: true,
  },
  { runs: [backupRun({ startedMs: nowMs - 12 * day, outcome: "unchanged" })] },
);

const thesis = backupSetInfo(
  {
    id: "c".repeat(32),
    name: "Thesis",
    hostname: "maple-browser",
    sources: [{ id: "thesis", rootName: "thesis", kind: "folder" }],
    rules: { ...noRules, exclude: ["*.aux", "build"] },
  },
  {
    runs: [
      backupRun({ startedMs: nowMs - 26 * hour, outcome: "failed", code: "storage-full", bytesStored: 214e6 }),
      backupRun({ startedMs: nowMs - 50 * hour, filesNew: 2, bytesStored: 12_000 }),
    ],
  },
);

const cutOff: BackupSetInfo = {
  ...documents,
  unfinished: {
    startedMs: nowMs - 40 * 60_000,
    filesDone: 7612,
    bytesDone: 23.4e9,
    bytesUploaded: 131e6,
    currentPath: "/Documents/Projects/kitchen/plans/2026 second floor",
  },
};

const manyRuns: BackupSetInfo = {
  ...documents,
  runs: [
    documentsRun,
    backupRun({ startedMs: nowMs - 3 * hour, outcome: "dry-run", filesNew: 14, filesChanged: 3, durationMs: 21_000 }),
    backupRun({ startedMs: nowMs - 28 * hour, outcome: "unchanged", durationMs: 19_000 }),
    backupRun({
      startedMs: nowMs - 30 * hour,
      outcome: "failed",
      code: "lock-lost",
      bytesStored: 88e6,
      durationMs: 640_000,
    }),
    backupRun({ startedMs: nowMs - 54 * hour, outcome: "cancelled", bytesStored: 512e6, durationMs: 95_000 }),
    ...Array.from({ length: 9 }, (_, at) =>
      backupRun({
        startedMs: nowMs - (4 + at * 3) * day,
        snapshot: (at + 1).toString(16).padStart(64, "9"),
        filesNew: (at * 37) % 120,
        filesChanged: (at * 11) % 17,
        bytesStored: 1.9e6 * (at + 1) ** 2,
        failures: at === 4 ? 1 : 0,
        durationMs: 30_000 + at * 11_000,
      }),
    ),
  ],
};

const preview: BackupPreview = {
  files: 12_481,
  bytes: 38_200_000_000,
  excludedFiles: 1204,
  excludedFolders: 37,
  folders: previewFolders({
    Documents: [8214, 24.6e9],
    "Documents/Projects": [6120, 18.1e9],
    "Documents/Projects/kitchen": [2011, 11.2e9],
    "Documents/Projects/house": [3890, 6.6e9],
    "Documents/Mail": [12, 4.9e9],
    "Documents/Letters and contracts of the years before the move": [1830, 410e6],
    "Documents/Taxes": [220, 96e6],
    Photos: [4267, 13.6e9],
    "Photos/2026": [2100, 8.8e9],
    "Photos/2025": [1900, 4.4e9],
    "Photos/Screenshots [old]": [260, 310e6],
  }),
  excluded: [
    { path: ["Documents", "Downloads"], isFolder: true, bytes: null, reason: "pattern" },
    { path: ["Documents", "Projects", "kitchen", "node_modules"], isFolder: true, bytes: null, reason: "pattern" },
    { path: ["Documents", "Projects", ".cache"], isFolder: true, bytes: null, reason: "cache" },
    { path: ["Documents", "Systems", "install.iso"], isFolder: false, bytes: 4.7e9, reason: "size" },
    { path: ["Photos", "Thumbs.db"], isFolder: false, bytes: 31_000, reason: "pattern" },
  ],
  failures: [{ path: "/Documents/Mail/old.pst", code: "source-unreadable", context: { reason: "NotReadableError" } }],
  complete: true,
};

export const setScenes: readonly Scene[] = [
  {
    name: "sets-mixed",
    prepared: own,
    show: (page) => openSets(page, { sets: [documents, photos, thesis] }),
  },
  { name: "sets-guest", show: (page) => openBackup(page, { sets: [documents] }) },
  { name: "sets-unfinished", prepared: own, show: (page) => openSets(page, { sets: [cutOff, thesis] }) },
  { name: "sets-failed", prepared: own, show: (page) => openSetsFailed(page) },
  {
    name: "sets-menu",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [documents, photos] });
      await page.getByRole("button", { name: "More for Documents" }).click();
      await page.getByRole("button", { name: "Dry run of Documents" }).waitFor();
    },
  },
  {
    name: "sets-remove",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [documents, photos] });
      await page.getByRole("button", { name: "More for Documents" }).click();
      await page.getByRole("button", { name: "Remove Documents" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
  {
    name: "sets-reconnect",
    prepared: { ...own, lapsed: true },
    async show(page) {
      await openSets(page, { sets: [documents, photos] });
      await page.getByRole("button", { name: "Run Phone photos" }).click();
      await page.getByRole("heading", { name: "Choose the folders again" }).waitFor();
    },
  },
  {
    name: "sets-draft",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [thesis] });
      await drop(page);
      await page.getByText(/^(Continues|Starts)/).waitFor();
      await page.getByRole("link", { name: "Back to the sets" }).click();
      await page.getByText("A new set was begun").waitFor();
    },
  },
  {
    name: "set-twin",
    async show(page) {
      const twin = backupSetInfo({
        name: "Everything",
        sources: ["Documents", "Photos"].map((rootName) => ({ id: rootName, rootName, kind: "folder" })),
      });
      await openBackup(page, { sets: [twin] });
      await drop(page);
      await page.getByText("Two sets never share").waitFor();
    },
  },
  {
    name: "set-edit",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [documents, photos] });
      await page.getByRole("link", { name: "Edit Phone photos" }).click();
      await page.getByRole("heading", { name: "Change Phone photos" }).waitFor();
      await page.getByText(/^(Continues|Starts)/).waitFor();
    },
  },
  {
    name: "set-everything",
    async show(page) {
      await everythingOpen(page);
      await page.getByRole("heading", { name: "Leave out" }).scrollIntoViewIfNeeded();
      await page.getByText("cannot be read.").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "set-limits",
    async show(page) {
      await everythingOpen(page);
      await page.getByRole("button", { name: "Start backup" }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: "set-preview",
    async show(page) {
      await pick(page, { backupPreview: preview, parent: { parent: null, invisibleEntries: 0 } });
      await page.getByText("More choices").click();
      await page.getByLabel("Patterns", { exact: true }).fill("/Documents/Downloads\n");
      await page.getByText("More choices").click();
      await page.getByRole("button", { name: "See what is included" }).click();
      await page.getByText("12,481 files").waitFor();
      await page.getByRole("button", { name: "Show what is in Documents/Projects" }).click();
      await page.getByText(/^Left out: /).click();
      await page.getByText(/^Left out: /).scrollIntoViewIfNeeded();
      await page.getByText("a cache folder").scrollIntoViewIfNeeded();
    },
  },
  {
    name: "set-history",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [manyRuns], snapshots: manyRuns.runs.flatMap(snapshotOf) });
      await page.getByRole("link", { name: "History of Documents" }).click();
      await page.getByRole("heading", { name: "History of Documents" }).waitFor();
    },
  },
  {
    name: "set-series",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [thesis], snapshots: seriesSnapshots() });
      await page.getByRole("link", { name: "Continue a series" }).click();
      await page.getByRole("heading", { name: "Continue a series" }).waitFor();
    },
  },
  {
    name: "set-continued",
    prepared: own,
    async show(page) {
      await openSets(page, { sets: [thesis], snapshots: seriesSnapshots() });
      await page.getByRole("link", { name: "Continue a series" }).click();
      await page.getByRole("button", { name: "Continue /Documents, /Photos on laptop-browser" }).click();
      await page.getByText(/^(Continues|Starts)/).waitFor();
    },
  },
];

/** All but the oldest are still there. */
function snapshotOf({ snapshot, startedMs }: BackupRun) {
  if (snapshot === null || nowMs - startedMs > 20 * day) return [];
  return [fakeSnapshot({ id: snapshot, timeMs: startedMs })];
}

async function openSets(page: Page, changes: Partial<FakeRepository>): Promise<void> {
  await openRecent(page, changes);
  await page.getByRole("link", { name: "Back up", exact: true }).first().click();
  await page.getByRole("list", { name: "Sets" }).waitFor();
}

async function openSetsFailed(page: Page): Promise<void> {
  await openRecent(page, { setsRefusal: "quota-exceeded" });
  await page.getByRole("link", { name: "Back up", exact: true }).first().click();
  await page.getByRole("alert").waitFor();
}

/** A new set with every choice made, one of them wrongly. */
async function everythingOpen(page: Page): Promise<void> {
  await pick(page, { parent: { parent: null, invisibleEntries: 0 } });
  await page.getByText("More choices").click();
  await page.getByRole("checkbox", { name: /^Caches/ }).check();
  await page
    .getByLabel("Patterns", { exact: true })
    .fill("# what can be made again\n*.iso\n/Documents/Old\nphoto[0-9\n!keep.iso\n");
  await page.getByLabel("Files larger than", { exact: true }).fill("1.5");
  await page.getByLabel("Upload at most", { exact: true }).fill("2,5");
  await page.getByLabel("Remind me after days", { exact: true }).fill("7");
  await page.getByText("cannot be read.").waitFor();
}

function seriesSnapshots() {
  const of = (hostname: string, paths: string[], programVersion: string, days: number) =>
    fakeSnapshot({ timeMs: nowMs - days * day, hostname, paths, programVersion, excludes: ["*.iso"], tags: ["home"] });
  return [
    of("nas", ["/srv/photos"], "restic 0.18.0", 0.5),
    of("nas", ["/music"], "restic 0.18.0", 1),
    of("laptop-browser", ["/Documents", "/Photos"], "holdall 0.1.0", 3),
    of("laptop-browser", ["/Documents", "/Photos"], "holdall 0.1.0", 4),
    of("maple-browser", ["/thesis"], "holdall 0.1.0", 5),
    of("phone-browser", ["/Camera"], "holdall 0.1.0", 40),
  ];
}

function previewFolders(folders: Record<string, [files: number, bytes: number]>): PreviewFolder[] {
  return Object.entries(folders).map(([path, [files, bytes]]) => ({ path: path.split("/"), files, bytes }));
}
