import { describe, expect, test } from "vitest";
import { DirectoryBackend } from "../../../src/core/backend/directory.ts";
import { utf8 } from "../../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../../src/core/base/id.ts";
import { repositoryFolderOf } from "../../../src/platform/repository-folder.ts";
import { MemoryFile, MemoryFolder } from "./memory-folder.ts";

const { signal } = new AbortController();
const config = { type: "config" } as const;

async function made(): Promise<{ root: MemoryFolder; backend: DirectoryBackend }> {
  const root = new MemoryFolder("backup");
  const backend = new DirectoryBackend(repositoryFolderOf(root));
  await backend.create(signal);
  await backend.save(config, utf8("config"), signal);
  return { root, backend };
}

function folderIn(root: MemoryFolder, ...path: string[]): MemoryFolder {
  const found = path.reduce<unknown>((at, name) => (at instanceof MemoryFolder ? at.children.get(name) : null), root);
  if (!(found instanceof MemoryFolder)) throw new Error(`no folder ${path.join("/")}`);
  return found;
}

const handleOf = async (text: string): Promise<{ type: "index"; id: Id }> => ({
  type: "index",
  id: await hashId(utf8(text)),
});

describe("a repository in a picked folder", () => {
  test.each(["createWritable", "write", "close", "move"] as const)(
    "a write that fails at %s leaves nothing",
    async (step) => {
      const { root, backend } = await made();
      const index = folderIn(root, "index");
      index.faults.set(step, new DOMException("no", "QuotaExceededError"));
      await expect(backend.save(await handleOf("x"), utf8("x"), signal)).rejects.toMatchObject({
        name: "QuotaError",
        code: "quota-exceeded",
        retry: "never",
      });
      expect([...index.children.keys()]).toEqual([]);
      index.faults.clear();
      await backend.save(await handleOf("x"), utf8("x"), signal);
      expect(await backend.load(await handleOf("x"), signal)).toEqual(utf8("x"));
    },
  );

  test("a file is never seen under its name before it is complete", async () => {
    const { root, backend } = await made();
    const seen: string[][] = [];
    const index = folderIn(root, "index");
    const addFile = index.addFile.bind(index);
    index.addFile = (name, content) => {
      const file = addFile(name, content);
      const createWritable = file.createWritable.bind(file);
      file.createWritable = () => {
        seen.push([...index.children.keys()]);
        return createWritable();
      };
      return file;
    };
    const handle = await handleOf("x");
    await backend.save(handle, utf8("x"), signal);
    expect(seen).toEqual([[expect.stringMatching(new RegExp(`^${handle.id}\\.[0-9a-f]{8}\\.tmp$`))]]);
    expect([...index.children.keys()]).toEqual([handle.id]);
  });

  test("what a page that died has left is no file of the repository", async () => {
    const { root, backend } = await made();
    const { id } = await handleOf("x");
    for (const name of [`${id}.0badcafe.tmp`, `${id}.0badcafe.tmp.crswap`, `${id}.crswap`]) {
      folderIn(root, "index").addFile(name, "part");
    }
    expect(await backend.list("index", signal)).toEqual([]);
  });

  test.each([
    ["NotAllowedError", "permission-lapsed"],
    ["SecurityError", "permission-lapsed"],
    ["NoModificationAllowedError", "folder-read-only"],
    ["QuotaExceededError", "quota-exceeded"],
    ["InvalidStateError", "folder-failed"],
    ["AbortError", "folder-failed"],
  ])("%s of the browser is %s, at once", async (name, code) => {
    const { root, backend } = await made();
    folderIn(root, "index").faults.set("create", new DOMException("no", name));
    await expect(backend.save(await handleOf("x"), utf8("x"), signal)).rejects.toMatchObject({ code, retry: "never" });
  });

  test("a permission that lapsed is told by every kind of call", async () => {
    const { root, backend } = await made();
    const lapsed = { code: "permission-lapsed", context: { reason: "NotAllowedError" } };
    const refuse = async (): Promise<never> => {
      throw new DOMException("The request is not allowed", "NotAllowedError");
    };
    const index = folderIn(root, "index");
    for (const folder of [root, index]) {
      Object.assign(folder, { getFileHandle: refuse, getDirectoryHandle: refuse, removeEntry: refuse });
      folder.faults.set("list", new DOMException("The request is not allowed", "NotAllowedError"));
    }
    const handle = await handleOf("x");
    await expect(backend.stat(config, signal)).rejects.toMatchObject(lapsed);
    await expect(backend.list("index", signal)).rejects.toMatchObject(lapsed);
    await expect(backend.load(handle, signal)).rejects.toMatchObject(lapsed);
    await expect(backend.save(handle, utf8("x"), signal)).rejects.toMatchObject(lapsed);
    await expect(backend.remove(handle, signal)).rejects.toMatchObject(lapsed);
    await expect(backend.create(signal)).rejects.toMatchObject(lapsed);
  });

  test("a browser that cannot rename files writes none", async () => {
    const { root, backend } = await made();
    const index = folderIn(root, "index");
    const addFile = index.addFile.bind(index);
    index.addFile = (name, content) => Object.assign(addFile(name, content), { move: undefined });
    await expect(backend.save(await handleOf("x"), utf8("x"), signal)).rejects.toMatchObject({
      code: "feature-missing",
    });
    expect([...index.children.keys()]).toEqual([]);
  });

  test("a file that is cut off while it is read is no whole file", async () => {
    const { root, backend } = await made();
    const { id } = await handleOf("xyz");
    const file = folderIn(root, "index").addFile(id, "xyz");
    expect(file).toBeInstanceOf(MemoryFile);
    file.getFile = async () => {
      const shorter = new File(["x"], id);
      Object.defineProperty(shorter, "size", { value: 3 });
      return shorter;
    };
    await expect(backend.load({ type: "index", id }, signal)).rejects.toMatchObject({ code: "short-body" });
  });

  test("a listing that is aborted ends with the reason", async () => {
    const { root, backend } = await made();
    const index = folderIn(root, "index");
    const controller = new AbortController();
    const reason = new DOMException("enough", "AbortError");
    for (const text of ["a", "b"]) index.addFile((await handleOf(text)).id, text);
    const values = index.values.bind(index);
    index.values = async function* () {
      for await (const child of values()) {
        controller.abort(reason);
        yield child;
      }
      return undefined;
    };
    await expect(backend.list("index", controller.signal)).rejects.toBe(reason);
  });
});
