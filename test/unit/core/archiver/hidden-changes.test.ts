import { expect, test } from "vitest";
import { hashPath } from "../../../../src/core/archiver/reread-turn.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { MemoryFolder, type MemoryTree } from "../../../support/memory-folder.ts";
import { backUp, createTestRepository } from "../../../support/memory-repository.ts";
import { noise } from "../../../support/noise.ts";

/** Files that are changed as `touch -r` leaves them: the same size, the same time. */
const modifiedMs = Date.UTC(2025, 5, 7);

function treeOf(contents: Record<string, string>): MemoryTree {
  const files = Object.entries(contents).map(([name, text]) => [name, { bytes: utf8(text), modifiedMs }]);
  return Object.fromEntries(files);
}

test("a container that changed behind its size and time is stored by the next run", async () => {
  const { repository } = await createTestRepository();
  const first = await backUp(repository, new MemoryFolder(treeOf({ "x.hc": "secret 1", "x.bin": "plain" })));
  const { counts, totals, snapshot } = await backUp(
    repository,
    new MemoryFolder(treeOf({ "x.hc": "secret 2", "x.bin": "plain" })),
  );
  expect(totals.dataBlobs).toBe(1);
  expect(counts).toMatchObject({ rereadFiles: 1, hiddenChanges: 1, filesChanged: 1, filesUnmodified: 1, filesNew: 0 });
  expect(snapshot.tree).not.toBe(first.snapshot.tree);
});

test("a container that did not change is read and stays byte for byte", async () => {
  const { repository } = await createTestRepository();
  const tree = treeOf({ "x.hc": "secret", empty: "" });
  const first = await backUp(repository, new MemoryFolder(tree));
  const { counts, totals, snapshot } = await backUp(repository, new MemoryFolder(tree));
  expect(counts).toMatchObject({ rereadFiles: 1, hiddenChanges: 0, filesUnmodified: 2, filesChanged: 0, bytesRead: 6 });
  expect(totals).toMatchObject({ dataBlobs: 0, treeBlobs: 0, packs: 0 });
  expect(snapshot.tree).toBe(first.snapshot.tree);
});

test("any other file that changed behind its size and time is stored in its turn, and only then", async () => {
  const of = 5;
  const { repository } = await createTestRepository();
  const names = Array.from({ length: 12 }, (_, i) => `x${i}.bin`);
  const version = (text: string) => treeOf(Object.fromEntries(names.map((name) => [name, `${name} ${text}`])));
  await backUp(repository, new MemoryFolder(version("before")));
  const turnOf = (name: string) => hashPath([rawNameOf("Documents"), rawNameOf(name)]) % of;
  let found = 0;
  for (let turn = 7; turn < 7 + of; turn++) {
    const { counts, totals } = await backUp(repository, new MemoryFolder(version("behind")), { reread: { turn, of } });
    const expected = names.filter((name) => turnOf(name) === turn % of).length;
    expect(counts, `turn ${turn}`).toMatchObject({ rereadFiles: expected, hiddenChanges: expected });
    expect(totals.dataBlobs).toBe(expected);
    found += counts.hiddenChanges;
  }
  expect(found).toBe(names.length);
  const reread = { turn: 0, of: 1 };
  const { counts } = await backUp(repository, new MemoryFolder(version("behind")), { reread });
  expect(counts).toMatchObject({ rereadFiles: 12, hiddenChanges: 0, filesUnmodified: 12 });
});

test("a large file is compared chunk by chunk", async () => {
  const { repository } = await createTestRepository();
  const before = noise(1, 3_000_000);
  const after = before.slice();
  after.set([(after[2_900_000] ?? 0) ^ 1], 2_900_000);
  await backUp(repository, new MemoryFolder({ "disk.img": { bytes: before, modifiedMs } }));
  const same = await backUp(repository, new MemoryFolder({ "disk.img": { bytes: before, modifiedMs } }));
  expect(same.counts).toMatchObject({ rereadFiles: 1, hiddenChanges: 0, bytesRead: 3_000_000 });
  const other = await backUp(repository, new MemoryFolder({ "disk.img": { bytes: after, modifiedMs } }));
  expect(other.counts).toMatchObject({ rereadFiles: 1, hiddenChanges: 1 });
  expect(other.totals.dataBlobs).toBeGreaterThan(0);
});

test("a container in use, which cannot be compared, stays as the parent has it, and is reported", async () => {
  const { repository } = await createTestRepository();
  const tree = treeOf({ "x.hc": "secret" });
  const first = await backUp(repository, new MemoryFolder(tree));
  const inUse: MemoryTree = { "x.hc": { bytes: utf8("secret"), modifiedMs, unreadable: true } };
  const { counts, snapshot } = await backUp(repository, new MemoryFolder(inUse));
  expect(counts.failures).toMatchObject([
    { path: ["Documents", "x.hc"], error: { code: "source-unreadable", context: { kept: true } } },
  ]);
  expect(counts.filesUnmodified).toBe(1);
  expect(snapshot.tree).toBe(first.snapshot.tree);
});
