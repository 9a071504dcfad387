import { expect, test } from "vitest";
import { excludePresets, readPresets, withPresets } from "../../../src/ui/exclude-presets.ts";
import { seriesOf } from "../../../src/ui/series.ts";
import { dueMsOf, hasStored, lastRunOf, subjectOf } from "../../../src/ui/set-facts.ts";
import { groupsOf } from "../../../src/ui/state/snapshots.svelte.ts";
import { leftOutText, runFacts } from "../../../src/ui/text/sets.ts";
import { agoText } from "../../../src/ui/text/times.ts";
import { backupRun, backupSet, backupSetInfo } from "../../support/backup-set.ts";
import { fakeSnapshot } from "../../support/fake-repository-api.ts";

const day = 86_400_000;

test("a set is due so many days after its last good run, whatever failed since", () => {
  const runs = [
    backupRun({ startedMs: 9 * day, outcome: "failed", code: "network" }),
    backupRun({ startedMs: 8 * day, outcome: "dry-run" }),
    backupRun({ startedMs: 5 * day, outcome: "unchanged" }),
    backupRun({ startedMs: 1 * day }),
  ];
  expect(dueMsOf(backupSetInfo({ reminderDays: 7 }, { runs }))).toBe(12 * day);
  expect(dueMsOf(backupSetInfo({ reminderDays: null }, { runs }))).toBeNull();
  expect(dueMsOf(backupSetInfo({ reminderDays: 7 }))).toBeNull();
});

test("a dry run is neither a last result nor a reason to fix the names; a run that was cut off is", () => {
  const dry = backupRun({ startedMs: 8, outcome: "dry-run" });
  const stored = backupRun({ startedMs: 5 });
  expect(lastRunOf(backupSetInfo({}, { runs: [dry, stored] }))).toBe(stored);
  expect(hasStored(backupSetInfo({}, { runs: [dry] }))).toBe(false);
  const unfinished = { startedMs: 1, filesDone: 0, bytesDone: 0, bytesUploaded: 0, currentPath: "" };
  expect(hasStored(backupSetInfo({}, { runs: [], unfinished }))).toBe(true);
});

test("the last result is told in a few words", () => {
  const run = backupRun({ startedMs: 0, filesNew: 14, filesChanged: 3, bytesStored: 3_100_000 });
  expect(runFacts(run)).toEqual(["14 new files", "3 changed", "3.1 MB stored"]);
  expect(runFacts({ ...run, outcome: "failed", code: "storage-full" })).toEqual(["not finished: The server is full"]);
  expect(runFacts(backupRun({ startedMs: 0, outcome: "unchanged" }))).toEqual(["nothing had changed"]);
});

test("what was a short while ago is told in minutes and hours", () => {
  const now = 20 * day;
  expect(agoText(now - 20_000, now)).toBe("Just now");
  expect(agoText(now - 60_000, now)).toBe("1 minute ago");
  expect(agoText(now - 2.9 * 3_600_000, now)).toBe("2 hours ago");
  expect(agoText(now - 3 * day, now)).toMatch(/day, /);
});

test("what is left out is named, the rest counted", () => {
  const { rules } = backupSet();
  expect(leftOutText(rules)).toBe("");
  expect(leftOutText({ ...rules, exclude: ["a", "b"], excludeCaches: true, excludeLargerThanBytes: 5e9 })).toBe(
    "without a, b, cache folders and 1 more",
  );
  const [preset] = excludePresets;
  expect(leftOutText({ ...rules, exclude: [...(preset?.patterns ?? []), "*.iso"] })).toBe(
    `without ${preset?.name.toLowerCase()}, *.iso`,
  );
});

test("presets come back from the patterns that they gave, and leave one's own alone", () => {
  const all = new Set(excludePresets.map(({ id }) => id));
  for (const chosen of [new Set<string>(), all, new Set([...all].slice(1, 3))]) {
    const patterns = withPresets(excludePresets, chosen, ["*.iso", "!keep.iso"]);
    expect(readPresets(excludePresets, patterns)).toEqual({ chosen, own: ["*.iso", "!keep.iso"] });
  }
  const [first] = excludePresets;
  const reversed = ["!a", ...(first?.patterns ?? [])];
  expect(readPresets(excludePresets, reversed)).toEqual({ chosen: new Set(), own: reversed });
});

test("series that a set can continue come first by who wrote them, then by their newest snapshot", () => {
  const of = (hostname: string, paths: string[], programVersion: string, timeMs: number) =>
    fakeSnapshot({ hostname, paths, programVersion, timeMs });
  const snapshots = [
    of("nas", ["/srv/photos"], "restic 0.18.0", 9),
    of("nas", ["/music"], "restic 0.18.0", 8),
    of("phone", ["/Camera"], "holdall 1", 7),
    of("laptop", ["/b", "/a"], "holdall 1", 6),
    of("laptop", ["/a", "/b"], "holdall 1", 5),
    of("desk", ["C:\\Users"], "restic 0.18.0", 4),
  ];
  const { continuable, others } = seriesOf(groupsOf(snapshots));
  expect(continuable.map(({ newest, count }) => [newest.hostname, count])).toEqual([
    ["phone", 1],
    ["laptop", 2],
    ["nas", 1],
  ]);
  expect(others.map(({ newest }) => newest.paths[0])).toEqual(["/srv/photos", "C:\\Users"]);
});

test("a subject names two folders and counts the rest", () => {
  expect(subjectOf(["a"])).toBe("a");
  expect(subjectOf(["a", "b"])).toBe("a and b");
  expect(subjectOf(["a", "b", "c", "d"])).toBe("a, b and 2 more");
});
