import { setMaxListeners } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { DirectoryBackend } from "../../../../src/core/backend/directory.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { hashId } from "../../../../src/core/base/id.ts";
import { NodeRepositoryFolder } from "../../../support/node-repository-folder.ts";

const { signal } = new AbortController();
// Many operations wait on one signal here, which Node takes for a leak.
setMaxListeners(0, signal);
const config = { type: "config" } as const;

let root: string;
let backend: DirectoryBackend;

beforeEach(async () => {
  root = join(await mkdtemp(join(tmpdir(), "holdall-directory-")), "backup");
  await mkdir(root);
  backend = new DirectoryBackend(new NodeRepositoryFolder(root));
});
afterEach(() => rm(join(root, ".."), { recursive: true, force: true }));

async function makeRepository(): Promise<void> {
  await backend.create(signal);
  await backend.save(config, utf8("config"), signal);
}

async function store(type: "data" | "index" | "lock", text: string) {
  const handle = { type, id: await hashId(utf8(text)) };
  await backend.save(handle, utf8(text), signal);
  return handle;
}

describe("restic's layout", () => {
  test("all folders are there from the beginning, those of packs too", async () => {
    await backend.create(signal);
    expect((await readdir(root)).sort()).toEqual(["data", "index", "keys", "locks", "snapshots"]);
    const folders = await readdir(join(root, "data"));
    expect(folders).toHaveLength(256);
    expect([folders.sort()[0], folders[255]]).toEqual(["00", "ff"]);
  });

  test("a pack lies in the folder of its first two digits", async () => {
    await makeRepository();
    const { id } = await store("data", "pack");
    expect(await readFile(join(root, "data", id.slice(0, 2), id), "utf8")).toBe("pack");
  });

  test("packs elsewhere in data/ are no packs, to restic neither", async () => {
    await makeRepository();
    const { id } = await store("data", "pack");
    const other = await hashId(utf8("other"));
    await writeFile(join(root, "data", other), "other");
    await mkdir(join(root, "data", "backup"));
    await writeFile(join(root, "data", "backup", other), "other");
    await writeFile(join(root, "data", id.slice(0, 2) === "00" ? "01" : "00", other), "other");
    expect(await backend.list("data", signal)).toEqual([{ id, length: 4 }]);
  });

  test("files that a copying program left the empty folders out for find their place", async () => {
    await makeRepository();
    for (const name of ["data", "locks"]) await rm(join(root, name), { recursive: true });
    expect(await backend.list("lock", signal)).toEqual([]);
    expect(await backend.list("data", signal)).toEqual([]);
    const { id } = await store("data", "pack");
    await store("lock", "lock");
    expect(await backend.list("data", signal)).toEqual([{ id, length: 4 }]);
    expect(await backend.list("lock", signal)).toHaveLength(1);
  });
});

describe("what is there already", () => {
  test("a file of the same name and other contents stays, and it is an error", async () => {
    await makeRepository();
    const { id } = await store("data", "pack");
    const path = join(root, "data", id.slice(0, 2), id);
    await writeFile(path, "damaged");
    await expect(backend.save({ type: "data", id }, utf8("pack"), signal)).rejects.toMatchObject({
      code: "already-exists",
      retry: "never",
    });
    expect(await readFile(path, "utf8")).toBe("damaged");
  });

  test("an empty file, as a lost power leaves it, is replaced", async () => {
    await makeRepository();
    const { id } = await store("data", "pack");
    const path = join(root, "data", id.slice(0, 2), id);
    await writeFile(path, "");
    await store("data", "pack");
    expect(await readFile(path, "utf8")).toBe("pack");
  });

  test("nothing partial is left beside the files", async () => {
    await makeRepository();
    const { id } = await store("index", "index");
    expect(await readdir(join(root, "index"))).toEqual([id]);
    expect((await readdir(root)).sort()).toEqual(["config", "data", "index", "keys", "locks", "snapshots"]);
  });
});

describe("a folder that is no repository", () => {
  test("an empty one may become one, also with what systems put there", async () => {
    await writeFile(join(root, ".DS_Store"), "");
    for (const name of ["System Volume Information", "lost+found", ".Trash-1000"]) await mkdir(join(root, name));
    expect(await backend.stat(config, signal)).toBeNull();
    await expect(backend.load(config, signal)).rejects.toMatchObject({ code: "not-found" });
    await makeRepository();
    expect(await backend.stat(config, signal)).toBe(6);
  });

  test("one whose creation was cut off may become one", async () => {
    await backend.create(signal);
    await writeFile(join(root, "config.00c0ffee.tmp"), "");
    expect(await backend.stat(config, signal)).toBeNull();
    await backend.create(signal);
  });

  test("one with other things in it stays as it is", async () => {
    await writeFile(join(root, "letter.txt"), "Dear restic");
    await mkdir(join(root, "photos"));
    const inUse = { name: "BackendError", code: "folder-not-empty", context: { folder: "backup" } };
    await expect(backend.create(signal)).rejects.toMatchObject(inUse);
    await expect(backend.stat(config, signal)).rejects.toMatchObject(inUse);
    await expect(backend.load(config, signal)).rejects.toMatchObject(inUse);
    expect((await readdir(root)).sort()).toEqual(["letter.txt", "photos"]);
  });

  test("a folder called config is other things", async () => {
    await mkdir(join(root, "config"));
    await expect(backend.stat(config, signal)).rejects.toMatchObject({ code: "folder-not-empty" });
  });

  test("one that holds a repository names it", async () => {
    const outer = new DirectoryBackend(new NodeRepositoryFolder(join(root, "..")));
    // A program's settings are no repository.
    await mkdir(join(root, "..", "a program"));
    await writeFile(join(root, "..", "a program", "config"), "colour = blue");
    await expect(outer.stat(config, signal)).rejects.toMatchObject({ code: "folder-not-empty" });
    await makeRepository();
    const inside = { code: "repository-inside", context: { inside: "backup" } };
    for (const attempt of [
      () => outer.stat(config, signal),
      () => outer.load(config, signal),
      () => outer.create(signal),
    ]) {
      await expect(attempt()).rejects.toMatchObject(inside);
    }
  });
});

describe("[Note: unplugged disks]", () => {
  const gone = { name: "BackendError", code: "folder-gone", retry: "never" };

  test.each([
    ["nothing", false],
    ["an empty folder", true],
  ])("%s in its place is no repository without files", async (_, isThere) => {
    await makeRepository();
    const handle = await store("data", "pack");
    const lock = await store("lock", "lock");
    await rename(root, `${root}-unplugged`);
    if (isThere) await mkdir(root);
    await expect(backend.list("lock", signal)).rejects.toMatchObject(gone);
    await expect(backend.list("data", signal)).rejects.toMatchObject(gone);
    await expect(backend.load(handle, signal)).rejects.toMatchObject(gone);
    await expect(backend.stat(handle, signal)).rejects.toMatchObject(gone);
    await expect(backend.remove(lock, signal)).rejects.toMatchObject(gone);
    await expect(store("data", "another")).rejects.toMatchObject(gone);
    await expect(store("data", "pack")).rejects.toMatchObject(gone);
    if (isThere) expect(await readdir(root)).toEqual([]);
    else await expect(backend.stat(config, signal)).rejects.toMatchObject(gone);

    // It comes back, and all goes on.
    if (isThere) await rm(root, { recursive: true });
    await rename(`${root}-unplugged`, root);
    expect(await backend.list("lock", signal)).toEqual([{ id: lock.id, length: 4 }]);
    await store("data", "another");
  });
});

test("a listing of many packs counts each once", async () => {
  await makeRepository();
  const wanted: string[] = [];
  for (let i = 0; i < 300; i++) wanted.push((await store("data", `pack ${i}`)).id);
  const listed = (await backend.list("data", signal)).map(({ id }) => id);
  expect(listed.sort()).toEqual(wanted.sort());
});
