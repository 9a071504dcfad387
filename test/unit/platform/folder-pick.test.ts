import { afterEach, expect, test, vi } from "vitest";
import { folderFromInput, foldersFromDrop, pickFolder, walkFolder } from "../../../src/platform/folder-pick.ts";
import { MemoryFolder } from "./memory-folder.ts";

afterEach(() => vi.unstubAllGlobals());

class Entry implements FileSystemEntry {
  readonly filesystem = { name: "", root: null as never };
  readonly fullPath = "";
  readonly isFile: boolean = false;
  readonly isDirectory: boolean = false;

  constructor(readonly name: string) {}

  getParent(): void {}
}

class FileEntry extends Entry implements FileSystemFileEntry {
  override readonly isFile = true;

  constructor(
    name: string,
    private readonly content: string | Error,
  ) {
    super(name);
  }

  file(resolve: FileCallback, reject?: ErrorCallback): void {
    if (this.content instanceof DOMException) reject?.(this.content);
    else resolve(new File([String(this.content)], this.name));
  }
}

/** Gives its children three at a time, as browsers give a hundred. */
class FolderEntry extends Entry implements FileSystemDirectoryEntry {
  override readonly isDirectory = true;

  constructor(
    name: string,
    private readonly children: Entry[] | DOMException,
  ) {
    super(name);
  }

  createReader(): FileSystemDirectoryReader {
    let at = 0;
    return {
      readEntries: (resolve, reject) => {
        if (this.children instanceof DOMException) reject?.(this.children);
        else resolve(this.children.slice(at, at + 3));
        at += 3;
      },
    };
  }

  getDirectory(): void {}
  getFile(): void {}
}

/** A drop whose items are empty once the handler has returned, as in browsers. */
function drop(items: { handle?: () => Promise<FileSystemHandle | null>; entry?: Entry | null; kind?: string }[]) {
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
    { handle: async () => folder, entry: new FolderEntry("docs", []) },
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
  const picked = await drop([{ entry: new FileEntry("good", "g") }, { entry: new FileEntry("bad", refusal) }]);
  expect(picked).toMatchObject([{ kind: "files", folder: { files: [{ path: ["good"] }], unreadable: [["bad"]] } }]);
  expect(picked[0]).not.toHaveProperty("fileHandles");
});

test.each([
  { name: "has no handles", items: {} },
  { name: "gives no handle for this folder", items: { handle: async () => null } },
  { name: "refuses a handle", items: { handle: () => Promise.reject(new DOMException("blocked", "SecurityError")) } },
])("a dropped folder is walked where the browser $name", async ({ items }) => {
  const [picked] = await drop([{ ...items, entry: new FolderEntry("docs", [new FileEntry("a", "text")]) }]);
  expect(picked).toMatchObject({ name: "docs", folder: { kind: "files", files: [{ path: ["a"] }] } });
});

test("walking finds everything, however many calls it takes", async () => {
  const names = Array.from({ length: 10 }, (_, i) => `f${i}`);
  const many = names.map((name) => new FileEntry(name, name));
  const deep = new FolderEntry("deep", [new FolderEntry("empty", []), ...many]);
  const pick = await walkFolder(new FolderEntry("top", [...many, deep]));
  const paths = pick.files.map(({ path }) => path.join("/")).sort();
  expect(paths).toEqual([...names.map((name) => `deep/${name}`), ...names]);
  expect(pick.emptyFolders).toEqual([["deep", "empty"]]);
  expect(pick.unreadable).toEqual([]);
  for (const { path, file } of pick.files) expect(await file.text()).toBe(path.at(-1));
});

test("files and folders that cannot be opened are noted", async () => {
  const refusal = new DOMException("no", "NotReadableError");
  const children = [new FolderEntry("locked", refusal), new FileEntry("bad", refusal), new FileEntry("good", "g")];
  const pick = await walkFolder(new FolderEntry("top", children));
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
