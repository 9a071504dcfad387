import { expect, test } from "vitest";
import { folderStats, keepDropped } from "../../../src/platform/dropped-folders.ts";
import type { ListedFolder } from "../../../src/workers/api/folder-stats.ts";
import { type DroppedEntry, DroppedFile, DroppedFolder } from "./dropped-entries.ts";

const never = new AbortController().signal;
const gone = new DOMException("gone", "NotFoundError");

/** What is told of a path below a folder that was dropped. */
function listerOf(folder: DroppedFolder) {
  const { dropped = -1 } = keepDropped(folder);
  return async (path: string[], signal = never): Promise<ListedFolder | null> =>
    (await folderStats.listDropped({ dropped, paths: [path] }, { signal, onProgress: () => {} }))[0] ?? null;
}

function folderOf(...children: DroppedEntry[]): DroppedFolder {
  return new DroppedFolder("dropped", children);
}

test("a folder is told with the sizes and times of all its files, however many times the browser is asked for them", async () => {
  const names = ["a", "b", "c", "d", "e", "f", "g"];
  const files = names.map((name, i) => new DroppedFile(name, "x".repeat(i), 1000 + i));
  const list = listerOf(folderOf(...files.slice(0, 4), new DroppedFolder("sub", []), ...files.slice(4)));
  expect(await list([])).toEqual({
    folders: ["sub"],
    files: names,
    sizes: [0, 1, 2, 3, 4, 5, 6],
    modifiedMs: [1000, 1001, 1002, 1003, 1004, 1005, 1006],
  });
});

test("folders below are found, those that were listed and those that were not", async () => {
  const deep = new DroppedFolder("deep", [new DroppedFile("f", "12")]);
  const list = listerOf(folderOf(new DroppedFolder("sub", [deep])));
  const expected = { folders: [], files: ["f"], sizes: [2], modifiedMs: [0] };
  expect(await list(["sub", "deep"])).toEqual(expected);
  await list([]);
  await list(["sub"]);
  expect(await list(["sub", "deep"])).toEqual(expected);
  expect(await list(["sub", "deep"])).toEqual(expected);
});

test.each([
  ["cannot be listed", new DroppedFolder("sub", gone)],
  ["has a file of which nothing is known", new DroppedFolder("sub", [new DroppedFile("f", gone)])],
])("of a folder that %s nothing is told", async (_, sub) => {
  expect(await listerOf(folderOf(sub))(["sub"])).toBe(null);
});

test("of what is not there, and of what was never dropped, nothing is told", async () => {
  expect(await listerOf(folderOf())(["gone"])).toBe(null);
  const context = { signal: never, onProgress: () => {} };
  expect(await folderStats.listDropped({ dropped: 1e6, paths: [[]] }, context)).toEqual([null]);
});

test("several folders are told of at once, each in its place", async () => {
  const sub = (name: string, size: number) => new DroppedFolder(name, [new DroppedFile("f", "x".repeat(size))]);
  const { dropped = -1 } = keepDropped(folderOf(sub("a", 1), sub("b", 2)));
  const paths = [["b"], ["gone"], ["a"]];
  const listed = await folderStats.listDropped({ dropped, paths }, { signal: never, onProgress: () => {} });
  expect(listed.map((folder) => folder?.sizes ?? null)).toEqual([[2], null, [1]]);
});

test("an abort ends the listing with its reason", async () => {
  const reason = new DOMException("cancelled", "AbortError");
  await expect(listerOf(folderOf())([], AbortSignal.abort(reason))).rejects.toBe(reason);
});

test("what is no folder, and a folder of a browser that tells no metadata, is not kept", () => {
  expect(keepDropped(null)).toEqual({});
  expect(keepDropped(new DroppedFile("f", ""))).toEqual({});
  expect(keepDropped(Object.assign(folderOf(), { getMetadata: undefined }))).toEqual({});
});
