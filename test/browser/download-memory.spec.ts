import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { connectText } from "../../src/ui/text/connect.ts";
import { filesText } from "../../src/ui/text/files.ts";
import { saveText } from "../../src/ui/text/save.ts";
import { requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";
import { BareBrowser } from "./bare-browser.ts";
import { expect, type StartedServer, test } from "./fixture.ts";

const mebibyte = 1024 * 1024;
/** HOLDALL_DOWNLOAD_MEBIBYTES and HOLDALL_ZIP_FILES ask for more. */
const fileBytes = Number(process.env["HOLDALL_DOWNLOAD_MEBIBYTES"] ?? "512") * mebibyte;
const fileCount = Number(process.env["HOLDALL_ZIP_FILES"] ?? "20000");
const allowedGrowthBytes = 300_000_000;
const patienceMs = 30 * 60_000;

const repository = "memory";
const password = "a password for memory";

test.describe.configure({ timeout: 45 * 60_000 });
test.skip(process.platform !== "linux", "processes are measured by /proc");

test("a large file is downloaded without the browser holding it", async ({ server, workFolder }) => {
  const source = join(workFolder, "Documents");
  await mkdir(source);
  await writeRepeating(join(source, "large.bin"), fileBytes);
  await backUp(server, workFolder);
  await using browser = await openBackup(server);
  let downloaded = "";
  const growth = await growthDuring(`${fileBytes / mebibyte} MiB`, async () => {
    const { path } = await browser.download(() => browser.press("button", filesText.downloadNamed("large.bin")));
    downloaded = path;
  });
  expect(await hashOf(downloaded)).toBe(await hashOf(join(source, "large.bin")));
  expect(growth).toBeLessThan(allowedGrowthBytes);
});

test("a ZIP of many small files is downloaded without the browser holding it", async ({ server, workFolder }) => {
  const tree = new TreeWriter(join(workFolder, "Documents"));
  for (let at = 0; at < fileCount; at++) tree.file(`${at % 100}/${at}.txt`, `file ${at}\n`.repeat(1 + (at % 500)));
  await backUp(server, workFolder);
  await using browser = await openBackup(server);
  const growth = await growthDuring(`${fileCount} files`, async () => {
    await browser.press("button", filesText.saveAll);
    const start = () => browser.press("dialog button", saveText.start.zip, patienceMs);
    const { path } = await browser.download(start);
    expect((await stat(path)).size).toBeGreaterThan(fileCount * 100);
  });
  expect(growth).toBeLessThan(allowedGrowthBytes);
});

async function backUp(server: StartedServer, workFolder: string): Promise<void> {
  const program = requirePeer("restic-0.18");
  test.skip(program === null, "no restic-0.18 on this machine");
  if (program === null) return;
  const restic = await Restic.open({ program, repository: server.resticLocation(repository), password });
  try {
    await restic.succeed(["init"]);
    const options = { cwd: workFolder, timeoutMilliseconds: patienceMs };
    await restic.succeed(["backup", "--host", "attic", "Documents"], options);
  } finally {
    await restic.close();
  }
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest("hex");
}

/** A browser that shows the folder that was backed up. */
async function openBackup(server: StartedServer): Promise<BareBrowser> {
  const chromium = requirePeer("chromium");
  test.skip(chromium === null, "no Chromium on this machine");
  const browser = await BareBrowser.start(chromium?.path ?? "", server.address);
  await browser.type(connectText.address, `${server.address}repos/${repository}/`);
  await browser.type(connectText.username, server.login.user);
  await browser.type(connectText.serverPassword, server.login.password);
  await browser.type(connectText.password, password);
  await browser.press("button", connectText.open);
  await browser.press("main a:has(time)", "");
  await browser.press("main a:not(:has(time))", "Documents");
  return browser;
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

const sampleMs = 250;

/** Bytes by the kind of the browser's processes: "browser", "renderer", "utility"… */
type Shares = ReadonlyMap<string, number>;

/** How much more memory the browser's processes took during this work, at most, than before it, in bytes. */
async function growthDuring(what: string, work: () => Promise<void>): Promise<number> {
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
  const growth = sumOf(most) - sumOf(before);
  process.stdout.write(
    `${what}: ${megabytes(growth)} MB more than the ${megabytes(sumOf(before))} before (${kinds})\n`,
  );
  return growth;
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
