import { expect, test } from "vitest";
import { QuotaError } from "../../../src/core/base/errors.ts";
import type { FileWriter } from "../../../src/core/base/ports.ts";
import { folderSinkOf } from "../../../src/platform/folder-sink.ts";
import { MemoryFile, MemoryFolder } from "./memory-folder.ts";

function text(value: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(value);
}

async function writeAll(writer: FileWriter, value: string): Promise<void> {
  await writer.write(0, text(value));
  await writer.close();
}

test("folders and files are made where they belong, each folder asked for once", async () => {
  const root = new MemoryFolder("target");
  const sink = folderSinkOf(root);
  await Promise.all([sink.folder(["a"]), sink.folder(["a", "b"]), sink.folder(["a", "b"])]);
  const names = ["1", "2", "3"];
  await Promise.all(names.map(async (name) => writeAll(await sink.file(["a", "b", name], 1, false), name)));
  expect(root.tree()).toEqual({ "a/": "", "a/b/": "", "a/b/1": "1", "a/b/2": "2", "a/b/3": "3" });
  expect(root.asked).toBe(1);
});

test("positions may be written in any order and at once; the content appears at close", async () => {
  const root = new MemoryFolder("target");
  const writer = await folderSinkOf(root).file(["f"], 9, false);
  await Promise.all([writer.write(6, text("ghi")), writer.write(0, text("abc")), writer.write(3, text("def"))]);
  expect(root.tree()).toEqual({ f: "" });
  await writer.close();
  expect(root.tree()).toEqual({ f: "abcdefghi" });
});

test("an empty file is a file", async () => {
  const root = new MemoryFolder("target");
  await (await folderSinkOf(root).file(["empty"], 0, false)).close();
  expect(root.tree()).toEqual({ empty: "" });
});

test("a file that is there is left alone unless it is to be overwritten", async () => {
  const root = new MemoryFolder("target");
  root.addFile("f", "old and long");
  const sink = folderSinkOf(root);
  await expect(sink.file(["f"], 3, false)).rejects.toMatchObject({ code: "exists-already", context: { path: "f" } });
  expect(root.tree()).toEqual({ f: "old and long" });
  await writeAll(await sink.file(["f"], 3, true), "new");
  expect(root.tree()).toEqual({ f: "new" });
});

test("a folder in a file's place, or a file in a folder's, exists already", async () => {
  const root = new MemoryFolder("target");
  root.addFolder("x");
  root.addFile("y", "");
  const sink = folderSinkOf(root);
  await expect(sink.file(["x"], 1, true)).rejects.toMatchObject({ code: "exists-already" });
  await expect(sink.folder(["y"])).rejects.toMatchObject({ code: "exists-already" });
});

test("an aborted new file is gone, an aborted overwriting leaves what was there", async () => {
  const root = new MemoryFolder("target");
  root.addFile("old", "old");
  const sink = folderSinkOf(root);
  for (const name of ["new", "old"]) {
    const writer = await sink.file([name], 4, true);
    await writer.write(0, text("part"));
    await writer.abort();
    await writer.abort();
  }
  expect(root.tree()).toEqual({ old: "old" });
});

test("a refused name is sink-refused and leaves nothing", async () => {
  const root = new MemoryFolder("target");
  root.refused.add("a:b");
  const sink = folderSinkOf(root);
  const refused = { code: "sink-refused", context: { path: "a:b", reason: "TypeError" } };
  await expect(sink.file(["a:b"], 1, false)).rejects.toMatchObject(refused);
  await expect(sink.folder(["a:b"])).rejects.toMatchObject(refused);
  expect(root.tree()).toEqual({});
});

test("a refused folder can be asked for again", async () => {
  const root = new MemoryFolder("target");
  const sink = folderSinkOf(root);
  root.refused.add("a");
  await expect(sink.folder(["a"])).rejects.toMatchObject({ code: "sink-refused" });
  root.refused.delete("a");
  await sink.folder(["a"]);
  expect(root.tree()).toEqual({ "a/": "" });
});

test.each(["createWritable", "write", "close"] as const)(
  "a failing %s is sink-refused, and nothing of the file remains",
  async (step) => {
    const root = new MemoryFolder("target");
    root.faults.set(step, new DOMException("no", "NotAllowedError"));
    const run = async () => {
      const writer = await folderSinkOf(root).file(["f"], 4, false);
      try {
        await writeAll(writer, "text");
      } catch (error) {
        await writer.abort();
        throw error;
      }
    };
    const refused = { code: "sink-refused", context: { path: "f", reason: "NotAllowedError" } };
    await expect(run()).rejects.toMatchObject(refused);
    expect(root.tree()).toEqual({});
  },
);

test("a failed close removes the new file by itself", async () => {
  const root = new MemoryFolder("target");
  root.faults.set("close", new DOMException("blocked", "AbortError"));
  const writer = await folderSinkOf(root).file(["f"], 1, false);
  await writer.write(0, text("x"));
  // The browser's scanner of downloads says no with an AbortError, which is no abort of ours.
  await expect(writer.close()).rejects.toMatchObject({ code: "sink-refused", context: { reason: "AbortError" } });
  expect(root.tree()).toEqual({});
});

test("a full disk is a quota error", async () => {
  const root = new MemoryFolder("target");
  const file = root.addFile("f", "old");
  file.faults.set("write", new DOMException("full", "QuotaExceededError"));
  const writer = await folderSinkOf(root).file(["f"], 1, true);
  const error: unknown = await writer.write(0, text("x")).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(QuotaError);
  expect(error).toMatchObject({ code: "quota-exceeded" });
  await writer.abort();
  expect(root.children.get("f")).toBeInstanceOf(MemoryFile);
  expect(root.tree()).toEqual({ f: "old" });
});
