import { expect, test } from "vitest";
import { SlowFiles } from "../../../../src/core/archiver/slow-files.ts";
import { rawNameOf } from "../../../../src/core/base/raw-name.ts";

test("the ten slowest files are kept, slowest first, whatever the order in which they end", () => {
  const slow = new SlowFiles();
  const durations = [2000, 9000, 4000, 13_000, 3000, 12_000, 6000, 8000, 11_000, 5000, 7000, 10_000];
  for (const durationMs of durations) slow.note({ path: [rawNameOf(`${durationMs}`)], bytes: 1, durationMs });
  expect(slow.list.map(({ durationMs }) => durationMs)).toEqual([
    13_000, 12_000, 11_000, 10_000, 9000, 8000, 7000, 6000, 5000, 4000,
  ]);
});

test("less than two seconds is not slow", () => {
  const slow = new SlowFiles();
  slow.note({ path: [], bytes: 1, durationMs: 1999 });
  expect(slow.list).toEqual([]);
  expect(slow.isSlow(2000)).toBe(true);
});
