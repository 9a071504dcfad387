import { expect, test } from "vitest";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { BackendError } from "../../../src/core/base/errors.ts";
import type { Id } from "../../../src/core/base/id.ts";
import type { TreeSource } from "../../../src/core/repository/tree-walker.ts";
import { FolderMeter } from "../../../src/workers/folder-sizes.ts";
import type { FolderSizes } from "../../../src/workers/repository-api.ts";
import { type FakeEntry, FakeSnapshot, fakeFile } from "../../support/fake-snapshot.ts";

const signal = new AbortController().signal;

/** The snapshot's trees, and which were loaded; `fail` may throw in the place of a tree. */
async function treesOf(entries: readonly FakeEntry[], fail: (id: Id) => void = () => {}) {
  const snapshot = await FakeSnapshot.of(entries);
  const { tree } = await snapshot.loadSnapshot();
  const loads: Id[] = [];
  const trees: TreeSource = {
    load: async (id) => {
      loads.push(id);
      fail(id);
      return snapshot.trees.load(id);
    },
  };
  return { trees, root: tree, loads };
}

async function measure(meter: FolderMeter, root: Id, path: number[] = [], running = signal): Promise<FolderSizes> {
  const found: FolderSizes = { sizes: [], complete: false };
  await meter.measure(root, path, found, running);
  found.sizes.sort((a, b) => a.position - b.position);
  return found;
}

const shared: FakeEntry[] = [fakeFile("s", utf8("shared")), { name: "deep", entries: [fakeFile("d", utf8("12"))] }];
const sample: FakeEntry[] = [
  { name: "a", entries: shared },
  fakeFile("file", utf8("not in a folder")),
  { name: "b", entries: [{ name: "x", entries: shared }, { name: "y", entries: shared }, fakeFile("own", utf8("1"))] },
  { name: "empty", entries: [] },
  { name: "link", type: "symlink" },
];

test("folders are measured with all they hold, shared trees wherever they occur", async () => {
  const { trees, root, loads } = await treesOf(sample);
  expect(await measure(new FolderMeter(trees), root)).toEqual({
    sizes: [
      { position: 0, bytes: 8, files: 2 },
      { position: 2, bytes: 17, files: 5 },
      { position: 3, bytes: 0, files: 0 },
    ],
    complete: true,
  });
  expect(new Set(loads).size).toBeLessThanOrEqual(loads.length);
});

test("going down loads nothing but the way", async () => {
  const { trees, root, loads } = await treesOf(sample);
  const meter = new FolderMeter(trees);
  await measure(meter, root);
  loads.length = 0;
  expect((await measure(meter, root, [2])).sizes).toEqual([
    { position: 0, bytes: 8, files: 2 },
    { position: 1, bytes: 8, files: 2 },
  ]);
  expect(loads).toHaveLength(2);
});

test("a place that is no folder is not found", async () => {
  const { trees, root } = await treesOf(sample);
  await expect(measure(new FolderMeter(trees), root, [1])).rejects.toMatchObject({ code: "not-found-in-snapshot" });
});

test("a folder with a tree that is missing stays unmeasured, the others do not", async () => {
  const { trees, root } = await treesOf([
    { name: "broken", entries: [{ name: "x", type: "dir", subtree: "0".repeat(64) as Id }, fakeFile("f", utf8("1"))] },
    { name: "good", entries: [fakeFile("f", utf8("1"))] },
  ]);
  expect(await measure(new FolderMeter(trees), root)).toEqual({
    sizes: [{ position: 1, bytes: 1, files: 1 }],
    complete: false,
  });
});

test("what the network refused is thrown, and what was measured until then stays known", async () => {
  let isDown = false;
  const { trees, root, loads } = await treesOf(sample, () => {
    if (isDown) throw new BackendError("network", {}, { retry: "later" });
  });
  const meter = new FolderMeter(trees);
  await measure(meter, root, [2]);
  isDown = true;
  await expect(measure(meter, root)).rejects.toMatchObject({ code: "network" });
  isDown = false;
  loads.length = 0;
  expect((await measure(meter, root)).complete).toBe(true);
  // The root, and "b" and "empty"; "a" has the tree of "b/x".
  expect(loads).toHaveLength(3);
});

test("an abort ends the measuring with its reason", async () => {
  const controller = new AbortController();
  const reason = new DOMException("enough", "AbortError");
  const { trees, root, loads } = await treesOf(sample, () => {
    if (loads.length === 2) controller.abort(reason);
  });
  await expect(measure(new FolderMeter(trees), root, [], controller.signal)).rejects.toBe(reason);
});

test("trees that double with every level are measured at once, damaged or not", async () => {
  for (const leaf of [fakeFile("f", utf8("1")), { name: "x", type: "dir", subtree: "0".repeat(64) as Id }]) {
    // Two folders of the same tree in each folder, forty deep: 2^40 ways to the bottom.
    const snapshot = await FakeSnapshot.of([leaf]);
    let tree = (await snapshot.loadSnapshot()).tree;
    for (let depth = 0; depth < 40; depth++) {
      tree = await snapshot.addTree(["a", "b"].map((name) => ({ name, type: "dir", subtree: tree })));
    }
    const { sizes, complete } = await measure(new FolderMeter(snapshot.trees), tree);
    if ("chunks" in leaf) expect(sizes[0]).toEqual({ position: 0, bytes: 2 ** 39, files: 2 ** 39 });
    expect(complete).toBe("chunks" in leaf);
  }
});
