import { expect, test } from "vitest";
import { sorted } from "../../../../src/ui/file-order.ts";
import { FolderView } from "../../../../src/ui/state/folder-view.svelte.ts";
import type { FolderEntry, FolderListing } from "../../../../src/workers/repository-api.ts";
import { preparedRepository } from "../../../browser/pictures/repository.ts";
import { fakeRepositoryApi } from "../../../support/fake-repository-api.ts";

function entry(position: number, name: string, values: Partial<FolderEntry> = {}): FolderEntry {
  const known = { modifiedMs: 0, linkTarget: null, permissions: null, owner: "" };
  return { position, name, type: "file", sizeBytes: 0, ...known, ...values };
}

const byName = { column: "name", descending: false } as const;
const names = (entries: readonly FolderEntry[]) => entries.map(({ name }) => name);

function viewOf(entries: readonly FolderEntry[]): FolderView {
  const folder = (path: readonly number[]) => ({ names: path.map(String), entries: [...entries] });
  return new FolderView(fakeRepositoryApi({ ...preparedRepository(0), folder }));
}

test("folders come first, and numbers in names count as numbers", () => {
  const entries = [entry(0, "b10"), entry(1, "B2"), entry(2, "z", { type: "dir" }), entry(3, "a", { type: "dir" })];
  expect(names(sorted(entries, byName))).toEqual(["a", "z", "B2", "b10"]);
});

test("sorting by size keeps folders first in both directions", () => {
  const entries = [
    entry(0, "small", { sizeBytes: 1 }),
    entry(1, "big", { sizeBytes: 9 }),
    entry(2, "d", { type: "dir" }),
  ];
  expect(names(sorted(entries, { column: "size", descending: true }))).toEqual(["d", "big", "small"]);
  expect(names(sorted(entries, { column: "size", descending: false }))).toEqual(["d", "small", "big"]);
});

test("a hundred thousand names are sorted within half a second", () => {
  const entries = Array.from({ length: 100_000 }, (_, at) => entry(at, `IMG_${(at * 7919) % 100_000}`));
  const before = performance.now();
  sorted(entries, byName);
  expect(performance.now() - before).toBeLessThan(500);
});

test("going up leaves the cursor on the folder that was left", async () => {
  const view = viewOf([entry(0, "a", { type: "dir" }), entry(1, "b", { type: "dir" }), entry(2, "c", { type: "dir" })]);
  await view.show("5a", [1, 2]);
  await view.show("5a", [1]);
  expect(view.atCursor?.position).toBe(2);
  await view.show("5a", []);
  expect(view.atCursor?.position).toBe(1);
});

test("another folder begins without a selection", async () => {
  const view = viewOf([entry(0, "a", { type: "dir" }), entry(1, "b")]);
  await view.show("5a", []);
  view.selectAll();
  expect(view.selected.length).toBe(2);
  await view.show("5a", [0]);
  expect(view.selected.length).toBe(0);
});

test("shift extends the selection from where it began, in both directions", async () => {
  const view = viewOf(Array.from({ length: 6 }, (_, at) => entry(at, `n${at}`)));
  await view.show("5a", []);
  view.moveTo(3);
  view.moveTo(5, true);
  expect(names(view.selected)).toEqual(["n3", "n4", "n5"]);
  view.moveTo(1, true);
  expect(names(view.selected)).toEqual(["n1", "n2", "n3"]);
});

test("the cursor stays inside the list", async () => {
  const view = viewOf([entry(0, "a"), entry(1, "b")]);
  await view.show("5a", []);
  view.moveTo(99);
  expect(view.active).toBe(1);
  view.moveTo(-5);
  expect(view.active).toBe(0);
});

test("opening an only folder leads through folders that hold nothing but one folder", async () => {
  const through = { names: ["anna", "Documents"], path: [0, 0] };
  const listing = { names: [], entries: [entry(0, "home", { type: "dir" })], through };
  const view = new FolderView({ ...fakeRepositoryApi(preparedRepository(0)), listFolder: async () => listing });
  await view.show("5a", []);
  expect(view.namesThrough).toEqual(["anna", "Documents"]);
  expect(view.destinationOf(listing.entries[0] as FolderEntry)).toEqual([0, 0, 0]);
});

test("a slow answer of a folder that was left is dropped", async () => {
  const nothing: FolderListing = { names: [], entries: [], through: { names: [], path: [] } };
  const waiting = new Map<string, (value: FolderListing) => void>();
  const api = fakeRepositoryApi(preparedRepository(0));
  const view = new FolderView({
    ...api,
    listFolder: ({ path }) => new Promise((resolve) => waiting.set(path.join("."), resolve)),
  });
  const slow = view.show("5a", [1]);
  const quick = view.show("5a", [2]);
  waiting.get("2")?.({ ...nothing, names: ["two"] });
  await quick;
  waiting.get("1")?.({ ...nothing, names: ["one"] });
  await slow;
  expect(view.names).toEqual(["two"]);
});
