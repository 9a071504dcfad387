import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, concatBytes, textOf, utf8 } from "../../../src/core/base/bytes.ts";
import { FormatError } from "../../../src/core/base/errors.ts";
import {
  backupSetOf,
  decodeSets,
  decodeUnfinished,
  encodeSets,
  encodeUnfinished,
  type KeptSet,
} from "../../../src/workers/set-records.ts";
import { backupRun, backupSet } from "../../support/backup-sets.ts";

const unfinished = { startedMs: 1, filesDone: 2, bytesDone: 3, bytesUploaded: 4, currentPath: "Documents/größe ☃" };
const kept: KeptSet[] = [
  {
    set: backupSet(),
    runs: [backupRun(), backupRun({ outcome: "failed", code: "network", snapshot: null })],
    rereadTurn: 7,
  },
  { set: backupSet({ id: "set-2", rereadEvery: null, reminderDays: null }), runs: [], rereadTurn: null },
];

test("what was kept is read again", () => {
  expect(decodeSets(encodeSets(kept))).toEqual(kept);
  expect(decodeUnfinished(encodeUnfinished("set-1", unfinished), "set-1")).toEqual(unfinished);
});

test("one record never passes for another, nor one set's run for another's", () => {
  expect(() => decodeSets(encodeUnfinished("set-1", unfinished))).toThrow(FormatError);
  expect(() => decodeUnfinished(encodeSets(kept), "set-1")).toThrow(FormatError);
  expect(() => decodeUnfinished(encodeUnfinished("set-1", unfinished), "set-2")).toThrow(FormatError);
});

test("no truncated, doubled or foreign bytes are read, and none does more than throw", () => {
  const record = encodeSets(kept);
  for (let length = 0; length < record.length; length++) expectRefused(record.slice(0, length));
  expectRefused(concatBytes([record, record]));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => expectRefused(Uint8Array.from(bytes))),
    { numRuns: 200 },
  );
});

function expectRefused(bytes: Bytes): void {
  expect(() => decodeSets(bytes)).toThrow(FormatError);
}

test("a field of another kind spoils the record, wherever it is", () => {
  const text = textOf(encodeSets(kept)).slice("holdall sets 1\n".length);
  const places = pathsOf(JSON.parse(text));
  expect(places.length).toBeGreaterThan(60);
  for (const place of places) {
    const value: unknown = JSON.parse(text);
    put(value, place, { odd: true });
    expect(() => decodeSets(utf8(`holdall sets 1\n${JSON.stringify(value)}`)), place.join(".")).toThrow(FormatError);
  }
});

type Path = readonly (string | number)[];

/** The places of everything that is neither an object nor the whole. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, child]) => pathsOf(child, [...path, key]));
  return Array.isArray(value) && path.length > 0 ? [path, ...below] : below;
}

function put(value: unknown, path: Path, replacement: unknown): void {
  const [key = "", ...rest] = path;
  const holder = value as Record<string | number, unknown>;
  if (rest.length === 0) holder[key] = replacement;
  else put(holder[key], rest, replacement);
}

describe("a set beyond the limits is refused:", () => {
  const many = (length: number) => Array.from({ length }, () => "x");
  test.each([
    ["a long name", { name: "x".repeat(301) }],
    ["an id that is no part of a key", { id: "a/b" }],
    ["101 tags", { tags: many(101) }],
    ["10001 patterns", { rules: { ...backupSet().rules, exclude: many(10_001) } }],
    ["a pattern of 4097", { rules: { ...backupSet().rules, iexclude: ["x".repeat(4097)] } }],
    ["101 sources", { sources: many(101).map((_, i) => ({ id: `s${i}`, rootName: "a", kind: "folder" as const })) }],
    ["a fraction", { reminderDays: 0.5 }],
    ["less than nothing", { uploadLimit: -1 }],
  ])("%s", (_, changes) => {
    expect(() => backupSetOf(backupSet(changes))).toThrow(FormatError);
  });
  test("and one at the limits is not", () => {
    const set = backupSet({
      name: "x".repeat(300),
      tags: many(100),
      rules: { ...backupSet().rules, exclude: many(10_000) },
    });
    expect(backupSetOf(set)).toEqual(set);
  });
});
