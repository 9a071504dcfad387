import { beforeEach, expect, test } from "vitest";
import type { StoredHandles } from "../../../src/platform/handle-store.ts";
import { type HandleStore, KeptHandles } from "../../../src/platform/kept-handles.ts";
import type { PickedFolder } from "../../../src/platform/picked-folder.ts";
import { MemoryFolder } from "./memory-folder.ts";

/** A folder or file whose permission a test takes and gives. */
function withPermission<Handle extends FileSystemHandle>(handle: Handle, answers = "granted" as PermissionState) {
  let state: PermissionState = "granted";
  return Object.assign(handle, {
    queryPermission: async () => state,
    requestPermission: async () => {
      state = answers;
      return state;
    },
    lapse: () => {
      state = "prompt";
    },
  });
}

/** The browser's storage, which gives the same handles again. */
class MemoryHandleStore implements HandleStore {
  readonly kept = new Map<string, StoredHandles>();
  failure: Error | null = null;

  async load(key: string): Promise<StoredHandles | null> {
    if (this.failure) throw this.failure;
    return this.kept.get(key) ?? null;
  }

  async store(key: string, handles: StoredHandles): Promise<void> {
    if (this.failure) throw this.failure;
    this.kept.set(key, handles);
  }

  async remove(prefix: string): Promise<void> {
    for (const key of [...this.kept.keys()]) if (key.startsWith(prefix)) this.kept.delete(key);
  }
}

const source = { setId: "set-1", sourceId: "source-1" };
let store: MemoryHandleStore;
beforeEach(() => {
  store = new MemoryHandleStore();
});

function openPage(isMine = true): KeptHandles {
  return new KeptHandles("5".repeat(64), () => isMine, store);
}

function pickOf(folder: MemoryFolder): PickedFolder {
  return { kind: "folder", name: folder.name, folder: { kind: "handle", handle: folder } };
}

const listed: PickedFolder = {
  kind: "folder",
  name: "Photos",
  folder: { kind: "files", files: [], emptyFolders: [] },
};

test("a folder that was picked is there on the next page, and asked for when its permission has lapsed", async () => {
  const folder = withPermission(new MemoryFolder("Documents"));
  await openPage().keep(source, pickOf(folder));
  const page = openPage();
  expect(await page.find(source)).toEqual({ state: "granted", picked: pickOf(folder) });
  folder.lapse();
  expect(await page.find(source)).toEqual({ state: "prompt", name: "Documents" });
  expect(await page.find(source), "looking asks nobody").toMatchObject({ state: "prompt" });
  expect(await page.permit(source)).toMatchObject({ state: "granted", picked: { name: "Documents" } });
  expect(await page.find(source)).toMatchObject({ state: "granted" });
});

test("a folder that the user refuses is asked for again", async () => {
  const folder = withPermission(new MemoryFolder("Documents"), "denied");
  await openPage().keep(source, pickOf(folder));
  folder.lapse();
  expect(await openPage().permit(source)).toEqual({ state: "prompt", name: "Documents" });
});

test("a folder that is no longer there has to be picked again", async () => {
  const folder = withPermission(new MemoryFolder("Stick"));
  folder.addFile("letter.txt", "");
  await openPage().keep(source, pickOf(folder));
  folder.faults.set("list", new DOMException("unplugged", "NotFoundError"));
  expect(await openPage().find(source)).toEqual({ state: "gone" });
  folder.faults.set("list", new DOMException("busy", "NotReadableError"));
  expect(await openPage().find(source), "the backup tells of it").toMatchObject({ state: "granted" });
});

test("a pick without handles lasts as long as the page, and takes the place of older handles for good", async () => {
  const page = openPage();
  await page.keep(source, pickOf(withPermission(new MemoryFolder("Documents"))));
  await page.keep(source, listed);
  expect(await page.find(source)).toEqual({ state: "granted", picked: listed });
  expect(await openPage().find(source)).toEqual({ state: "gone" });
});

test("on somebody else's device everything lasts as long as the page, and nothing is looked for", async () => {
  await openPage().keep(source, pickOf(withPermission(new MemoryFolder("Mine"))));
  const kept = new Map(store.kept);
  const page = openPage(false);
  expect(await page.find(source)).toEqual({ state: "gone" });
  await page.keep(source, pickOf(withPermission(new MemoryFolder("Theirs"))));
  expect(await page.find(source)).toMatchObject({ state: "granted", picked: { name: "Theirs" } });
  expect(store.kept).toEqual(kept);
});

test("loose files are read anew, and those that are gone are left out", async () => {
  const folder = new MemoryFolder("Camera");
  const files = ["a.jpg", "b.jpg"].map((name) => withPermission(folder.addFile(name, name)));
  const [first, second] = files;
  if (first === undefined || second === undefined) throw new Error("two files");
  const picked: PickedFolder = { ...listed, kind: "files", name: "Files", fileHandles: files };
  await openPage().keep(source, picked);
  const found = await openPage().find(source);
  expect(found).toMatchObject({
    state: "granted",
    picked: { kind: "files", folder: { files: [{ path: ["a.jpg"] }, { path: ["b.jpg"] }] }, fileHandles: files },
  });
  first.faults.set("getFile", new DOMException("gone", "NotFoundError"));
  second.faults.set("getFile", new DOMException("busy", "NotReadableError"));
  expect(await openPage().find(source)).toMatchObject({
    picked: { folder: { files: [], unreadable: [["b.jpg"]] }, fileHandles: [second] },
  });
  second.lapse();
  expect(await openPage().find(source)).toEqual({ state: "prompt", name: "Files" });
});

test("more than a hundred loose files are not asked for one by one: they last as long as the page", async () => {
  const folder = new MemoryFolder("Camera");
  const fileHandles = Array.from({ length: 101 }, (_, i) => folder.addFile(`${i}.jpg`, ""));
  const page = openPage();
  await page.keep(source, { ...listed, kind: "files", fileHandles });
  expect(store.kept.size).toBe(0);
  expect(await page.find(source)).toMatchObject({ state: "granted" });
});

test("a set is forgotten with all its sources, and others stay", async () => {
  const page = openPage();
  const other = { setId: "set-2", sourceId: "source-1" };
  for (const key of [source, { ...source, sourceId: "source-2" }, other]) {
    await page.keep(key, pickOf(withPermission(new MemoryFolder("Documents"))));
  }
  await page.remove("set-1");
  expect(await page.find(source)).toEqual({ state: "gone" });
  expect([...store.kept.keys()]).toEqual([`${"5".repeat(64)}/set-2/source-1`]);
});

test("storage that fails costs only picking again", async () => {
  store.failure = new DOMException("no", "UnknownError");
  const page = openPage();
  await page.keep(source, pickOf(withPermission(new MemoryFolder("Documents"))));
  expect(await page.find(source)).toMatchObject({ state: "granted" });
  expect(await openPage().find(source)).toEqual({ state: "gone" });
});

test("what was dropped is still known as dropped while its page is there, and by its handle alone later", async () => {
  const folder = withPermission(new MemoryFolder("Photos"));
  const dropped: PickedFolder = {
    kind: "folder",
    name: "Photos",
    folder: { kind: "handle", handle: folder, dropped: 2 },
  };
  const page = openPage();
  await page.keep(source, dropped);
  expect(await page.find(source)).toEqual({ state: "granted", picked: dropped });
  const later = await openPage().find(source);
  expect(later).toEqual({ state: "granted", picked: pickOf(folder) });
});
