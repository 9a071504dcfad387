import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureBuilt } from "../../src/server/fresh-clone.mjs";
import { type Peer, requirePeer } from "../support/peers.ts";
import type { RestServer } from "../support/rest-servers.ts";
import { Restic, type ResticSettings } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { seededBytes, sortedNames, TreeWriter } from "../support/source-tree.ts";
import { ChromiumApp } from "./chromium-app.ts";
import { type BackupRequest, Engine, type EngineLocation } from "./engine.ts";
import { FirefoxApp } from "./firefox-app.ts";

/** The built app in two browsers and the engine in Node: each lists, reads, cuts and encodes by itself. */
const chromium = requirePeer("chromium");
const firefox = requirePeer("firefox");
const resticPeer = requirePeer("restic-0.18");
const repository = "two-browsers";
const password = "one folder, three readers";
const rootName = "Documents";

test.skipIf(chromium === null || firefox === null || resticPeer === null)(
  "Chromium, Firefox and Node store the same folder as the same trees",
  async () => {
    if (chromium === null || firefox === null || resticPeer === null) return;
    ensureBuilt();
    const folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-two-browsers-")));
    const { app, server } = await ChromiumApp.besideRepositories(chromium);
    try {
      const sources = [{ rootName, path: join(folder, rootName) }];
      fillSource(join(folder, rootName));
      const location = { url: server.repositoryUrl(repository), login: server.login, password };
      const settings = { program: resticPeer, repository: server.resticRepository(repository), password };

      await backUpInChromium(app, server, { sources, hostname: "chromium" });
      await backUpInFirefox(firefox, location, { sources, hostname: "firefox" });
      await backUpInNode(location, { sources, hostname: "node" });

      const snapshots = await snapshotsOf(settings);
      const expected = { tree: snapshots[0]?.tree, parent: undefined, files: sourceFiles };
      expect(snapshots).toEqual(["chromium", "firefox", "node"].map((hostname) => ({ hostname, ...expected })));
    } finally {
      await app.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
);

async function backUpInChromium(app: ChromiumApp, server: RestServer, request: BackupRequest): Promise<void> {
  const page = app.on(repository, password);
  expect(await page.create(2)).toMatchObject({ exitCode: 0 });
  await new ResticKeys(server, repository).makeCheap([password]);
  expect(await page.backup(request)).toMatchObject({ exitCode: 0, result: { failures: [] } });
  await app.closeBrowser();
}

async function backUpInFirefox(program: Peer, location: EngineLocation, request: BackupRequest): Promise<void> {
  const app = await FirefoxApp.start(program, new URL("/", location.url).href);
  try {
    await app.open(location);
    await app.backup(request);
  } catch (error) {
    throw new Error(`in Firefox, which shows:\n${await app.shownText().catch(String)}`, { cause: error });
  } finally {
    await app.close();
  }
}

async function backUpInNode(location: EngineLocation, request: BackupRequest): Promise<void> {
  const engine = await Engine.open(location);
  try {
    expect(await engine.backup(request)).toMatchObject({ failures: [] });
  } finally {
    engine.close();
  }
}

interface StoredSnapshot {
  hostname: string;
  tree: string;
  parent: string | undefined;
  files: number | undefined;
}

/** As restic reads them, sorted by host. */
async function snapshotsOf(settings: ResticSettings): Promise<StoredSnapshot[]> {
  const restic = await Restic.open(settings);
  try {
    type Shown = StoredSnapshot & { summary?: { total_files_processed: number } };
    const snapshots = (await restic.json<Shown[]>(["snapshots"])).flat();
    return snapshots
      .map(({ hostname, tree, parent, summary }) => ({ hostname, tree, parent, files: summary?.total_files_processed }))
      .sort((a, b) => (a.hostname < b.hostname ? -1 : 1));
  } finally {
    await restic.close();
  }
}

/** Chromium leaves out names that end in a dot or a tilde. */
const names = sortedNames.filter((name) => !/[.~]$/.test(name));
const sourceFiles = 11 + names.length + 2 * 40;

/**
 * Names that both browsers list, in an order that differs between bytes, UTF-16 units and languages; times with fractions
 * of a millisecond, before 1970 and far ahead; sizes around the chunker's limits; links, which nobody follows. No
 * empty folders, which an input does not tell of.
 */
function fillSource(folder: string): void {
  const tree = new TreeWriter(folder);
  const photo = seededBytes(1, 1_400_000);
  tree.file("large.bin", seededBytes(2, 9_000_001));
  tree.file("photos/größe ☃.jpg", photo);
  tree.file("photos/the same.jpg", photo);
  tree.file("photos/2024/写真.jpg", seededBytes(3, 524_288));
  tree.file("zeros", Buffer.alloc(2_000_000));
  tree.file(".hidden/empty", "");
  tree.file("deep/a/b/c/leaf & \u{1f600}.txt", "leaf\n");
  tree.file("links/file", "the only one that is seen\n");
  symlinkSync("../large.bin", join(folder, "links/to a file"));
  symlinkSync("../photos", join(folder, "links/to a folder"));
  tree.file("times/before 1970", "old\n");
  tree.file("times/far ahead", "new\n");
  tree.file("times/fraction", "between two milliseconds\n");
  for (const name of names) tree.file(`names/${name}`, `${name}\n`);
  for (let i = 0; i < 40; i++) {
    tree.file(`small/${i}.txt`, `small file ${i}\n`);
    tree.file(`small/${i}/inside.txt`, "the same\n");
  }
  touch(folder, "2023-05-06T07:08:09.123456789Z", ".");
  // A whole millisecond: of fractions before 1970 Chromium shows the millisecond after, Firefox and Node the one before.
  touch(folder, "1969-12-31T23:59:58.125Z", "times/before 1970");
  touch(folder, "2099-01-02T03:04:05.999999999Z", "times/far ahead");
  touch(folder, "2024-02-29T12:00:00.000999999Z", "times/fraction");
}

/** Sets times to the nanosecond, which Node cannot. */
function touch(folder: string, time: string, path: string): void {
  execFileSync("find", [join(folder, path), "-exec", "touch", "-d", time, "{}", "+"]);
}
