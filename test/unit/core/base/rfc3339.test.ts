import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalTime, formatTime, parseTime, timeMs, zeroTime } from "../../../../src/core/base/rfc3339.ts";

test.each([
  ["1970-01-01T00:00:00Z", 0],
  ["2026-11-22T21:50:07.123+01:00", Date.UTC(2026, 10, 22, 20, 50, 7, 123)],
  ["2023-05-06T07:08:09.123456789Z", Date.UTC(2023, 4, 6, 7, 8, 9, 123)],
  ["2024-02-29T23:59:59.9999999999999-05:30", Date.UTC(2024, 2, 1, 5, 29, 59, 999)],
  ["1969-12-31T23:59:59.9995Z", -1],
  [zeroTime, -62135596800000],
  ["0000-01-01T00:00:00Z", -62167219200000],
])("%s is %d ms", (text, ms) => {
  expect(timeMs(text)).toBe(ms);
});

test("nanoseconds and the offset are kept apart from the milliseconds", () => {
  expect(parseTime("2023-05-06T07:08:09.123456789-07:30")).toMatchObject({ nanoseconds: 456789, offsetMinutes: -450 });
});

test.each([
  "",
  "2024-01-01T00:00:00",
  "2024-01-01 00:00:00Z",
  "2024-01-01t00:00:00Z",
  "2024-01-01T00:00:00z",
  "2024-01-01T00:00:60Z",
  "2024-01-01T24:00:00Z",
  "2024-01-01T00:60:00Z",
  "10000-01-01T00:00:00Z",
  "2023-02-29T00:00:00Z",
  "2024-00-01T00:00:00Z",
  "2024-13-01T00:00:00Z",
  "2024-01-00T00:00:00Z",
  "2024-04-31T00:00:00Z",
  "2024-01-01T00:00:00,5Z",
  "2024-01-01T00:00:00.Z",
  "2024-01-01T0:00:00Z",
  "2024-01-01T00:00:00+24:00",
  "2024-01-01T00:00:00+01:60",
  "2024-01-01T00:00:00+0100",
  "2024-01-01T00:00:00Z\n",
  `2024-01-01T00:00:00.${"1".repeat(1000)}Z`,
])("%j is no time", (text) => {
  expect(parseTime(text)).toBeNull();
  expect(canonicalTime(text)).toBeNull();
});

test.each([
  ["2024-01-01T00:00:00.500Z", "2024-01-01T00:00:00.5Z"],
  ["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00Z"],
  ["2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z"],
  ["2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"],
  ["2024-01-01T00:00:00.1234567891-05:00", "2024-01-01T00:00:00.123456789-05:00"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"],
])("%s is canonically %s", (text, canonical) => {
  expect(canonicalTime(text)).toBe(canonical);
});

test("milliseconds are written with as many digits as they need and the offset asked for", () => {
  expect(formatTime(Date.UTC(2026, 10, 22, 20, 50, 7, 120), 60)).toBe("2026-11-22T21:50:07.12+01:00");
  expect(formatTime(0)).toBe("1970-01-01T00:00:00Z");
  expect(formatTime(-1, -330)).toBe("1969-12-31T18:29:59.999-05:30");
});

test("years that no reader takes become the nearest that it does, and what is no time throws", () => {
  expect(formatTime(8.64e15)).toBe("9999-12-31T23:59:59.999Z");
  expect(formatTime(-8.64e15, -60)).toBe("0000-01-01T00:00:00-01:00");
  expect(() => formatTime(Number.NaN)).toThrow(RangeError);
  expect(() => formatTime(0, 1440)).toThrow(RangeError);
});

test("what is written is read back as the same instant and is canonical", () => {
  const anyMs = fc.integer({ min: -62167219200000 + 86400000, max: 253402300799999 - 86400000 });
  fc.assert(
    fc.property(anyMs, fc.integer({ min: -1439, max: 1439 }), (ms, offset) => {
      const text = formatTime(ms, offset);
      expect(parseTime(text)).toEqual({ ms, nanoseconds: 0, offsetMinutes: offset });
      expect(canonicalTime(text)).toBe(text);
      expect(new Date(text).getTime()).toBe(ms);
    }),
    { numRuns: 500 },
  );
});
