import { expect, test } from "vitest";
import { isAbort } from "../../../src/core/base/errors.ts";
import type { SourceFolder } from "../../../src/core/base/ports.ts";
import { sourceFolderOf } from "../../../src/platform/folder-source.ts";
import { MemoryFolder } from "./memory-folder.ts";

const never = new AbortController().signal;

/** Text, size and time of every file by path; an unreadable one has its error's code and reason. */
async function read(folder: SourceFolder, prefix = ""): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for await (const entry of folder.entries(never)) {
    const path = prefix + entry.name;
    if (entry.kind === "folder") {
      found[`${path}/`] = null;
      Object.assign(found, await read(entry.folder, `${path}/`));
      continue;
    }
    try {
      const { size, modifiedMs, blob } = await entry.open(never);
      found[path] = [await blob.text(), size, modifiedMs];
    } catch (error) {
      found[path] = error;
    }
  }
  return found;
}

test("a folder handle is listed with all its folders, also twice", async () => {
  const root = new MemoryFolder("picked");
  root.addFile("a.txt", "alpha", 1500);
  const sub = root.addFolder("sub");
  sub.addFolder("empty");
  sub.addFile(".hidden", "", 7);
  const source = sourceFolderOf({ kind: "handle", handle: root });
  const expected = { "a.txt": ["alpha", 5, 1500], "sub/": null, "sub/empty/": null, "sub/.hidden": ["", 0, 7] };
  expect(await read(source)).toEqual(expected);
  expect(await read(source)).toEqual(expected);
});

test("names become raw bytes", async () => {
  const root = new MemoryFolder("picked");
  root.addFile("é.txt", "");
  expect(Object.keys(await read(sourceFolderOf({ kind: "handle", handle: root })))).toEqual(["Ã©.txt"]);
});

test("an entry without a name that cannot be opened is listed all the same", async () => {
  const root = new MemoryFolder("picked");
  root.addFile("", "?").faults.set("getFile", new DOMException("gone", "NotFoundError"));
  root.addFile("good", "g");
  const found = await read(sourceFolderOf({ kind: "handle", handle: root }));
  expect(found["good"]).toEqual(["g", 1, 0]);
  expect(found[""]).toMatchObject({
    code: "source-unreadable",
    context: { reason: "NotFoundError" },
    cause: { message: "gone" },
  });
});

test("a folder that cannot be listed is a source-unreadable error", async () => {
  const root = new MemoryFolder("picked");
  root.addFile("a", "");
  root.faults.set("list", new DOMException("no permission", "NotAllowedError"));
  await expect(read(sourceFolderOf({ kind: "handle", handle: root }))).rejects.toMatchObject({
    code: "source-unreadable",
    context: { reason: "NotAllowedError" },
  });
});

test("an AbortError of the platform is no abort of ours", async () => {
  const root = new MemoryFolder("picked");
  root.addFile("a", "").faults.set("getFile", new DOMException("odd", "AbortError"));
  const found = await read(sourceFolderOf({ kind: "handle", handle: root }));
  expect(found["a"]).toMatchObject({ code: "source-unreadable", context: { reason: "AbortError" } });
});

test.each(["handle", "files"] as const)("an abort ends the listing of %s between two entries", async (kind) => {
  const root = new MemoryFolder("picked");
  for (const name of ["a", "b", "c"]) root.addFile(name, "");
  const files = ["a", "b", "c"].map((name) => ({ path: [name], file: new File([], name) }));
  const pick = kind === "handle" ? { kind, handle: root } : { kind, files, emptyFolders: [] };
  const controller = new AbortController();
  let listed = 0;
  const listing = (async () => {
    for await (const _entry of sourceFolderOf(pick).entries(controller.signal)) if (++listed === 2) controller.abort();
  })();
  const error = await listing.catch((reason: unknown) => reason);
  expect(isAbort(error)).toBe(true);
  expect(listed).toBe(2);
});

test("a list of files becomes folders again, empty ones included", async () => {
  const file = (text: string) => new File([text], "x", { lastModified: 9 });
  const source = sourceFolderOf({
    kind: "files",
    files: [
      { path: ["a", "b", "deep"], file: file("d") },
      { path: ["top"], file: file("t") },
      { path: ["a", "near"], file: file("n") },
    ],
    emptyFolders: [["a", "none"], ["only"]],
  });
  expect(await read(source)).toEqual({
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
  const source = sourceFolderOf({ kind: "files", files: [], emptyFolders: [], unreadable: [["a", "locked"]] });
  expect(await read(source)).toMatchObject({ "a/": null, "a/locked": { code: "source-unreadable" } });
});

test("two picked files of one name are both listed", async () => {
  const files = ["one", "other"].map((text) => ({ path: ["image.jpg"], file: new File([text], "image.jpg") }));
  const texts: string[] = [];
  for await (const entry of sourceFolderOf({ kind: "files", files, emptyFolders: [] }).entries(never)) {
    if (entry.kind === "file") texts.push(`${entry.name}: ${await (await entry.open(never)).blob.text()}`);
  }
  expect(texts).toEqual(["image.jpg: one", "image.jpg: other"]);
});
