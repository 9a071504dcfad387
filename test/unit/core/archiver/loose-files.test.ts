import { describe, expect, test } from "vitest";
import type { BackupOptions } from "../../../../src/core/archiver/backup-options.ts";
import { numberedName } from "../../../../src/core/archiver/loose-files.ts";
import type { Backend } from "../../../../src/core/backend/backend.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { IntegrityError } from "../../../../src/core/base/errors.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import type { SourceFolder } from "../../../../src/core/base/ports.ts";
import { bytesOfRawName, rawNameOf } from "../../../../src/core/base/raw-name.ts";
import type { Repository } from "../../../../src/core/repository/repository.ts";
import { walkTree } from "../../../../src/core/repository/tree-walker.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import { archiverOf, backUp, createTestRepository, openTestRepository } from "../../../support/memory-repository.ts";

const signal = new AbortController().signal;

function file(text: string, modifiedMs = 1000) {
  return { bytes: utf8(text), modifiedMs };
}

async function pick(repository: Repository, tree: MemoryTree, changes: Partial<BackupOptions> = {}) {
  return pickFolder(repository, new MemoryFolder(tree), changes);
}

async function pickFolder(repository: Repository, folder: SourceFolder, changes: Partial<BackupOptions> = {}) {
  return backUp(repository, folder, {
    sources: [{ rootName: rawNameOf("Photos"), folder, addsToParent: true }],
    ...changes,
  });
}

/** Files of a snapshot by path below the root name, with the texts that they hold. */
async function contents(repository: Repository, snapshot: Id): Promise<Record<string, string>> {
  const { tree } = await repository.loadSnapshot(snapshot, signal);
  const files: Record<string, string> = {};
  const texts: Promise<void>[] = [];
  const visitor = {
    node: (node: { type: string; content: readonly Id[] | null }, path: readonly string[]) => {
      if (node.type !== "file") return;
      const load = async () => {
        const blobs = await Promise.all((node.content ?? []).map((id) => repository.blobs.load("data", id, signal)));
        files[path.slice(1).join("/")] = blobs.map((bytes) => new TextDecoder().decode(bytes)).join("");
      };
      texts.push(load());
    },
    failed: (_path: readonly string[], error: unknown) => {
      throw error;
    },
  };
  await walkTree(repository.trees, tree, [], visitor, signal);
  await Promise.all(texts);
  return files;
}

describe("a pick of loose files", () => {
  test("with no parent is a folder", async () => {
    const { repository } = await createTestRepository();
    const { id, counts } = await pick(repository, { "a.jpg": file("a") });
    expect(await contents(repository, id)).toEqual({ "a.jpg": "a" });
    expect(counts).toMatchObject({ filesNew: 1, totalBytes: 1 });
  });

  test("is added to the earlier ones, which stay byte for byte", async () => {
    const { repository } = await createTestRepository();
    await pick(repository, {
      "a.jpg": file("a"),
      trip: { "1.jpg": file("one"), deep: { "x.jpg": file("x") } },
      empty: {},
    });
    const { id, counts, totals } = await pick(repository, { "b.jpg": file("b"), trip: { "2.jpg": file("two") } });
    expect(await contents(repository, id)).toEqual({
      "a.jpg": "a",
      "b.jpg": "b",
      "trip/1.jpg": "one",
      "trip/2.jpg": "two",
      "trip/deep/x.jpg": "x",
    });
    expect(counts).toMatchObject({ filesNew: 2, filesUnmodified: 3, bytesRead: 4, totalBytes: 9 });
    expect(totals).toMatchObject({ dataBlobs: 2, treeBlobs: 3 });
    const none = await pick(repository, {});
    expect(none.totals).toMatchObject({ dataBlobs: 0, treeBlobs: 0 });
    expect(await contents(repository, none.id)).toEqual(await contents(repository, id));
  });

  test("made again changes nothing", async () => {
    const { repository } = await createTestRepository();
    const first = await pick(repository, { "a.jpg": file("a"), "b.jpg": file("b") });
    const { counts, snapshot } = await pick(repository, { "a.jpg": file("a") });
    expect(snapshot.tree).toBe(first.snapshot.tree);
    expect(counts).toMatchObject({ filesUnmodified: 2, bytesRead: 0 });
  });

  test("never takes the place of what has its name: it gets a number, the same one each time", async () => {
    const { repository } = await createTestRepository();
    await pick(repository, { "a.jpg": file("first") });
    const second = await pick(repository, { "a.jpg": file("second!") });
    const third = await pick(repository, { "a.jpg": file("third", 2000) });
    const all = { "a.jpg": "first", "a (2).jpg": "second!", "a (3).jpg": "third" };
    expect(await contents(repository, third.id)).toEqual(all);
    expect(second.counts).toMatchObject({ filesNew: 1, filesUnmodified: 1, filesChanged: 0 });
    for (const again of [file("first"), file("second!"), file("third", 2000)]) {
      const { id, snapshot } = await pick(repository, { "a.jpg": again });
      expect(snapshot.tree).toBe(third.snapshot.tree);
      expect(await contents(repository, id)).toEqual(all);
    }
  });

  test("with two files of one name keeps both", async () => {
    const { repository } = await createTestRepository();
    const twins: SourceFolder = {
      async *entries() {
        for (const text of ["one", "other", "one"]) {
          const open = async () => ({ size: text.length, modifiedMs: 5, blob: new Blob([text]) });
          yield { kind: "file", name: rawNameOf("image.jpg"), open };
        }
      },
    };
    const { id, snapshot, counts } = await pickFolder(repository, twins);
    expect(counts.failures).toEqual([]);
    expect(Object.values(await contents(repository, id)).sort()).toEqual(["one", "one", "other"]);
    expect((await pickFolder(repository, twins)).snapshot.tree).toBe(snapshot.tree);
  });

  test("with a folder where there was a file, or the other way round, keeps both", async () => {
    const { repository } = await createTestRepository();
    await pick(repository, { thing: file("file"), other: { "x.jpg": file("x") } });
    const { id } = await pick(repository, { thing: { "y.jpg": file("y") }, other: file("o") });
    expect(await contents(repository, id)).toEqual({
      thing: "file",
      "thing (2)/y.jpg": "y",
      "other/x.jpg": "x",
      "other (2)": "o",
    });
  });

  test("compares a container although it looks the same, and keeps both if they differ", async () => {
    const { repository } = await createTestRepository();
    await pick(repository, { "x.hc": file("secret 1") });
    const second = await pick(repository, { "x.hc": file("secret 2") });
    expect(await contents(repository, second.id)).toEqual({ "x.hc": "secret 1", "x (2).hc": "secret 2" });
    expect(second.counts).toMatchObject({ rereadFiles: 1, hiddenChanges: 1 });
    expect((await pick(repository, { "x.hc": file("secret 2") })).snapshot.tree).toBe(second.snapshot.tree);
    expect((await pick(repository, { "x.hc": file("secret 1") })).snapshot.tree).toBe(second.snapshot.tree);
  });

  test("goes on from the newest of its series, and is newer, whatever this clock says", async () => {
    const { repository } = await createTestRepository();
    const future = Date.UTC(2040, 0, 1);
    const first = await pick(repository, { "a.jpg": file("a") }, { timeMs: future });
    const second = await pick(repository, { "b.jpg": file("b") }, { timeMs: Date.UTC(2027, 0, 1) });
    expect(second.snapshot.parent).toBe(first.id);
    expect(Date.parse(second.snapshot.time)).toBe(future + 1);
    expect(await contents(repository, second.id)).toEqual({ "a.jpg": "a", "b.jpg": "b" });
  });

  test("is added to its own series, not to a newer snapshot of more sources", async () => {
    const { repository } = await createTestRepository();
    await pick(repository, { "a.jpg": file("a") });
    const folder = new MemoryFolder({ "other.jpg": file("other") });
    const both = ["Documents", "Photos"].map((name) => ({ rootName: rawNameOf(name), folder }));
    await backUp(repository, folder, { sources: both });
    const { id } = await pick(repository, { "b.jpg": file("b") });
    expect(await contents(repository, id)).toEqual({ "a.jpg": "a", "b.jpg": "b" });
  });

  test("beside a folder of the same run leaves that one alone", async () => {
    const { repository } = await createTestRepository();
    const run = (photos: MemoryTree, documents: MemoryTree) => {
      const sources = [
        { rootName: rawNameOf("Photos"), folder: new MemoryFolder(photos), addsToParent: true },
        { rootName: rawNameOf("Documents"), folder: new MemoryFolder(documents) },
      ];
      return backUp(repository, new MemoryFolder({}), { sources });
    };
    await run({ "a.jpg": file("a") }, { old: file("old"), both: file("both") });
    const { snapshot } = await run({ "b.jpg": file("b") }, { both: file("both") });
    const root = await repository.trees.load(snapshot.tree, signal);
    const namesOf = async (name: string) => {
      const subtree = root.nodes.find((node) => node.name === name)?.subtree;
      return subtree ? (await repository.trees.load(subtree, signal)).nodes.map((node) => node.name) : null;
    };
    expect(await namesOf("Photos")).toEqual(["a.jpg", "b.jpg"]);
    expect(await namesOf("Documents")).toEqual(["both"]);
  });

  test("names what the server has lost of earlier picks, and leaves it out", async () => {
    const { repository, backend } = await createTestRepository();
    await pick(repository, { "a.jpg": file("a"), trip: { "1.jpg": file("one") } });
    await loseData(repository, backend);
    const opened = await openTestRepository(backend);
    const { id, counts } = await pick(opened, { "a.jpg": file("a") });
    expect(counts.failures).toMatchObject([
      { path: ["Photos", "trip", "1.jpg"], error: { code: "blob-missing", context: { type: "data" } } },
    ]);
    expect(await contents(opened, id)).toMatchObject({ "a.jpg": "a" });
  });

  test("does not go on over a tree that is damaged, not lost: that may pass", async () => {
    const { repository, backend } = await createTestRepository();
    await pick(repository, { "a.jpg": file("a") });
    const opened = await openTestRepository(backend);
    const archiver = archiverOf(
      {
        codec: opened.codec,
        index: opened.index,
        trees: { load: () => Promise.reject(new IntegrityError("mac-mismatch")) },
        lock: (...args) => opened.lock(...args),
        refreshIndex: (signal) => opened.refreshIndex(signal),
        loseMissingPacks: (signal) => opened.loseMissingPacks(signal),
        listSnapshots: (signal) => opened.listSnapshots(signal),
        createBlobSaver: (...args) => opened.createBlobSaver(...args),
        saveSnapshot: (...args) => opened.saveSnapshot(...args),
        loadSnapshot: (...args) => opened.loadSnapshot(...args),
      },
      new MemoryFolder({}),
      { sources: [{ rootName: rawNameOf("Photos"), folder: new MemoryFolder({}), addsToParent: true }] },
    );
    await expect(archiver.run(signal)).rejects.toMatchObject({ code: "mac-mismatch" });
    expect((await backend.list("snapshot", signal)).length).toBe(1);
  });
});

async function loseData(repository: Repository, backend: Backend): Promise<void> {
  for (const { id } of await backend.list("data", signal)) {
    const isData = repository.index.blobsOfPack(id).some(({ type }) => type === "data");
    if (isData) await backend.remove({ type: "data", id }, signal);
  }
}

test.each([
  ["photo.jpg", 2, "photo (2).jpg"],
  ["archive.tar.gz", 13, "archive.tar (13).gz"],
  [".hidden", 2, ".hidden (2)"],
  ["no extension", 3, "no extension (3)"],
])("%s, number %d, is %s", (name, number, expected) => {
  expect(numberedName(rawNameOf(name), number)).toBe(expected);
});

test("a numbered name is cut to what file systems take, and not within a character", () => {
  const long = numberedName(rawNameOf(`${"ä".repeat(125)}.jpg`), 2);
  expect(long.length).toBeLessThanOrEqual(255);
  expect(new TextDecoder("utf-8", { fatal: true }).decode(bytesOfRawName(long))).toBe(`${"ä".repeat(123)} (2).jpg`);
  expect(numberedName(rawNameOf("x".repeat(255)), 2)).toBe(`${"x".repeat(251)} (2)`);
});
