import { expect, test } from "vitest";
import { isAbort } from "../../../src/core/base/errors.ts";
import { blobOf } from "../../../src/core/codec/small-files.ts";
import { folderOfFiles } from "../../../src/platform/folder-source.ts";
import { readSource } from "../../support/read-source.ts";

const never = new AbortController().signal;

test("an abort ends the listing between two entries", async () => {
  const files = ["a", "b", "c"].map((name) => ({ path: [name], file: new File([], name) }));
  const controller = new AbortController();
  const folder = folderOfFiles({ kind: "files", files, emptyFolders: [] });
  let listed = 0;
  const listing = (async () => {
    for await (const _entry of folder.entries(controller.signal)) if (++listed === 2) controller.abort();
  })();
  const error = await listing.catch((reason: unknown) => reason);
  expect(isAbort(error)).toBe(true);
  expect(listed).toBe(2);
});

test("a list of files becomes folders again, empty ones included", async () => {
  const file = (text: string) => new File([text], "x", { lastModified: 9 });
  const source = folderOfFiles({
    kind: "files",
    files: [
      { path: ["a", "b", "deep"], file: file("d") },
      { path: ["top"], file: file("t") },
      { path: ["a", "near"], file: file("n") },
    ],
    emptyFolders: [["a", "none"], ["only"]],
  });
  expect(await readSource(source)).toEqual({
    "a/": null,
    "a/none/": null,
    "a/b/": null,
    "a/b/deep": ["d", 1, 9],
    "a/near": ["n", 1, 9],
    "only/": null,
    top: ["t", 1, 9],
  });
});

test("what the browser could not open is listed and reported when it is opened", async () => {
  const source = folderOfFiles({ kind: "files", files: [], emptyFolders: [], unreadable: [["a", "locked"]] });
  expect(await readSource(source)).toMatchObject({ "a/": null, "a/locked": { code: "source-unreadable" } });
});

test("two picked files of one name are both listed", async () => {
  const files = ["one", "other"].map((text) => ({ path: ["image.jpg"], file: new File([text], "image.jpg") }));
  const texts: string[] = [];
  for await (const entry of folderOfFiles({ kind: "files", files, emptyFolders: [] }).entries(never)) {
    if (entry.kind === "file")
      texts.push(`${entry.name}: ${await (await blobOf((await entry.open(never)).blob, never)).text()}`);
  }
  expect(texts).toEqual(["image.jpg: one", "image.jpg: other"]);
});
