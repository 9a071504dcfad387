import { describe, expect, test } from "vitest";
import { noRules } from "../../../../src/core/archiver/backup-rules.ts";
import { MemoryBackend } from "../../../../src/core/backend/memory.ts";
import { withLimit } from "../../../../src/core/backend/with-limit.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import type { Id } from "../../../../src/core/base/id.ts";
import type { SourceFolder } from "../../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import type { Repository } from "../../../../src/core/repository/repository.ts";
import { portableNames } from "../../../../src/core/restorer/name-policy.ts";
import { Restorer } from "../../../../src/core/restorer/restorer.ts";
import { dyingAt, observed } from "../../../support/failing-backend.ts";
import { MemoryFolder, MemorySink, type MemoryTree } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository, openTestRepository } from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

const signal = new AbortController().signal;
const modifiedMs = Date.UTC(2025, 5, 7, 8, 9, 10, 123);

function file(content: string | Uint8Array<ArrayBuffer>, changedMs = modifiedMs) {
  return { bytes: typeof content === "string" ? utf8(content) : content, modifiedMs: changedMs };
}

function sampleTree(largeLength = 2 * 1024 * 1024 + 17): MemoryTree {
  return {
    "letter.txt": file("Dear restic"),
    "copy of letter.txt": file("Dear restic"),
    empty: file(""),
    "large.bin": file(noise(3, largeLength)),
    photos: { "a.jpg": file(noise(4, 700_000)), deep: { deeper: { "leaf ä.txt": file("leaf") } } },
    "empty folder": {},
  };
}

function paths(tree: MemoryTree, prefix = "Documents"): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const [name, entry] of Object.entries(tree)) {
    if (entry["bytes"] instanceof Uint8Array) found.set(`${prefix}/${name}`, entry["bytes"]);
    else for (const [path, bytes] of paths(entry as MemoryTree, `${prefix}/${name}`)) found.set(path, bytes);
  }
  return found;
}

async function restored(repository: Repository, snapshot: Id) {
  const sink = new MemorySink();
  const options = { snapshot, paths: [[]], sink, names: portableNames, overwrite: "never" } as const;
  const restorer = new Restorer(repository, options);
  await restorer.run(signal);
  expect(restorer.failures).toEqual([]);
  return sink;
}

describe.each([5, 1])("a backup over %d connections at most", (connections) => {
  const emptyBackend = () => withLimit(new MemoryBackend({ connections }), connections);

  test.each([1, 2] as const)("comes back byte for byte from a repository of format %d", async (formatVersion) => {
    const { repository, backend } = await createTestRepository(emptyBackend(), formatVersion);
    const tree = sampleTree(20 * 1024 * 1024 + 17);
    const { id, counts } = await backUp(repository, new MemoryFolder(tree));
    expect(counts.filesNew).toBe(6);
    expect(counts.failures).toEqual([]);
    const again = await openTestRepository(backend);
    const sink = await restored(again, id);
    expect(new Set(sink.files.keys())).toEqual(new Set(paths(tree).keys()));
    for (const [path, bytes] of paths(tree))
      expect(Buffer.from(bytes).equals(sink.files.get(path) ?? utf8("missing")), path).toBe(true);
    expect(sink.folders).toContain("Documents/empty folder");
  });

  test("of an unchanged folder reads no file, stores no blob and gives the same tree", async () => {
    const { repository } = await createTestRepository(emptyBackend());
    const first = await backUp(repository, new MemoryFolder(sampleTree()));
    expect(first.counts.bytesRead).toBeGreaterThan(2_000_000);
    const second = await backUp(repository, new MemoryFolder(sampleTree()));
    expect(second.counts.bytesRead).toBe(0);
    expect(second.totals).toMatchObject({ dataBlobs: 0, treeBlobs: 0, packs: 0, uploadedBytes: 0 });
    expect(second.snapshot.tree).toBe(first.snapshot.tree);
    expect(second.snapshot.parent).toBe(first.id);
    expect(second.counts).toMatchObject({ filesNew: 0, filesChanged: 0, filesUnmodified: 6 });
  });

  test("gives the same tree whatever the order in which the folder is listed", async () => {
    const { repository } = await createTestRepository(emptyBackend());
    const timeMs = Date.UTC(2026, 1, 1); // an empty folder without a parent has the time of the run
    const first = await backUp(repository, new MemoryFolder(sampleTree()), { timeMs });
    const reversed = new MemoryFolder(sampleTree(), (names) => [...names].reverse());
    const second = await backUp(repository, reversed, { timeMs, parent: null });
    expect(second.snapshot.tree).toBe(first.snapshot.tree);
    expect(second.totals).toMatchObject({ dataBlobs: 0, treeBlobs: 0 });
  });

  test("after an edit at depth 3 stores one data blob and four trees", async () => {
    const { repository } = await createTestRepository(emptyBackend());
    await backUp(repository, new MemoryFolder(sampleTree()));
    const tree = sampleTree();
    tree["photos"] = { "a.jpg": file(noise(4, 700_000)), deep: { deeper: { "leaf ä.txt": file("edited", 1) } } };
    const { totals, counts } = await backUp(repository, new MemoryFolder(tree));
    expect(totals.dataBlobs).toBe(1);
    expect(totals.treeBlobs).toBe(5); // root tree, Documents, photos, deep, deeper
    expect(counts).toMatchObject({ filesChanged: 1, filesUnmodified: 5, dirsChanged: 4, dirsUnmodified: 1 });
  });

  test("goes on without a file that cannot be read, and says which", async () => {
    const { repository } = await createTestRepository(emptyBackend());
    const tree = sampleTree();
    tree["gone.txt"] = { ...file("gone"), unreadable: true };
    tree["gone.bin"] = { ...file(noise(9, 2_000_000)), unreadable: true };
    const { id, counts } = await backUp(repository, new MemoryFolder(tree));
    expect(counts.failures.map(({ path }) => path.join("/")).sort()).toEqual([
      "Documents/gone.bin",
      "Documents/gone.txt",
    ]);
    expect((await restored(repository, id)).files.size).toBe(6);
  });

  test("leaves out what its rules say, and writes the patterns of --exclude as they are into the snapshot", async () => {
    const { repository } = await createTestRepository();
    const exclude = ["*.bin", "", "!x", "/Documents/photos/deep"];
    const rules = { ...noRules, exclude, iexclude: ["COPY*"], excludeLargerThanBytes: 100_000 };
    const { id, counts } = await backUp(repository, new MemoryFolder(sampleTree()), { rules });
    expect([...(await restored(repository, id)).files.keys()].sort()).toEqual([
      "Documents/empty",
      "Documents/letter.txt",
    ]);
    expect(counts).toMatchObject({ excluded: 4, filesFound: 2, filesNew: 2 });
    expect((await repository.loadSnapshot(id, signal)).excludes).toEqual(exclude);
  });

  test("with a malformed pattern ends before anything is locked or read", async () => {
    const { backend } = await createTestRepository();
    const operations: string[] = [];
    const watched = observed(backend, ({ name, file }) => {
      operations.push(`${name} ${file}`);
      return "none";
    });
    const opened = await openTestRepository(watched);
    operations.length = 0;
    const folder: SourceFolder = {
      entries: () => {
        throw new Error("the folder was listed");
      },
    };
    const rules = { ...noRules, iexclude: ["fine", "[Z"] };
    await expect(backUp(opened, folder, { rules })).rejects.toMatchObject({
      code: "pattern-malformed",
      context: { pattern: "[Z" },
    });
    expect(operations).toEqual([]);
  });

  test("that is cancelled writes no snapshot and leaves no lock", async () => {
    const { repository, backend } = await createTestRepository(emptyBackend());
    const controller = new AbortController();
    const cancelling = observed(backend, (operation) => {
      if (operation.name === "save" && operation.file.startsWith("data/")) controller.abort();
      return "none";
    });
    const opened = await openTestRepository(cancelling);
    await expect(backUp(opened, new MemoryFolder(sampleTree()), {}, controller.signal)).rejects.toThrow("aborted");
    expect(await backend.list("snapshot", signal)).toEqual([]);
    expect(await backend.list("lock", signal)).toEqual([]);
    await backUp(repository, new MemoryFolder(sampleTree()));
  });

  test("ends soon after its first failure, with that failure", async () => {
    const { backend } = await createTestRepository(emptyBackend());
    const full = observed(backend, ({ name, file }) =>
      name === "save" && file.startsWith("data/") ? "before" : "none",
    );
    const repository = await openTestRepository(full);
    const modifiedMs = 1;
    const folder: SourceFolder = {
      async *entries() {
        for (let i = 0; i < 40; i++) {
          const open = async () => {
            const bytes = noise(i + 1, 8 * 1024 * 1024);
            return { size: bytes.length, modifiedMs, blob: new Blob([bytes]) };
          };
          const inner: SourceFolder = {
            async *entries() {
              yield { kind: "file", name: rawNameOf("file"), open };
            },
          };
          yield { kind: "folder", name: rawNameOf(`folder ${100 + i}`), folder: inner };
        }
      },
    };
    await expect(backUp(repository, folder)).rejects.toMatchObject({ code: "network" });
    expect(full.operations.filter(({ name, file }) => name === "save" && file.startsWith("data/")).length).toBeLessThan(
      12,
    );
  });

  test("that dies at step n, for every n, leaves what the next run can build on", { timeout: 120_000 }, async () => {
    const tree = { "a.txt": file("a"), sub: { "b.bin": file(noise(5, 600_000)) } };
    const { backend } = await createTestRepository(emptyBackend());
    const complete = observed(backend);
    await backUp(await openTestRepository(complete), new MemoryFolder(tree));
    const steps = complete.operations.length;
    expect(steps).toBeGreaterThan(8);
    for (const how of ["before", "after"] as const) {
      for (let step = 1; step <= steps; step++) {
        const { backend: fresh } = await createTestRepository(emptyBackend());
        const died = await (async () =>
          backUp(await openTestRepository(dyingAt(fresh, step, how)), new MemoryFolder(tree)))().then(
          () => false,
          () => true,
        );
        // A lock that cannot be removed does not undo what was done; the next unlock removes it.
        expect(died, `${how} step ${step}`).toBe(complete.operations[step - 1]?.name !== "remove");
        for (const { id } of (await (await openTestRepository(fresh)).listSnapshots(signal)).snapshots) {
          expect((await restored(await openTestRepository(fresh), id)).files.size).toBe(2);
        }
        const next = await openTestRepository(fresh);
        expect((await restored(next, (await backUp(next, new MemoryFolder(tree))).id)).files.size).toBe(2);
      }
    }
  });
});
