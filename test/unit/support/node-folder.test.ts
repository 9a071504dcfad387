import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { utf8 } from "../../../src/core/base/bytes.ts";
import type { SourceEntry, SourceFolder } from "../../../src/core/base/ports.ts";
import { rawNameOf, rawNameOfBytes } from "../../../src/core/base/raw-name.ts";
import { blobOf } from "../../../src/core/codec/small-files.ts";
import { NodeFolderSink } from "../../support/node-folder-sink.ts";
import { NodeFolderSource } from "../../support/node-folder-source.ts";
import { describeTree, differences, makeSourceTree, smallSize, TreeWriter } from "../../support/source-tree.ts";

const signal = new AbortController().signal;
const invalidUtf8 = Buffer.from([0x61, 0xff, 0xfe]);
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdall-node-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function list(source: SourceFolder): Promise<Map<string, SourceEntry>> {
  const entries = new Map<string, SourceEntry>();
  for await (const entry of source.entries(signal)) entries.set(entry.name, entry);
  return entries;
}

async function openFile(name: string) {
  const entry = (await list(new NodeFolderSource(folder))).get(name);
  if (entry?.kind !== "file") throw new Error(`no file ${name}`);
  return entry.open(signal);
}

test("a folder lists names as the bytes that they are, and what a browser cannot see not at all", async () => {
  const tree = new TreeWriter(folder);
  tree.file(invalidUtf8, "x");
  tree.file("ä", "x");
  tree.folder("inner");
  symlinkSync("nowhere", join(folder, "link"));
  const entries = await list(new NodeFolderSource(folder));
  expect([...entries.keys()].sort()).toEqual(
    [rawNameOfBytes(new Uint8Array(invalidUtf8)), rawNameOf("ä"), "inner"].sort(),
  );
  expect(entries.get("inner")?.kind).toBe("folder");
});

test("a file tells its size, its time rounded down to milliseconds, and its bytes when asked", async () => {
  new TreeWriter(folder).file(invalidUtf8, "twelve bytes", new Date("1969-12-31T23:59:58.500Z"));
  const file = await openFile(rawNameOfBytes(new Uint8Array(invalidUtf8)));
  expect(file.size).toBe(12);
  expect(file.modifiedMs).toBe(-1500);
  expect(await (await blobOf(file.blob, signal)).slice(0, 6).text()).toBe("twelve");
});

test("a file that changed after it was opened cannot be read", async () => {
  writeFileSync(join(folder, "file"), "before");
  const file = await openFile("file");
  appendFileSync(join(folder, "file"), " and after");
  await expect((await blobOf(file.blob, signal)).arrayBuffer()).rejects.toThrow();
});

test("an aborted listing ends with the reason", async () => {
  writeFileSync(join(folder, "file"), "");
  const reason = new Error("enough");
  const entries = new NodeFolderSource(folder).entries(AbortSignal.abort(reason));
  await expect(entries.next()).rejects.toBe(reason);
});

test("a file appears under its name by close only, with parts written in any order", async () => {
  const sink = new NodeFolderSink(folder, "raw");
  await sink.folder(["inner"]);
  const name = rawNameOfBytes(new Uint8Array(invalidUtf8));
  const writer = await sink.file(["inner", name], 10, false);
  await Promise.all([writer.write(5, utf8("world")), writer.write(0, utf8("hello"))]);
  const before = await describeTree(folder);
  expect(before.has(`inner/${name}`)).toBe(false);
  await writer.close();
  expect(readFileSync(new TreeWriter(folder).at(Buffer.concat([Buffer.from("inner/"), invalidUtf8])), "utf8")).toBe(
    "helloworld",
  );
  expect(readdirSync(join(folder, "inner"))).toHaveLength(1);
});

test("nothing remains of an aborted file", async () => {
  const writer = await new NodeFolderSink(folder, "text").file(["file"], 5, false);
  await writer.write(0, utf8("hello"));
  await writer.abort();
  expect(readdirSync(folder)).toEqual([]);
});

test("a file that is there is kept unless it may be replaced", async () => {
  writeFileSync(join(folder, "ä"), "old");
  const sink = new NodeFolderSink(folder, "text");
  await expect(sink.file(["ä"], 3, false)).rejects.toMatchObject({ code: "exists-already" });
  const writer = await sink.file(["ä"], 3, true);
  await writer.write(0, utf8("new"));
  await writer.close();
  expect(readFileSync(join(folder, "ä"), "utf8")).toBe("new");
});

test("a name that was taken while the file was written is not replaced", async () => {
  const writer = await new NodeFolderSink(folder, "text").file(["file"], 0, false);
  writeFileSync(join(folder, "file"), "somebody else's");
  await expect(writer.close()).rejects.toMatchObject({ code: "exists-already" });
  expect(readFileSync(join(folder, "file"), "utf8")).toBe("somebody else's");
  expect(readdirSync(folder)).toEqual(["file"]);
});

test("a name that the file system refuses is the sink's refusal", async () => {
  await expect(new NodeFolderSink(folder, "text").file(["x".repeat(256)], 0, false)).rejects.toMatchObject({
    code: "sink-refused",
  });
});

test("the same seed makes the same tree, another seed another one", async () => {
  const trees = await Promise.all(
    [1, 1, 2].map(async (seed, i) => {
      const root = join(folder, String(i));
      makeSourceTree(root, seed, smallSize);
      return describeTree(root);
    }),
  );
  const [first, again, other] = trees as [Map<string, string>, Map<string, string>, Map<string, string>];
  expect(first.size).toBeGreaterThan(100);
  expect(differences(first, again)).toEqual([]);
  expect(differences(first, other)).not.toEqual([]);
  mkdirSync(join(folder, "1", "added"));
  expect(differences(first, await describeTree(join(folder, "1")))).toEqual(['"added": folder not expected']);
});
