import { expect, test } from "vitest";
import { countOf, durationText, percentOf, sizeText } from "../../../src/ui/text/amounts.ts";

test("sizes have at most three digits and a decimal unit", () => {
  const sizes: [number, string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 KB"],
    [99_940, "99.9 KB"],
    [99_960, "100 KB"],
    [999_499, "999 KB"],
    [999_500, "1.0 MB"],
    [38_200_000_000, "38.2 GB"],
    [412e9, "412 GB"],
    [2 ** 63, "9.2 EB"],
  ];
  for (const [bytes, text] of sizes) expect(sizeText(bytes), String(bytes)).toBe(text);
});

test("a percentage is 100 only at the end and 0 only at the start", () => {
  expect([0, 0.0001, 0.5, 0.9999, 1, 1.2].map(percentOf)).toEqual([0, 1, 50, 99, 100, 100]);
});

test("durations are in words", () => {
  expect([300, 12_000, 61_000, 3_600_000, 7_800_000].map(durationText)).toEqual([
    "less than a second",
    "12 seconds",
    "1 minute",
    "1 hour",
    "2 hours 10 minutes",
  ]);
});

test("one is singular, all else plural", () => {
  expect([0, 1, 12_481].map((count) => countOf(count, "file", "files"))).toEqual(["0 files", "1 file", "12,481 files"]);
});
