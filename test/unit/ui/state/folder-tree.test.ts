import { expect, test } from "vitest";
import { HoldallError } from "../../../../src/core/base/errors.ts";
import { FolderTree, lineOf } from "../../../../src/ui/state/folder-tree.svelte.ts";
import type { FolderEntry, NodePath } from "../../../../src/workers/repository-api.ts";

const known = { sizeBytes: 0, modifiedMs: 0, linkTarget: null, permissions: null, owner: "" };
const dir = (position: number, name: string): FolderEntry => ({ position, name, type: "dir", ...known });
const file = (position: number, name: string): FolderEntry => ({ position, name, type: "file", ...known });

const folders: Record<string, FolderEntry[]> = {
  "": [file(0, "readme"), dir(1, "Photos"), dir(2, "Documents")],
  "1": [dir(0, "2024"), dir(1, "2025")],
  "1.1": [file(0, "a.jpg")],
  "2": [],
};

function treeOn(listed: string[] = [], refused = new Set<string>()) {
  return new FolderTree({
    async listFolder({ path }) {
      const key = path.join(".");
      listed.push(key);
      if (refused.has(key)) throw new HoldallError("network");
      return { names: [], entries: folders[key] ?? [], through: { names: [], path: [] } };
    },
  });
}

const shown = (tree: FolderTree) =>
  tree.lines.map(({ name, level, expanded }) => `${level} ${name}${expanded ? " -" : ""}`);

test("a place is revealed by listing what is above it, and nothing else", async () => {
  const listed: string[] = [];
  const tree = treeOn(listed);
  await tree.reveal("5a", [1]);
  expect(listed).toEqual(["", "1"]);
  expect(shown(tree)).toEqual(["1  -", "2 Documents", "2 Photos -", "3 2024", "3 2025"]);
});

test("each line tells its place among its siblings", async () => {
  const tree = treeOn();
  await tree.reveal("5a", []);
  expect(tree.lines.slice(1).map(({ place, siblings }) => [place, siblings])).toEqual([
    [1, 2],
    [2, 2],
  ]);
});

test("a folder without folders is a leaf once that is known", async () => {
  const tree = treeOn();
  await tree.reveal("5a", []);
  expect(tree.lines[1]?.isLeaf).toBe(false);
  await tree.expand([2]);
  expect(tree.lines[1]).toMatchObject({ isLeaf: true, expanded: false });
});

test("what is closed and opened again is not listed again; another snapshot is", async () => {
  const listed: string[] = [];
  const tree = treeOn(listed);
  await tree.reveal("5a", [1]);
  tree.collapse([1]);
  expect(shown(tree)).toEqual(["1  -", "2 Documents", "2 Photos"]);
  await tree.expand([1]);
  expect(listed.length).toBe(2);
  await tree.reveal("6b", []);
  expect(shown(tree)).toEqual(["1  -", "2 Documents", "2 Photos"]);
  expect(listed.length).toBe(3);
});

test("a folder that cannot be listed says so, and is asked for again when it is opened", async () => {
  const refused = new Set(["1"]);
  const tree = treeOn([], refused);
  await tree.reveal("5a", [1]);
  expect(tree.lines[2]?.state).toBe("failed");
  refused.clear();
  await tree.expand([1]);
  expect(tree.lines[2]?.state).toBe("open");
});

test("a place that is not in sight is stood for by the folder above it", async () => {
  const tree = treeOn();
  await tree.reveal("5a", []);
  const nameAt = (path: NodePath) => tree.lines[lineOf(tree.lines, path)]?.name;
  expect(nameAt([1, 1, 4])).toBe("Photos");
  expect(nameAt([0])).toBe("");
});
