import { expect, test } from "vitest";
import { orElse } from "../../../../src/core/base/leniency.ts";
import { TestClock } from "../../../support/test-clock.ts";

test("what succeeds is the result, and leaves no timer behind", async () => {
  const clock = new TestClock();
  expect(await orElse(async () => 7, 0, undefined, clock)).toBe(7);
  expect(clock.pending).toBe(0);
});

test("what fails, at once or later, gives the other result and is told once", async () => {
  const clock = new TestClock();
  const told: string[] = [];
  const tell = (reason: string) => told.push(reason);
  const throwing = () => {
    throw new Error("full");
  };
  expect(await orElse(throwing, "other", tell, clock)).toBe("other");
  expect(await orElse(() => Promise.reject(new Error("full")), "other", tell, clock)).toBe("other");
  expect(told).toEqual(["failed", "failed"]);
  expect(clock.pending).toBe(0);
});

test("what never ends gives the other result after five seconds, and its late end changes nothing", async () => {
  const clock = new TestClock();
  const told: string[] = [];
  let fail: (error: Error) => void = () => {};
  const hanging = new Promise<string>((_, reject) => {
    fail = reject;
  });
  const result = orElse(
    () => hanging,
    "other",
    (reason) => told.push(reason),
    clock,
  );
  await clock.advance(4999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(await result).toBe("other");
  fail(new Error("too late"));
  await clock.advance(0);
  expect(told).toEqual(["late"]);
});
