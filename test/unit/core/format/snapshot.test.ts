import { expect, test } from "vitest";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { FormatError } from "../../../../src/core/base/errors.ts";
import { decodeSnapshot, encodeSnapshot } from "../../../../src/core/format/snapshot.ts";

const id = "a84d6c011a65c3a34153dcbd2fb517870b756f3a3799bb5b57825b276c99209c";
const full =
  `{"time":"2024-02-01T10:00:00.5+01:00","parent":"${id}","tree":"${id}","paths":["/a","/\\u003c"],"hostname":"h",` +
  `"username":"u","uid":1,"gid":2,"excludes":["*.o"],"tags":["t","läbel"],"original":"${id}","program_version":"restic 0.19.1",` +
  `"summary":{"backup_start":"2024-02-01T10:00:00Z","backup_end":"2024-02-01T10:00:01Z","files_new":1,"files_changed":2,` +
  `"files_unmodified":3,"dirs_new":4,"dirs_changed":5,"dirs_unmodified":6,"data_blobs":7,"tree_blobs":8,"data_added":9,` +
  `"data_added_packed":10,"total_files_processed":11,"total_bytes_processed":12}}`;

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

function rewrite(json: string): string {
  return text(encodeSnapshot(decodeSnapshot(utf8(json))));
}

test("every field is read and written again in restic's order", () => {
  expect(decodeSnapshot(utf8(full))).toMatchObject({
    time: "2024-02-01T10:00:00.5+01:00",
    parent: id,
    tree: id,
    paths: ["/a", "/<"],
    excludes: ["*.o"],
    tags: ["t", "läbel"],
    original: id,
    programVersion: "restic 0.19.1",
    summary: { filesNew: 1, dirsUnmodified: 6, dataAddedPackedBytes: 10, totalBytesProcessed: 12 },
  });
  expect(rewrite(full)).toBe(full);
});

test("what is empty or absent is left out, the paths aside", () => {
  const bare = `{"time":"2024-01-01T00:00:00Z","tree":"${id}","paths":[]}`;
  expect(rewrite(bare)).toBe(bare);
  expect(rewrite(`{"tree":"${id}","paths":null,"tags":[],"uid":0,"parent":null}`)).toBe(
    `{"time":"0001-01-01T00:00:00Z","tree":"${id}","paths":[]}`,
  );
});

test("fields of newer programs survive a rewrite as they were written, in the summary too", () => {
  const json = full.replace('processed":12}}', 'processed":12,"x":[1.0]},"y":{"z":12345678901234567890}}');
  expect(rewrite(json)).toBe(json);
});

test.each([
  ["no tree", `{"time":"2024-01-01T00:00:00Z","paths":["/a"]}`],
  ["a null tree", `{"tree":null,"paths":["/a"]}`],
  ["an id that is none", full.replace(`"tree":"${id}"`, '"tree":"latest"')],
  ["a time that is none", full.replace("T10:00:00.5", " 10:00:00")],
  ["a path that is no text", full.replace('"/a"', "1")],
  ["a count that is no whole number", full.replace('"files_new":1', '"files_new":1.5')],
  ["a summary that is no object", full.replace(/"summary":.*$/, '"summary":1}')],
  ["something behind it", `${full} {}`],
])("a snapshot with %s is refused", (_, json) => {
  expect(() => decodeSnapshot(utf8(json))).toThrow(FormatError);
});
