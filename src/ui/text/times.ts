import { countOf, locale } from "./amounts.ts";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const dayMonth = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const monthYear = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(locale, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

const dayMs = 86_400_000;

/** Near days by their name, with the hour; older ones by their distance: "Today, 14:02", "Thursday", "3 weeks ago". */
export function relativeTime(timeMs: number, nowMs: number): string {
  const days = daysBetween(timeMs, nowMs);
  if (days < 0) return dayMonthYear.format(timeMs);
  if (days === 0) return `Today, ${clock.format(timeMs)}`;
  if (days === 1) return `Yesterday, ${clock.format(timeMs)}`;
  if (days < 7) return `${weekday.format(timeMs)}, ${clock.format(timeMs)}`;
  if (days < 14) return "Last week";
  if (days < 60) return `${Math.floor(days / 7)} weeks ago`;
  if (days < 730) return `${Math.floor(days / 30.44)} months ago`;
  return `${Math.floor(days / 365.25)} years ago`;
}

/** The same within a sentence: "opened yesterday, 14:02", but "opened Thursday, 14:02". */
export function relativeTimeWithin(timeMs: number, nowMs: number): string {
  return relativeTime(timeMs, nowMs).replace(/^(Today|Yesterday|Last)/, (word) => word.toLowerCase());
}

/** How long ago it was while that is a matter of hours, else as relativeTime: "just now", "2 hours ago", "Thursday, 14:02". */
export function agoText(timeMs: number, nowMs: number): string {
  const minutes = Math.floor((nowMs - timeMs) / 60_000);
  if (minutes < -1 || minutes >= 12 * 60) return relativeTime(timeMs, nowMs);
  if (minutes < 1) return "Just now";
  if (minutes < 60) return `${countOf(minutes, "minute", "minutes")} ago`;
  return `${countOf(Math.floor(minutes / 60), "hour", "hours")} ago`;
}

/** "22 Nov 14:02" in this year, "22 Nov 2024" before. */
export function shortTime(timeMs: number, nowMs: number): string {
  if (new Date(timeMs).getFullYear() !== new Date(nowMs).getFullYear()) return dayMonthYear.format(timeMs);
  return `${dayMonth.format(timeMs)} ${clock.format(timeMs)}`;
}

/** "3 Aug 2024". */
export function dateText(timeMs: number): string {
  return dayMonthYear.format(timeMs);
}

/** "March 2023". */
export function monthText(timeMs: number): string {
  return monthYear.format(timeMs);
}

/** "5 May", for a stretch of days within a year. */
export function dayText(timeMs: number): string {
  return dayMonth.format(timeMs);
}

/** Everything down to the second and the zone, for a hover and for screen readers. */
export function exactTime(timeMs: number): string {
  return exact.format(timeMs);
}

/** Whole local days from a moment's day to now's day; summer time makes some days 23 or 25 hours long. */
export function daysBetween(timeMs: number, nowMs: number): number {
  return Math.round((startOfDay(nowMs) - startOfDay(timeMs)) / dayMs);
}

/** Midnight, local time, of the day of this moment. */
export function startOfDay(timeMs: number): number {
  const date = new Date(timeMs);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
