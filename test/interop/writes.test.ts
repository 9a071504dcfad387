import { execFileSync } from "node:child_process";
import { appendFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SourceEntry, SourceFolder } from "../../src/core/base/ports.ts";
import { requirePeer } from "../support/peers.ts";
import { boundCodec } from "../support/planted-defects.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { Restic } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { makeSourceTree, seededBytes, smallSize, TreeWriter } from "../support/source-tree.ts";
import { type Alterations, type BackupReport, Engine, type EngineLocation } from "./engine.ts";

/** What Holdall writes where the format leaves a choice, judged by what archives live on: the same input, the same trees. */
const resticPeer = requirePeer("restic-0.18");
const serverPeer = requirePeer("rest-server");
const password = "writes";
const hostname = "writes-host";
const timeMs = Date.parse("2026-01-02T03:04:05Z");

describe.skipIf(resticPeer === null || serverPeer === null)("what Holdall writes", () => {
  let folder: string;
  let server: RestServer;
  let location: EngineLocation;
  let restic: Restic;
  let source: string;
  let minutes = 0;
  const repository = "writes";

  beforeAll(async () => {
    if (resticPeer === null || serverPeer === null) return;
    folder = await mkdtemp(join(tmpdir(), "holdall-writes-"));
    server = await startRestServer(serverPeer);
    location = { url: server.repositoryUrl(repository), login: server.login, password };
    (await Engine.create(location, 2)).close();
    await new ResticKeys(server, repository).makeCheap([password]);
    restic = await Restic.open({ program: resticPeer, repository: server.resticRepository(repository), password });
  });

  afterAll(async () => {
    await restic?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Every test has a host and a source of its own, so no run is another test's parent. */
  let host: string;
  beforeEach(({ task }) => {
    host = `${hostname}-${task.id}`;
    source = join(folder, task.id, "source");
    makeSourceTree(source, 7, smallSize);
  });

  async function backup(options: { parent?: string | null; host?: string } = {}, alterations: Alterations = {}) {
    const engine = await Engine.open(location, alterations);
    try {
      const runTime = timeMs + minutes++ * 60_000;
      const sources = [{ rootName: "source", path: source }];
      return await engine.backup({ sources, hostname: host, timeMs: runTime, ...options });
    } finally {
      engine.close();
    }
  }

  function storedFiles(): string[] {
    const files = readdirSync(server.directory(repository), { recursive: true, withFileTypes: true });
    return files.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  async function changesBetween(first: BackupReport, second: BackupReport): Promise<string[]> {
    const { stdout } = await restic.succeed(["diff", first.snapshotId, second.snapshotId]);
    return stdout
      .toString("utf8")
      .split("\n")
      .filter((line) => /^[-+MTU?]+ +\//.test(line));
  }

  test("a second run over an unchanged folder stores one snapshot file and nothing else", async () => {
    const first = await backup();
    const before = storedFiles();
    const second = await backup();
    const added = storedFiles().filter((file) => !before.includes(file));
    expect(first.dataBlobs).toBeGreaterThan(0);
    expect(second).toMatchObject({ dataBlobs: 0, treeBlobs: 0, packsUploaded: 0, bytesRead: 0, failures: [] });
    expect(second.treeId).toBe(first.treeId);
    expect(second.parent).toBe(first.snapshotId);
    expect(added.map((file) => dirname(file).slice(server.directory(repository).length))).toEqual(["/snapshots"]);
    expect(before.filter((file) => !storedFiles().includes(file))).toEqual([]);
  });

  test.each([
    [1, "new at the top.txt"],
    [2, "documents/readme.txt"],
    [9, "documents/deep/a/b/c/d/e/f/leaf.txt"],
  ])(
    "editing a file at depth %i stores one tree more than that, and restic names that file alone",
    async (depth, path) => {
      new TreeWriter(source).file("new at the top.txt", "first\n");
      const first = await backup();
      appendFileSync(join(source, path), "edited\n");
      const second = await backup();
      expect(second.treeBlobs).toBe(depth + 1);
      expect(second.dataBlobs).toBe(1);
      expect(await changesBetween(first, second)).toEqual([expect.stringMatching(new RegExp(`^M +/source/${path}$`))]);
    },
  );

  test("the order of listings and the number of workers change nothing", async () => {
    const treeIds = new Set<string>();
    const start = minutes;
    const variants: Alterations[] = [
      {},
      { source: (folder) => shuffled(folder, 1) },
      { source: (folder) => shuffled(folder, 2) },
      { codec: (codec) => ({ ...boundCodec(codec), parallelism: 1 }) },
      { codec: (codec) => ({ ...boundCodec(codec), parallelism: 7 }), source: (folder) => shuffled(folder, 3) },
    ];
    for (const [i, alterations] of variants.entries()) {
      // The same time and no parent: every run has to find everything out for itself.
      minutes = start;
      const { treeId, bytesRead } = await backup({ parent: null, host: `${host}-${i}` }, alterations);
      expect(bytesRead).toBeGreaterThan(smallSize.largeBytes);
      treeIds.add(treeId);
    }
    expect(treeIds.size).toBe(1);
  });

  test("what restic backup stored of the same folder is continued without reading a byte, its nodes kept", async () => {
    // Nanoseconds that no browser knows must survive.
    execFileSync("find", [source, "-exec", "touch", "-d", "2023-05-06T07:08:09.123456789Z", "{}", "+"]);
    await restic.succeed(["backup", "--host", host, "source"], { cwd: dirname(source) });
    const [stored] = (await restic.json<{ id: string; tree: string }[]>(["snapshots", "--host", host])).flat();
    const run = await backup({ parent: stored?.id ?? "" });
    expect(run).toMatchObject({ bytesRead: 0, dataBlobs: 0, treeBlobs: 0, failures: [] });
    expect(run.treeId).toBe(stored?.tree);
  });

  test("of a changed file that restic stored, mode and owner are kept, and its neighbours stay as they are", async () => {
    await restic.succeed(["backup", "--host", host, "source"], { cwd: dirname(source) });
    const [stored] = (await restic.json<{ id: string; tree: string }[]>(["snapshots", "--host", host])).flat();
    appendFileSync(join(source, "documents/readme.txt"), seededBytes(5, 100));
    const run = await backup({ parent: stored?.id ?? "" });
    const before = await nodes("documents", stored?.tree ?? "");
    const after = await nodes("documents", run.treeId);
    const { inode, device_id, links, mtime, atime, ctime, size, content, ...kept } = before.get("readme.txt") ?? {};
    expect(kept).toMatchObject({ mode: 420, user: expect.anything() });
    const changed = after.get("readme.txt");
    expect(changed).toMatchObject(kept);
    expect(Object.keys(changed ?? {})).toEqual(expect.not.arrayContaining(["inode", "device_id", "links"]));
    expect(changed?.["content"]).not.toEqual(content);
    before.delete("readme.txt");
    after.delete("readme.txt");
    expect(after.size).toBeGreaterThan(2);
    // The folder on the way is no neighbour's business, but its content is the same.
    expect(after).toEqual(before);
  });

  /** The nodes of /source/<name> of a tree, as restic reads them. */
  async function nodes(name: string, root: string): Promise<Map<string, Record<string, unknown>>> {
    let tree = root;
    for (const step of ["source", name, null]) {
      const { stdout } = await restic.succeed(["cat", "blob", tree]);
      const list = (JSON.parse(stdout.toString("utf8")) as { nodes: Record<string, unknown>[] }).nodes;
      const byName = new Map(list.map((node) => [String(node["name"]), node]));
      if (step === null) return byName;
      tree = String(byName.get(step)?.["subtree"]);
    }
    return new Map();
  }
});

/** The same folder, listed in another order that depends on the seed alone. */
function shuffled(folder: SourceFolder, seed: number): SourceFolder {
  return {
    async *entries(signal) {
      const entries: SourceEntry[] = [];
      for await (const entry of folder.entries(signal)) entries.push(entry);
      const random = seededBytes(seed, entries.length * 4);
      const keys = entries.map((entry, i) => ({ entry, key: random.readUInt32LE(i * 4) }));
      for (const { entry } of keys.sort((a, b) => a.key - b.key)) {
        yield entry.kind === "folder" ? { ...entry, folder: shuffled(entry.folder, seed + 1) } : entry;
      }
    },
  };
}
