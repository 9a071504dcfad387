import { expect, test } from "vitest";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { IntegrityError } from "../../../src/core/base/errors.ts";
import type { Id } from "../../../src/core/base/id.ts";
import { listFolder } from "../../../src/workers/folder-listing.ts";
import { FakeSnapshot, fakeFile } from "../../support/fake-snapshot.ts";

const signal = new AbortController().signal;

test("an entry tells permissions and owner as far as the snapshot knows them", async () => {
  const snapshot = await FakeSnapshot.of([
    fakeFile("named", utf8("x"), { mode: 2 ** 23 + 0o755, user: "anna", group: "users", uid: 1000, gid: 100 }),
    fakeFile("numbered", utf8("x"), { uid: 1000, gid: 100 }),
    fakeFile("half", utf8("x"), { user: "anna", uid: 1000, gid: 100 }),
    fakeFile("of root", utf8("x"), { user: "root", group: "root" }),
    fakeFile("by a browser", utf8("x"), { mode: 0o644 }),
    fakeFile("without a mode", utf8("x"), { mode: 0 }),
  ]);
  const { tree } = await snapshot.loadSnapshot();
  const { entries } = await listFolder(snapshot.trees, tree, [], signal);
  expect(entries.map(({ permissions, owner }) => [permissions, owner])).toEqual([
    ["rwsr-xr-x", "anna:users"],
    ["rw-r--r--", "1000:100"],
    ["rw-r--r--", "anna:100"],
    ["rw-r--r--", "root:root"],
    ["rw-r--r--", ""],
    [null, ""],
  ]);
});

test("an only folder tells what it leads through", async () => {
  const file = fakeFile("a.txt", utf8("a"));
  const documents = { name: "Documents", entries: [file, { name: "more", entries: [file] }] };
  const snapshot = await FakeSnapshot.of([{ name: "home", entries: [{ name: "anna", entries: [documents] }] }]);
  const { tree } = await snapshot.loadSnapshot();
  const throughOf = async (path: number[]) => (await listFolder(snapshot.trees, tree, path, signal)).through;
  expect(await throughOf([])).toEqual({ names: ["anna", "Documents"], path: [0, 0] });
  expect(await throughOf([0, 0])).toEqual({ names: [], path: [] });
  expect(await throughOf([0, 0, 0])).toEqual({ names: [], path: [] });
});

test("nothing is led through where there is a choice, a file, or something that cannot be read", async () => {
  const file = fakeFile("a.txt", utf8("a"));
  const folder = (name: string) => ({ name, entries: [{ name: "inside", entries: [file] }] });
  for (const entries of [
    [folder("a"), folder("b")],
    [folder("a"), file],
    [{ name: "a", entries: [file] }],
    [file],
    [],
  ]) {
    const snapshot = await FakeSnapshot.of(entries);
    const { tree } = await snapshot.loadSnapshot();
    const { through } = await listFolder(snapshot.trees, tree, [], signal);
    expect(through).toEqual({ names: [], path: [] });
  }
  const snapshot = await FakeSnapshot.of([folder("a")]);
  const { tree } = await snapshot.loadSnapshot();
  const trees = {
    load(id: Id) {
      if (id === tree) return snapshot.trees.load(id);
      throw new IntegrityError("tree-malformed");
    },
  };
  expect((await listFolder(trees, tree, [], signal)).through).toEqual({ names: [], path: [] });
});
