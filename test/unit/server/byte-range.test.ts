import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRangeHeader } from "../../../src/server/byte-range.ts";

test.each([
  [undefined, 10, "whole"],
  ["bytes=0-", 10, [{ first: 0, last: 9 }]],
  ["bytes=2-4", 10, [{ first: 2, last: 4 }]],
  ["bytes=8-99", 10, [{ first: 8, last: 9 }]],
  ["bytes=-2", 10, [{ first: 8, last: 9 }]],
  ["bytes=-99", 10, [{ first: 0, last: 9 }]],
  ["bytes=10-", 10, "unsatisfiable"],
  ["bytes=-0", 10, "unsatisfiable"],
  ["bytes=5-2", 10, "unsatisfiable"],
  ["bytes=a-b", 10, "unsatisfiable"],
  ["bytes=-", 10, "unsatisfiable"],
  ["lines=1-2", 10, "unsatisfiable"],
  [
    "bytes=0-1, 4-5",
    10,
    [
      { first: 0, last: 1 },
      { first: 4, last: 5 },
    ],
  ],
  ["bytes=0-1,90-95", 10, [{ first: 0, last: 1 }]],
  ["bytes=0-9,0-9", 10, "whole"],
  ["bytes=0-", 0, "whole"],
] as const)("%s of %d bytes", (header, size, expected) => {
  expect(parseRangeHeader(header, size)).toEqual(expected);
});

test("every range lies inside the file, whatever the header says", () => {
  const header = fc.string({ unit: fc.constantFrom("0", "1", "9", "-", ",", " ", "x"), maxLength: 30 });
  fc.assert(
    fc.property(header, fc.nat(200), (text, size) => {
      const ranges = parseRangeHeader(`bytes=${text}`, size);
      if (typeof ranges === "string") return;
      for (const { first, last } of ranges) expect(first >= 0 && first <= last && last < size).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
