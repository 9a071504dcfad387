import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ServerClock } from "../../../../src/core/backend/server-clock.ts";

const noon = Date.UTC(2026, 0, 1, 12);

/** What is told after one exchange of so many milliseconds, halfway through which the server looked at its clock. */
function aheadAfter(skewMs: number, roundTripMs: number, sentMs = noon, headers: Record<string, string> = {}) {
  const serverMs = sentMs + roundTripMs / 2 - skewMs;
  const clock = new ServerClock();
  clock.note(new Headers({ Date: new Date(serverMs).toUTCString(), ...headers }), sentMs, sentMs + roundTripMs);
  return clock.aheadMs;
}

describe("the server's clock", () => {
  test("is none before it was told", () => {
    expect(new ServerClock().aheadMs).toBe(null);
  });

  test("differs by no more than it really does, and by at most a second and the round trip less", () => {
    const skews = fc.integer({ min: -3_600_000, max: 3_600_000 });
    const holds = (skewMs: number, roundTripMs: number, sentMs: number) => {
      const told = aheadAfter(skewMs, roundTripMs, noon + sentMs) ?? Number.NaN;
      expect(Math.abs(told)).toBeLessThanOrEqual(Math.abs(skewMs));
      expect(Math.abs(told - skewMs)).toBeLessThanOrEqual(1000 + roundTripMs);
    };
    fc.assert(fc.property(skews, fc.integer({ min: 0, max: 9999 }), fc.integer({ min: 0, max: 5000 }), holds));
  });

  test("that agrees is told as agreeing, whatever the fraction of the second", () => {
    for (let ms = 0; ms < 1000; ms += 7) expect(aheadAfter(0, 40, noon + ms)).toBe(0);
  });

  test("is ahead or behind", () => {
    expect(aheadAfter(1_200_000, 20)).toBeGreaterThan(1_198_900);
    expect(aheadAfter(-1_200_000, 20)).toBeLessThan(-1_198_900);
  });

  test.each<[string, Record<string, string>, number]>([
    ["an answer that was kept somewhere", { Age: "60" }, 20],
    ["a date that is none", { Date: "yesterday" }, 20],
    ["an exchange that took too long", {}, 10_001],
    ["an exchange during which the clock was set back", {}, -1],
  ])("is not learnt from %s", (_what, headers, roundTripMs) => {
    expect(aheadAfter(600_000, roundTripMs, noon, headers)).toBe(null);
  });

  test("is as the latest answer says", () => {
    const clock = new ServerClock();
    const at = (ms: number) => new Headers({ Date: new Date(ms).toUTCString() });
    clock.note(at(noon - 600_000), noon, noon + 10);
    clock.note(new Headers(), noon, noon + 10);
    expect(clock.aheadMs).toBeGreaterThan(590_000);
    clock.note(at(noon), noon, noon + 10);
    expect(clock.aheadMs).toBe(0);
  });
});
