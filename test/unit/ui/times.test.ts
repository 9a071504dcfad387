import { expect, test } from "vitest";
import { longestGap, yearOf } from "../../../src/ui/backup-year.ts";
import { relativeTime, relativeTimeWithin } from "../../../src/ui/text/times.ts";

const now = new Date(2026, 10, 22, 15, 30).getTime();
const daysAgo = (days: number, hour = 12) => new Date(2026, 10, 22 - days, hour).getTime();

test("near days have their name, far ones their distance", () => {
  expect(relativeTime(daysAgo(0, 14), now)).toBe("Today, 14:00");
  expect(relativeTime(daysAgo(1, 23), now)).toBe("Yesterday, 23:00");
  expect(relativeTime(daysAgo(3, 8), now)).toBe("Thursday, 08:00");
  expect(relativeTime(daysAgo(8), now)).toBe("Last week");
  expect(relativeTime(daysAgo(25), now)).toBe("3 weeks ago");
  expect(relativeTime(daysAgo(100), now)).toBe("3 months ago");
  expect(relativeTime(daysAgo(1000), now)).toBe("2 years ago");
});

test("within a sentence the names of days stay names", () => {
  expect(relativeTimeWithin(daysAgo(1, 23), now)).toBe("yesterday, 23:00");
  expect(relativeTimeWithin(daysAgo(3, 8), now)).toBe("Thursday, 08:00");
  expect(relativeTimeWithin(daysAgo(8), now)).toBe("last week");
});

test("a time to come is its date, not a distance", () => {
  expect(relativeTime(daysAgo(-2), now)).toBe("24 Nov 2026");
});

test("a year of days ends today and counts every snapshot on its day", () => {
  const days = yearOf([daysAgo(0, 1), daysAgo(0, 23), daysAgo(370), daysAgo(371), daysAgo(-1)], now);
  expect(days.length).toBe(371);
  expect(days.at(-1)?.snapshots).toBe(2);
  expect(days[0]?.snapshots).toBe(1);
  expect(days.reduce((sum, day) => sum + day.snapshots, 0)).toBe(3);
});

test("the longest gap of a week or more is found, and is between backups", () => {
  const days = yearOf([daysAgo(40), daysAgo(30), daysAgo(28), daysAgo(20)], now);
  expect(longestGap(days)).toEqual({ fromMs: daysAgo(39, 0), toMs: daysAgo(31, 0) });
  expect(longestGap(yearOf([daysAgo(40), daysAgo(35)], now))).toBeNull();
  expect(longestGap(yearOf([daysAgo(40)], now))).toBeNull();
});
