import { afterEach, expect, test, vi } from "vitest";
import { folderFromInput, foldersFromDrop, pickFolder, walkFolder } from "../../../src/platform/folder-pick.ts";
import { type DroppedEntry, DroppedFile, DroppedFolder } from "./dropped-entries.ts";
import { MemoryFolder } from "./memory-folder.ts";

afterEach(() => vi.unstubAllGlobals());

/** A drop whose items are empty once the handler has returned, as in browsers. */
function drop(
  items: { handle?: () => Promise<FileSystemHandle | null>; entry?: DroppedEntry | null; kind?: string }[],
) {
  let isOver = false;
  const data = {
    items: items.map(({ handle, entry = null, kind = "file" }) => ({
      kind,
      ...(handle && { getAsFileSystemHandle: () => (isOver ? Promise.resolve(null) : handle()) }),
      webkitGetAsEntry: () => (isOver ? null : entry),
    })),
  };
  const picked = foldersFromDrop(data as never);
  isOver = true;
  return picked;
}

test("what is dropped is taken as handles where the browser has them, loose files as one; text is left", async () => {
  const folder = new MemoryFolder("docs");
  const file = folder.addFile("f", "");
  const namesake = new MemoryFolder("other").addFile("f", "other");
  const picked = await drop([
    { handle: async () => file },
    { handle: async () => folder, entry: new DroppedFolder("docs", []) },
    { handle: async () => namesake },
    { kind: "string" },
  ]);
  expect(picked).toMatchObject([
    { kind: "folder", name: "docs", folder: { kind: "handle", handle: folder } },
    { kind: "files", folder: { files: [{ path: ["f"] }, { path: ["f (2)"] }] }, fileHandles: [file, namesake] },
  ]);
});

test("dropped files are taken where the browser has no handles, and those that it cannot open are noted", async () => {
  const refusal = new DOMException("no", "NotReadableError");
  const picked = await drop([{ entry: new DroppedFile("good", "g") }, { entry: new DroppedFile("bad", refusal) }]);
  expect(picked).toMatchObject([{ kind: "files", folder: { files: [{ path: ["good"] }], unreadable: [["bad"]] } }]);
  expect(picked[0]).not.toHaveProperty("fileHandles");
});

test.each([
  { name: "has no handles", items: {} },
  { name: "gives no handle for this folder", items: { handle: async () => null } },
  { name: "refuses a handle", items: { handle: () => Promise.reject(new DOMException("blocked", "SecurityError")) } },
])("a dropped folder is walked where the browser $name", async ({ items }) => {
  const [picked] = await drop([{ ...items, entry: new DroppedFolder("docs", [new DroppedFile("a", "text")]) }]);
  expect(picked).toMatchObject({ name: "docs", folder: { kind: "files", files: [{ path: ["a"] }] } });
});

test("walking finds everything, however many calls it takes", async () => {
  const names = Array.from({ length: 10 }, (_, i) => `f${i}`);
  const many = names.map((name) => new DroppedFile(name, name));
  const deep = new DroppedFolder("deep", [new DroppedFolder("empty", []), ...many]);
  const pick = await walkFolder(new DroppedFolder("top", [...many, deep]));
  const paths = pick.files.map(({ path }) => path.join("/")).sort();
  expect(paths).toEqual([...names.map((name) => `deep/${name}`), ...names]);
  expect(pick.emptyFolders).toEqual([["deep", "empty"]]);
  expect(pick.unreadable).toEqual([]);
  for (const { path, file } of pick.files) expect(await file.text()).toBe(path.at(-1));
});

test("files and folders that cannot be opened are noted", async () => {
  const refusal = new DOMException("no", "NotReadableError");
  const children = [
    new DroppedFolder("locked", refusal),
    new DroppedFile("bad", refusal),
    new DroppedFile("good", "g"),
  ];
  const pick = await walkFolder(new DroppedFolder("top", children));
  expect(pick.unreadable?.map((path) => path.join("/")).sort()).toEqual(["bad", "locked"]);
  expect(pick.files.map(({ path }) => path)).toEqual([["good"]]);
});

function inputFile(path: string): File {
  return Object.defineProperty(new File([], path.split("/").at(-1) ?? ""), "webkitRelativePath", { value: path });
}

test("the input's files lose the folder's own name", () => {
  expect(folderFromInput([inputFile("docs/a"), inputFile("docs/sub/b")])).toMatchObject({
    name: "docs",
    folder: { kind: "files", files: [{ path: ["a"] }, { path: ["sub", "b"] }] },
  });
});

test("an empty input is no folder, and files without one are put into one", () => {
  expect(folderFromInput([])).toBeNull();
  const loose = ["photo.jpg", "photo.jpg"].map((name) =>
    Object.defineProperty(new File([], name), "webkitRelativePath", { value: "" }),
  );
  expect(folderFromInput(loose)).toMatchObject({
    kind: "files",
    folder: { files: [{ path: ["photo.jpg"] }, { path: ["photo (2).jpg"] }] },
  });
});

function stubPicker(showDirectoryPicker: (options: unknown) => Promise<unknown>): void {
  vi.stubGlobal("window", { showDirectoryPicker });
}

test("the picker is asked for the mode, and gives its handle", async () => {
  const folder = new MemoryFolder("docs");
  const asked: unknown[] = [];
  stubPicker(async (options) => {
    asked.push(options);
    return folder;
  });
  expect(await pickFolder("readwrite")).toBe(folder);
  expect(asked).toMatchObject([{ mode: "readwrite" }]);
});

test("a picker that the user closes gives null", async () => {
  stubPicker(() => Promise.reject(new DOMException("closed", "AbortError")));
  expect(await pickFolder("read")).toBeNull();
});

test.each([
  ["read", "source-unreadable"],
  ["readwrite", "sink-refused"],
] as const)("a picker for %s that the browser refuses is %s", async (mode, code) => {
  stubPicker(() => Promise.reject(new DOMException("no", "SecurityError")));
  await expect(pickFolder(mode)).rejects.toMatchObject({ code, context: { reason: "SecurityError" } });
  vi.stubGlobal("window", {});
  await expect(pickFolder(mode)).rejects.toMatchObject({ code, context: { reason: "no picker" } });
});
