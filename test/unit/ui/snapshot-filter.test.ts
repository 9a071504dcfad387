import { expect, test } from "vitest";
import { anySnapshot, filtered, narrows, type SnapshotFilter } from "../../../src/ui/snapshot-filter.ts";
import { timelineOf } from "../../../src/ui/snapshot-lines.ts";
import { groupsOf } from "../../../src/ui/state/snapshots.svelte.ts";
import { snapshotsText } from "../../../src/ui/text/snapshots.ts";
import { fakeSnapshot } from "../../support/fake-repository-api.ts";

const at = (month: number, date: number, hours: number) => new Date(2026, month - 1, date, hours).getTime();
const snapshots = [
  fakeSnapshot({ timeMs: at(11, 23, 0), hostname: "nas", paths: ["/srv/photos"], tags: ["nightly"] }),
  fakeSnapshot({ timeMs: at(11, 22, 23), hostname: "laptop", paths: ["/Documents"], tags: ["taxes"] }),
  fakeSnapshot({ timeMs: at(11, 1, 12), hostname: "laptop", paths: ["/Documents", "/Photos"], username: "anna" }),
];

function found(filter: Partial<SnapshotFilter>): number[] {
  const shown = filtered(snapshots, { ...anySnapshot, ...filter });
  return shown.map((snapshot) => snapshots.indexOf(snapshot));
}

test("host, path and tag are taken as they are", () => {
  expect(found({ hostname: "laptop" })).toEqual([1, 2]);
  expect(found({ path: "/Photos" })).toEqual([2]);
  expect(found({ tag: "nightly" })).toEqual([0]);
  expect(found({ hostname: "nas", tag: "taxes" })).toEqual([]);
});

test("every word of a text must be found, in whatever letters", () => {
  expect(found({ text: "PHOTOS" })).toEqual([0, 2]);
  expect(found({ text: "photos anna" })).toEqual([2]);
  expect(found({ text: "  " })).toEqual([0, 1, 2]);
  expect(found({ text: snapshots[1]?.id.slice(0, 60) ?? "none" })).toContain(1);
});

test("a day counts whole, from its first to its last moment", () => {
  expect(found({ from: "2026-11-22", to: "2026-11-22" })).toEqual([1]);
  expect(found({ from: "2026-11-23" })).toEqual([0]);
  expect(found({ to: "2026-11-22" })).toEqual([1, 2]);
  expect(found({ from: "nonsense" })).toEqual([0, 1, 2]);
});

test("nothing asked for narrows nothing", () => {
  expect(narrows(anySnapshot)).toBe(false);
  expect(filtered(snapshots, anySnapshot)).toBe(snapshots);
});

test("each group tells the beginning of today, of this week and of every month once", () => {
  const nowMs = at(11, 23, 15);
  const times = [at(11, 23, 14), at(11, 23, 2), at(11, 20, 2), at(11, 18, 2), at(11, 2, 2), at(10, 5, 2), at(10, 4, 2)];
  const lines = timelineOf(groupsOf(times.map((timeMs) => fakeSnapshot({ timeMs }))), nowMs);
  const periods = lines.flatMap((line) => (line.kind === "snapshot" ? [line.period] : []));
  expect(periods).toEqual([
    snapshotsText.today,
    null,
    snapshotsText.thisWeek,
    null,
    "November 2026",
    "October 2026",
    null,
  ]);
});
