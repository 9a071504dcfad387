import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MemoryBackend } from "../../../src/core/backend/memory.ts";
import { displayName, type RawName, rawNameOf } from "../../../src/core/base/raw-name.ts";
import { displayPath } from "../../../src/workers/failed-file.ts";
import type { RestoreResult } from "../../../src/workers/repository-api.ts";
import { RepositoryService } from "../../../src/workers/repository-service.ts";
import { hostileNames, refusedNames } from "../../support/hostile-names.ts";
import { contentOf, hostileFolders, storeHostileSnapshot } from "../../support/hostile-snapshot.ts";
import { nodeKernels } from "../../support/kernels.ts";
import { MemoryOfflineStore } from "../../support/memory-offline-store.ts";
import { MemoryPackSpool } from "../../support/memory-pack-spool.ts";
import { createTestRepository, memoryJournal, password } from "../../support/memory-repository.ts";
import { MemoryBrowser } from "../../support/memory-tabs.ts";
import { NodeFolderSink } from "../../support/node-folder-sink.ts";
import { describeTree } from "../../support/source-tree.ts";
import { MemoryFolder } from "../platform/memory-folder.ts";

const context = { signal: new AbortController().signal, onProgress: () => {} };
const position = (folder: (typeof hostileFolders)[number]) => hostileFolders.indexOf(folder);

describe("a snapshot of hostile names", () => {
  let world: string;
  let target: string;
  let service: RepositoryService;
  let snapshot: string;
  const backend = new MemoryBackend();

  beforeAll(async () => {
    const { repository } = await createTestRepository(backend);
    snapshot = await storeHostileSnapshot(repository);
    repository.close();
  });

  beforeEach(async () => {
    world = await mkdtemp(join(tmpdir(), "holdall-hostile-"));
    target = join(world, "a", "b", "target");
    await mkdir(target, { recursive: true });
    // What must still be there, and be all that is there.
    await writeFile(join(world, "a", "witness"), "untouched");
    service = new RepositoryService({
      connect: () => backend,
      kernels: nodeKernels,
      openJournal: () => memoryJournal(),
      openOfflineStore: () => new MemoryOfflineStore(),
      sourceFolderOf: () => ({ async *entries() {} }),
      sinkOf: () => new NodeFolderSink(target, "text"),
      openPackSpool: () => new MemoryPackSpool(),
      openSetStore: () => {
        throw new Error("nothing is to be kept");
      },
      tabs: new MemoryBrowser().openTab(),
      programVersion: "holdall test",
    });
    const location = { kind: "rest", url: "http://127.0.0.1/", login: null, connections: null } as const;
    await service.open({ location, password, keep: { kind: "nothing" } }, context);
  });
  afterEach(async () => {
    await service.close();
    await rm(world, { recursive: true, force: true });
  });

  const list = (...path: number[]) => service.listFolder({ snapshot, path }, context);
  const restore = (...paths: number[][]): Promise<RestoreResult> =>
    service.restore({ snapshot, paths, target: new MemoryFolder("stands for it"), overwrite: "always" }, context);

  /** Everything beside the target is as it was. */
  async function expectNothingEscaped(): Promise<void> {
    expect((await readdir(world)).sort()).toEqual(["a"]);
    expect((await readdir(join(world, "a"))).sort()).toEqual(["b", "witness"]);
    expect(await readdir(join(world, "a", "b"))).toEqual(["target"]);
    expect(await readFile(join(world, "a", "witness"), "utf8")).toBe("untouched");
    for (const [path, what] of await describeTree(target)) expect(what, path).not.toBe("special");
  }

  test("there are 60 and more, all different", () => {
    expect(hostileNames.length).toBeGreaterThanOrEqual(60);
    for (const names of [hostileNames, refusedNames]) {
      expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
      expect(new Set(names.map(({ says }) => says)).size).toBe(names.length);
    }
  });

  test("lists each under its own name, and knows it by its position", async () => {
    for (const folder of ["files", "folders"] as const) {
      const { names, entries } = await list(position(folder));
      expect(names).toEqual([folder]);
      const expected = hostileNames.map(({ name }) => displayName(name)).sort();
      expect(entries.map(({ name }) => name).sort()).toEqual(expected);
      expect(entries.map((entry) => entry.position)).toEqual(entries.map((_, i) => i));
    }
    const { entries } = await list(position("folders"));
    for (const { position: at, name } of entries) {
      const inner = await list(position("folders"), at);
      expect(inner.names).toEqual(["folders", name]);
      expect(inner.entries.map((entry) => entry.name)).toEqual(["leaf.txt"]);
    }
  });

  test("a list that is none is refused with its reason, and the others can be used", async () => {
    await expect(list(position("damaged"))).rejects.toMatchObject({ name: "FormatError", code: "tree-malformed" });
    expect((await list(position("sound"))).entries.map(({ name }) => name)).toEqual(["letter.txt"]);
    expect((await list(position("refused"))).entries).toHaveLength(refusedNames.length * 2);
  });

  test("restores every file with its contents; each other name has its line", async () => {
    const result = await restore([position("files")]);
    expect(result).toMatchObject({ files: hostileNames.length, failures: [], skipped: [] });
    const renamed = new Map(result.renamed.map(({ path, writtenAs }) => [path, writtenAs]));
    const written = (await readdir(join(target, "files"))).sort();
    expect(written).toHaveLength(hostileNames.length);
    for (const { name, says } of hostileNames) {
      const shown = displayName(name);
      const writtenAs = renamed.get(displayPath([rawNameOf("files"), name])) ?? `files/${shown}`;
      expect(await readFile(join(target, writtenAs), "utf8"), says).toBe(contentOf(name));
      expect(writtenAs.split("/"), says).toHaveLength(2);
      if (!written.includes(shown)) expect(renamed.has(displayPath([rawNameOf("files"), name])), says).toBe(true);
    }
    await expectNothingEscaped();
  });

  test("restores every folder with what is in it", async () => {
    const result = await restore([position("folders")]);
    expect(result).toMatchObject({ files: hostileNames.length, folders: hostileNames.length + 1, failures: [] });
    const leaves = (await describeTree(target)).size;
    expect(leaves).toBe(1 + 2 * hostileNames.length);
    await expectNothingEscaped();
  });

  test("a picked file or folder of a hostile name lands in the target itself", async () => {
    const parent = target;
    for (const folder of ["files", "folders"] as const) {
      target = join(parent, folder);
      await mkdir(target);
      const { entries } = await list(position(folder));
      const result = await restore(...entries.map((entry) => [position(folder), entry.position]));
      expect(result).toMatchObject({ files: hostileNames.length, failures: [] });
      expect(await readdir(target)).toHaveLength(hostileNames.length);
    }
    await expectNothingEscaped();
  });

  test("names that lead elsewhere are refused, each with a line, and so is what is in them", async () => {
    const result = await restore([position("refused")]);
    const lines = result.failures.filter(({ code }) => code === "tree-name-refused").map(({ path }) => path);
    const expected = refusedNames.map(({ name }) => displayPath([rawNameOf("refused"), name]));
    expect(lines.sort()).toEqual([...expected, ...expected].sort());
    expect(result).toMatchObject({ files: 0, renamed: [] });
    expect([...(await describeTree(target)).keys()]).toEqual(["refused"]);
    await expectNothingEscaped();
  });

  test("a picked name that leads elsewhere is no way out", async () => {
    const { entries } = await list(position("refused"));
    for (const entry of entries) await restore([position("refused"), entry.position]);
    await expectNothingEscaped();
  });

  test("links are not made, so no folder of their name leads out", async () => {
    const result = await restore([position("links")]);
    expect(result.skipped.map(({ type }) => type)).toEqual(Array(5).fill("symlink"));
    expect(result).toMatchObject({ files: 5, failures: [] });
    await expectNothingEscaped();
  });

  test("the whole snapshot: what is sound comes back, what is not has its line", async () => {
    const result = await restore([]);
    expect(result.failures.map(({ path, code }) => [path, code])).toContainEqual(["/damaged", "tree-malformed"]);
    expect(result.files).toBe(2 * hostileNames.length + 5 + 1);
    const letter = "letter.txt" as RawName;
    expect(await readFile(join(target, "sound", letter), "utf8")).toBe(contentOf(letter));
    await expectNothingEscaped();
  });
});
