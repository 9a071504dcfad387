import fc from "fast-check";
import { expect, test } from "vitest";
import { amountFieldOf, bytesOf, wholeOf } from "../../../src/ui/amount-field.ts";

test("an amount is read in its unit, with a point or a comma", () => {
  expect(bytesOf({ number: "1.5", unit: "GB" })).toBe(1_500_000_000);
  expect(bytesOf({ number: " 2,5 ", unit: "MB" })).toBe(2_500_000);
  expect(bytesOf({ number: "", unit: "MB" })).toBeNull();
  for (const number of ["0", "-1", "1e9", "much", "1.2.3", "999999999999999"])
    expect(bytesOf({ number, unit: "GB" }), number).toBe("unreadable");
});

test("the field that shows an amount says exactly that amount", () => {
  expect(amountFieldOf(5_000_000, "KB")).toEqual({ number: "5", unit: "MB" });
  expect(amountFieldOf(null, "MB")).toEqual({ number: "", unit: "MB" });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 ** 13 }), (bytes) => {
      expect(bytesOf(amountFieldOf(bytes, "MB"))).toBe(bytes);
    }),
  );
});

test("a whole number begins with one", () => {
  expect([wholeOf("30"), wholeOf(""), wholeOf("0"), wholeOf("1.5"), wholeOf("-3")]).toEqual([
    30,
    null,
    "unreadable",
    "unreadable",
    "unreadable",
  ]);
});
