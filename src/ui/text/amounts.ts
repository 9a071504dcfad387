/** The locale of all words, numbers and dates: the texts are English, and dates read the same on both sides of the Atlantic. */
export const locale = "en-GB";

const whole = new Intl.NumberFormat(locale);
const units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"] as const;

export function countText(count: number): string {
  return whole.format(count);
}

/** "1 file", "12,481 files". */
export function countOf(count: number, one: string, many: string): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** Decimal units and at most three significant digits: "38.2 GB", "412 GB", "820 KB", "17 B". */
export function sizeText(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  // 999.5 would round to "1000".
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${digits(value, unit)} ${units[unit] ?? "B"}`;
}

/** "18.4 MB/s". */
export function rateText(bytesPerSecond: number): string {
  return `${sizeText(bytesPerSecond)}/s`;
}

/** "61 %", never 100 before the end and never 0 after the start. */
export function percentText(share: number): string {
  return `${percentOf(share)} %`;
}

export function percentOf(share: number): number {
  if (share <= 0) return 0;
  if (share >= 1) return 100;
  return Math.min(99, Math.max(1, Math.round(share * 100)));
}

/** A length of time for people: "12 seconds", "4 minutes", "2 hours 10 minutes". */
export function durationText(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 1) return "less than a second";
  if (seconds < 60) return countOf(seconds, "second", "seconds");
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return countOf(minutes, "minute", "minutes");
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 12 || rest === 0) return countOf(Math.round(minutes / 60), "hour", "hours");
  return `${countOf(hours, "hour", "hours")} ${countOf(rest, "minute", "minutes")}`;
}

function digits(value: number, unit: number): string {
  if (unit === 0 || value >= 99.95) return String(Math.round(value));
  return value.toFixed(1);
}
