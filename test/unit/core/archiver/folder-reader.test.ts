import { expect, test } from "vitest";
import { FolderReader, ReadAhead } from "../../../../src/core/archiver/folder-reader.ts";
import type { SourceEntry, SourceFolder } from "../../../../src/core/base/ports.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";

const signal = new AbortController().signal;

function fileOf(name: string, size: number): SourceEntry {
  const blob = new Blob([new Uint8Array(size)]);
  return { kind: "file", name: rawNameOf(name), open: async () => ({ size, modifiedMs: 0, blob }) };
}

/** What a folder of these entries is read as: names, with the size of a file or the reason of a failure. */
async function read(entries: readonly SourceEntry[]): Promise<[string, unknown][]> {
  const folder: SourceFolder = {
    async *entries() {
      yield* entries;
    },
  };
  const ahead = new ReadAhead(
    () => undefined,
    () => undefined,
  );
  const found = await new FolderReader(folder, ahead, signal).read();
  return found.map((entry) => {
    if (entry.kind === "failed") return [entry.name, (entry.error as { context: { reason: string } }).context.reason];
    return [entry.name, entry.kind === "file" ? entry.file.size : "folder"];
  });
}

test("entries come in the order of their names' bytes", async () => {
  const entries = ["b", "ä", "a", "Z", "\u{1f600}", "ｚ"].map((name) => fileOf(name, 1));
  const names = (await read(entries)).map(([name]) => name);
  expect(names).toEqual(["Z", "a", "b", "ä", "ｚ", "\u{1f600}"].map((name) => rawNameOf(name)));
});

test("every entry that has no name is reported, be there one or more", async () => {
  expect(await read([fileOf("", 1), fileOf("a", 2), fileOf("", 3), fileOf("", 4)])).toEqual([
    ["", "name"],
    ["", "name"],
    ["", "name"],
    ["a", 2],
  ]);
});

test("of entries whose names are the same bytes the first is read and the others are reported", async () => {
  // Two names that are different on Windows: each lone surrogate becomes U+FFFD.
  const name = rawNameOf("a\ufffd");
  expect(await read([fileOf("a\ud800", 1), fileOf("a\udc00", 2), fileOf("b", 3)])).toEqual([
    [name, 1],
    [name, "name-taken"],
    ["b", 3],
  ]);
});
