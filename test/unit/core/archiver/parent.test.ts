import { expect, test } from "vitest";
import { findParent, isClockBehind } from "../../../../src/core/archiver/parent.ts";
import { utf8 } from "../../../../src/core/base/bytes.ts";
import { type Id, parseId } from "../../../../src/core/base/id.ts";
import { decodeSnapshot } from "../../../../src/core/format/snapshot.ts";
import type { StoredSnapshot } from "../../../../src/core/repository/repository.ts";

let made = 0;

function stored(time: string, hostname = "attic", paths = ["/Documents"]): StoredSnapshot {
  const id = parseId((++made).toString(16).padStart(64, "0")) as Id;
  const json = JSON.stringify({ time, tree: "0".repeat(64), paths, hostname });
  return { id, snapshot: decodeSnapshot(utf8(json)) };
}

const wanted = { hostname: "attic", paths: ["/Documents"], timeMs: Date.parse("2026-02-01T00:00:00Z") };

test("the parent is the newest snapshot of the host and the paths, in whatever order they are listed", () => {
  const newest = stored("2026-01-03T00:00:00Z");
  expect(findParent([stored("2026-01-02T00:00:00Z"), newest, stored("2026-01-01T00:00:00Z")], wanted)).toBe(newest);
});

test("times are compared, not their texts: offsets count", () => {
  const later = stored("2026-01-01T23:00:00-05:00");
  expect(findParent([later, stored("2026-01-02T03:00:00Z")], wanted)).toBe(later);
});

test("a snapshot of more paths can be continued, one of fewer cannot", () => {
  const more = stored("2026-01-01T00:00:00Z", "attic", ["/Documents", "/Photos"]);
  expect(findParent([more], wanted)).toBe(more);
  expect(findParent([more], { ...wanted, paths: ["/Documents", "/Music"] })).toBe(null);
});

test("another host's snapshots are none", () => {
  expect(findParent([stored("2026-01-01T00:00:00Z", "cellar")], wanted)).toBe(null);
});

test("a snapshot from the future is no parent, but tells that the clock is behind", () => {
  const future = stored("2026-03-01T00:00:00Z");
  expect(findParent([future], wanted)).toBe(null);
  expect(isClockBehind([future], wanted)).toBe(true);
  expect(isClockBehind([stored("2026-03-01T00:00:00Z", "cellar"), stored("2026-01-01T00:00:00Z")], wanted)).toBe(false);
});
