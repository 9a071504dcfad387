import { readdirSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PeerName, requirePeer } from "../support/peers.ts";
import { Restic } from "../support/restic.ts";
import { describeTree, differences, makeSourceTree, smallSize, type TreeDescription } from "../support/source-tree.ts";
import { Engine } from "./engine.ts";

/** Repositories in a folder, each made by one side and used by the other: both restics and both formats. */
const cells: readonly [PeerName, 1 | 2][] = [
  ["restic-0.18", 2],
  ["restic-0.14", 1],
];
const password = "folder pässword";
const hostname = "folder-host";

describe.each(cells)("a folder shared with %s, format %i", (name, formatVersion) => {
  const program = requirePeer(name);
  let world: string;
  let source: string;

  beforeAll(async () => {
    world = await mkdtemp(join(tmpdir(), "holdall-folder-"));
    source = join(world, "source");
    makeSourceTree(source, 11, smallSize);
  });
  afterAll(() => rm(world, { recursive: true, force: true }));

  async function withRestic<T>(folder: string, work: (restic: Restic) => Promise<T>): Promise<T> {
    if (program === null) throw new Error(`${name} is not on this machine`);
    const restic = await Restic.open({ program, repository: folder, password });
    return work(restic).finally(() => restic.close());
  }

  async function withEngine<T>(folder: string, work: (engine: Engine) => Promise<T>): Promise<T> {
    const engine = await Engine.open({ folder, password });
    return work(engine).finally(() => engine.close());
  }

  const backup = (engine: Engine) => engine.backup({ sources: [{ rootName: "source", path: source }], hostname });
  const newFolder = async (purpose: string) => {
    const folder = join(world, purpose);
    await mkdir(folder);
    return folder;
  };

  test.skipIf(program === null)("Holdall opens, reads, restores and fills what restic made", async () => {
    const folder = join(world, "made by restic");
    await withRestic(folder, async (restic) => {
      await restic.succeed(["init", "--repository-version", String(formatVersion)]);
      await restic.succeed(["backup", "--host", hostname, "."], { cwd: source });
    });
    const expected = await describeTree(source);
    await withEngine(folder, async (engine) => {
      const [snapshot] = await engine.listSnapshots();
      const id = snapshot?.id ?? "";
      expect(snapshot?.hostname).toBe(hostname);
      expect(differences(expected, await engine.hashFiles(id))).toEqual([]);
      const target = await newFolder("restored by Holdall");
      expect(await engine.restoreAll(id, target)).toEqual([]);
      expect(differences(expected, await describeTree(target))).toEqual([]);
      // The same chunks: only trees of another root are new.
      expect(await backup(engine)).toMatchObject({ dataBlobs: 0, failures: [] });
    });
    await withRestic(folder, async (restic) => {
      await restic.succeed(["check", "--read-data"]);
      expect((await restic.succeed(["list", "locks", "--no-lock"])).stdout.toString()).toBe("");
    });
  });

  test.skipIf(program === null)("restic checks, restores and goes on with what Holdall made", async () => {
    const folder = await newFolder("made by Holdall");
    const engine = await Engine.create({ folder, password }, formatVersion);
    expect((await backup(engine)).failures).toEqual([]);
    engine.close();
    await withRestic(folder, async (restic) => {
      await restic.succeed(["check", "--read-data"]);
      const target = await newFolder("restored by restic");
      await restic.succeed(["restore", "latest", "--target", target]);
      expect(differences(await describeTree(source), await describeTree(join(target, "source")))).toEqual([]);
      await appendFile(join(source, "documents/readme.txt"), "more\n");
      await restic.succeed(["backup", "--host", hostname, "source"], { cwd: world });
    });
    const expected = await describeTree(source);
    await withEngine(folder, async (again) => {
      const snapshots = await again.listSnapshots();
      expect(snapshots).toHaveLength(2);
      const contents = await Promise.all(snapshots.map(({ id }) => again.hashFiles(id)));
      const withRoot: TreeDescription = new Map([["source", "folder"]]);
      for (const [path, what] of expected) withRoot.set(`source/${path}`, what);
      expect(contents.some((found) => differences(withRoot, found).length === 0)).toBe(true);
    });
  });

  test.skipIf(program === null)("restic takes no notice of what a page that died has left", async () => {
    const folder = await newFolder("left by a page");
    const engine = await Engine.create({ folder, password }, formatVersion);
    await backup(engine);
    engine.close();
    const id = "0123456789abcdef".repeat(4);
    for (const place of ["keys", "index", "snapshots", "locks", "data/01"]) {
      for (const ending of [".0badcafe.tmp", ".0badcafe.tmp.crswap"]) {
        await writeFile(join(folder, place, id + ending), "a part of a file");
      }
    }
    await withRestic(folder, async (restic) => {
      await restic.succeed(["snapshots"]);
      await restic.succeed(["check", "--read-data"]);
    });
    await withEngine(folder, async (again) => expect(await again.listSnapshots()).toHaveLength(1));
  });

  test.skipIf(program === null)("a folder whose empty folders got lost on the way is used all the same", async () => {
    const folder = await newFolder("synced");
    const engine = await Engine.create({ folder, password }, formatVersion);
    await backup(engine);
    engine.close();
    await removeEmptyFolders(folder);
    expect(readdirSync(folder)).not.toContain("locks");
    await appendFile(join(source, "documents/readme.txt"), "and more\n");
    await withEngine(folder, async (again) => expect((await backup(again)).dataBlobs).toBeGreaterThan(0));
    await withRestic(folder, (restic) => restic.succeed(["check", "--read-data"]));
  });
});

async function removeEmptyFolders(folder: string): Promise<void> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    await removeEmptyFolders(join(folder, entry.name));
    if (readdirSync(join(folder, entry.name)).length === 0) await rmdir(join(folder, entry.name));
  }
}
