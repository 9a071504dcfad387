import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { filesText } from "../../src/ui/text/files.ts";
import { jobsText } from "../../src/ui/text/jobs.ts";
import { saveText } from "../../src/ui/text/save.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";
import { expect, type StartedServer, test } from "./fixture.ts";
import { slow, typeLocation, unlock } from "./steps.ts";

const mebibyte = 1024 * 1024;
/** HOLDALL_DOWNLOAD_MEBIBYTES and HOLDALL_ZIP_FILES ask for more. */
const fileBytes = Number(process.env["HOLDALL_DOWNLOAD_MEBIBYTES"] ?? "512") * mebibyte;
const fileCount = Number(process.env["HOLDALL_ZIP_FILES"] ?? "2000");
const allowedGrowthBytes = 300_000_000;
const patience = { timeout: 30 * 60_000 };

const repository = "memory";
const password = "a password for memory";

test.describe.configure({ timeout: 45 * 60_000 });
// A trace keeps what the page receives: it would be measured along.
test.use({ trace: "off", screenshot: "off" });
test.skip(process.platform !== "linux", "processes are measured by /proc");

test("what a large download takes does not grow with its length", async ({ page, server, workFolder }) => {
  const source = join(workFolder, "Documents");
  await mkdir(source);
  await writeRepeating(join(source, "large.bin"), fileBytes);
  await openBackup(page, server, workFolder);
  // Whatever is kept up to a limit, by the engine, by garbage collectors and by the inspector of a driven browser, is
  // there after the first time. Were the bytes themselves held, the second time would take as much again.
  const first = await peakDuring("the large file", () => downloadLarge(page));
  const second = await peakDuring("the large file again", () => downloadLarge(page));
  expect(second - first).toBeLessThan(fileBytes * 0.4);
});

test("a ZIP of many small files is downloaded without the browser holding it", async ({ page, server, workFolder }) => {
  const tree = new TreeWriter(join(workFolder, "Documents"));
  for (let at = 0; at < fileCount; at++) tree.file(`${at % 100}/${at}.txt`, `file ${at}\n`.repeat(1 + (at % 500)));
  await openBackup(page, server, workFolder);
  const before = sumOf(await browserShares());
  const peak = await peakDuring(`${fileCount} files`, async () => {
    await page.getByRole("button", { name: filesText.saveAll }).click();
    const downloading = page.waitForEvent("download", patience);
    await page.getByRole("dialog").getByRole("button", { name: saveText.start.zip }).click(patience);
    const download = await downloading;
    expect(await download.failure()).toBeNull();
    await expect(page.getByRole("heading", { name: jobsText.download.done(download.suggestedFilename()) })).toBeVisible(
      patience,
    );
  });
  expect(peak - before).toBeLessThan(allowedGrowthBytes);
});

async function downloadLarge(page: Page): Promise<void> {
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: filesText.downloadNamed("large.bin") }).click();
  const download = await downloading;
  expect((await stat(await download.path())).size).toBe(fileBytes);
  await download.delete();
}

async function openBackup(page: Page, server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const restic = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await restic.succeed(["init"]);
    const options = { cwd: workFolder, timeoutMilliseconds: patience.timeout };
    await restic.succeed(["backup", "--host", "attic", "Documents"], options);
  } finally {
    await restic.close();
  }
  await page.goto("/");
  await typeLocation(page, server, repository);
  await unlock(page, password);
  const snapshot = page
    .getByRole("main")
    .getByRole("link")
    .filter({ has: page.getByRole("time") });
  await snapshot.click(slow);
  await page.getByRole("main").getByRole("link", { name: "Documents", exact: true }).click(slow);
  await expect(page.getByRole("button", { name: filesText.saveAll })).toBeVisible(slow);
}

/** The same few random chunks again and again: the repository stays small, what is read does not. */
async function writeRepeating(path: string, length: number): Promise<void> {
  const period = seededBytes(5, 32 * mebibyte);
  const file = createWriteStream(path);
  for (let written = 0; written < length; written += period.length) {
    if (!file.write(period)) await once(file, "drain");
  }
  file.end();
  await once(file, "finish");
}

const sampleMs = 1000;

/** Bytes by the kind of the browser's processes: "browser", "renderer", "utility"… */
type Shares = ReadonlyMap<string, number>;

/** The most memory that the browser's processes took during this work, in bytes. */
async function peakDuring(what: string, work: () => Promise<void>): Promise<number> {
  const before = await browserShares();
  let most = before;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const now = await browserShares();
      if (sumOf(now) > sumOf(most)) most = now;
      await new Promise((resolve) => setTimeout(resolve, sampleMs));
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  const kinds = [...most].map(([kind, bytes]) => `${kind} ${megabytes(bytes)}`).join(", ");
  const growth = megabytes(sumOf(most) - sumOf(before));
  process.stdout.write(`${what}: ${megabytes(sumOf(most))} MB at most (${kinds}), ${growth} MB more than before\n`);
  return sumOf(most);
}

function sumOf(shares: Shares): number {
  return [...shares.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** The proportional shares of all processes that this test's browser started. */
async function browserShares(): Promise<Shares> {
  const processes = await processTable();
  const mine = new Set([process.pid]);
  // A process can be listed before its parent: until nobody is added any more.
  for (let known = 0; known !== mine.size; ) {
    known = mine.size;
    for (const { pid, parent } of processes) if (mine.has(parent)) mine.add(pid);
  }
  const shares = new Map<string, number>();
  for (const { pid, name } of processes) {
    if (!mine.has(pid) || !/chrom/i.test(name)) continue;
    const kind = await kindOf(pid);
    shares.set(kind, (shares.get(kind) ?? 0) + (await shareOf(pid)));
  }
  if (shares.size === 0) throw new Error("no process of the browser is found");
  return shares;
}

async function kindOf(pid: number): Promise<string> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return /--type=([a-z-]+)/.exec(line)?.[1] ?? "browser";
}

interface ProcessLine {
  pid: number;
  parent: number;
  name: string;
}

async function processTable(): Promise<ProcessLine[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, "utf8").catch(() => "")));
  return lines.flatMap((line) => {
    const [, pid, name = "", parent] = /^(\d+) \((.*)\) \S (\d+)/s.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), name }];
  });
}

/** 0 for a process that ended meanwhile. */
async function shareOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
}
