import { expect, test } from "vitest";
import { utf8 } from "../../../src/core/base/bytes.ts";
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
