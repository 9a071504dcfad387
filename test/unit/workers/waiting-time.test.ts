import { expect, test } from "vitest";
import { WaitingTime } from "../../../src/workers/waiting-time.ts";

test("waits one after the other add up, and those of one time count once", () => {
  const time = new WaitingTime();
  expect(time.until(0)).toBe(0);
  time.begin(1000, 500);
  time.begin(1200, 100); // within the first
  time.begin(1300, 500); // beyond it, to 1800
  expect(time.until(10_000)).toBe(800);
  time.begin(20_000, 1000);
  expect(time.until(30_000)).toBe(1800);
});

test("what lies ahead has not been waited yet", () => {
  const time = new WaitingTime();
  time.begin(1000, 60_000);
  expect(time.until(11_000)).toBe(10_000);
});
