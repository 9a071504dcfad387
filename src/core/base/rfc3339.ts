/**
 * Times as restic stores them: RFC 3339 with up to nine fractional digits and the writer's offset. They are kept as
 * text, since milliseconds cannot hold them; these functions read and write that text.
 */
export interface ParsedTime {
  /** Milliseconds since 1970, rounded down. */
  ms: number;
  /** Nanoseconds beyond `ms`, 0 to 999,999. */
  nanoseconds: number;
  /** Minutes east of UTC. */
  offsetMinutes: number;
}

/** What Go reads where no time is written. */
export const zeroTime = "0001-01-01T00:00:00Z";

/** Where the parts of a time begin: yyyy-mm-ddThh:mm:ss, then a fraction, then the zone. */
const secondsEnd = 19;
const longestTime = 128;

/** The time, or null if the text is none. More than nine fractional digits are cut off. */
export function parseTime(text: string): ParsedTime | null {
  const day = parseDay(text);
  const secondOfDay = parseSecondOfDay(text);
  const zoneAt = endOfFraction(text);
  const offsetMinutes = parseZone(text, zoneAt);
  if (Number.isNaN(day + secondOfDay + zoneAt + offsetMinutes)) return null;
  const nanoseconds =
    zoneAt === secondsEnd
      ? 0
      : Number(
          text
            .slice(secondsEnd + 1, zoneAt)
            .slice(0, 9)
            .padEnd(9, "0"),
        );
  const nanosecondsBeyond = nanoseconds % 1_000_000;
  const milliseconds = (nanoseconds - nanosecondsBeyond) / 1_000_000;
  return {
    ms: day * 86_400_000 + secondOfDay * 1000 + milliseconds - offsetMinutes * 60_000,
    nanoseconds: nanosecondsBeyond,
    offsetMinutes,
  };
}

/** The number that so many digits at an offset are; NaN if they are not digits. */
function digits(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

/** Days since 1970 of the date that the text begins with; NaN if it is none. */
function parseDay(text: string): number {
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  if (text[4] !== "-" || text[7] !== "-" || text[10] !== "T") return Number.NaN;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  return dayNumber(year, month) + day - 1;
}

const daysBeforeMonth = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function daysOf(year: number, month: number): number {
  if (month === 2 && isLeapYear(year)) return 29;
  return (daysBeforeMonth[month] ?? 0) - (daysBeforeMonth[month - 1] ?? 0);
}

/** Days from 1970 to the first of a month, in the calendar that is used today, whatever the year. */
function dayNumber(year: number, month: number): number {
  const before = year - 1;
  const leapDays = Math.floor(before / 4) - Math.floor(before / 100) + Math.floor(before / 400);
  const daysOfYear = (daysBeforeMonth[month - 1] ?? 0) + (month > 2 && isLeapYear(year) ? 1 : 0);
  return before * 365 + leapDays + daysOfYear - 719_162;
}

function parseSecondOfDay(text: string): number {
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  if (text[13] !== ":" || text[16] !== ":") return Number.NaN;
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  return (hour * 60 + minute) * 60 + second;
}

/** Where the zone begins; NaN if there is a point without digits. */
function endOfFraction(text: string): number {
  if (text[secondsEnd] !== ".") return secondsEnd;
  let end = secondsEnd + 1;
  while (end < longestTime && digits(text, end, 1) >= 0) end++;
  return end === secondsEnd + 1 ? Number.NaN : end;
}

/** Minutes east of UTC; NaN unless the text ends with a zone here. */
function parseZone(text: string, at: number): number {
  const sign = text[at];
  if (sign === "Z") return text.length === at + 1 ? 0 : Number.NaN;
  const hours = digits(text, at + 1, 2);
  const minutes = digits(text, at + 4, 2);
  if ((sign !== "+" && sign !== "-") || text[at + 3] !== ":" || text.length !== at + 6) return Number.NaN;
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  const offset = hours * 60 + minutes;
  return sign === "-" && offset !== 0 ? -offset : offset;
}

/** Milliseconds since 1970, rounded down; null if the text is no time. */
export function timeMs(text: string): number | null {
  return parseTime(text)?.ms ?? null;
}

/** The text that restic would write for the same instant and offset, or null if the text is no time. */
export function canonicalTime(text: string): string | null {
  const time = parseTime(text);
  if (time === null) return null;
  return isNeedlesslyLong.test(text) ? writeTime(time) : text;
}

/** A fraction that ends with 0 or has more than nine digits, or an offset of zero. */
const isNeedlesslyLong = /\.\d*0(?![0-9])|\.\d{10}|[+-]00:00$/;

/**
 * Canonical text of milliseconds since 1970 at an offset: no trailing zeros in the fraction, "Z" at offset 0. Years
 * outside 0 to 9999 become the nearest instant inside, since no reader takes them. Throws RangeError if a number is not finite or the offset is a day or more.
 */
export function formatTime(ms: number, offsetMinutes = 0): string {
  if (!Number.isFinite(ms) || !(Math.abs(offsetMinutes) < 24 * 60)) throw new RangeError("not a time");
  const offset = Math.trunc(offsetMinutes);
  return writeTime({ ms: clampYear(Math.floor(ms), offset), nanoseconds: 0, offsetMinutes: offset });
}

function clampYear(ms: number, offsetMinutes: number): number {
  const first = dayNumber(0, 1) * 86_400_000 - offsetMinutes * 60_000;
  const last = dayNumber(10_000, 1) * 86_400_000 - 1 - offsetMinutes * 60_000;
  return Math.min(Math.max(ms, first), last);
}

function writeTime({ ms, nanoseconds, offsetMinutes }: ParsedTime): string {
  const local = new Date(ms + offsetMinutes * 60_000);
  const date = `${pad(local.getUTCFullYear(), 4)}-${pad(local.getUTCMonth() + 1, 2)}-${pad(local.getUTCDate(), 2)}`;
  const time = `${pad(local.getUTCHours(), 2)}:${pad(local.getUTCMinutes(), 2)}:${pad(local.getUTCSeconds(), 2)}`;
  const fraction = `.${pad(local.getUTCMilliseconds(), 3)}${pad(nanoseconds, 6)}`.replace(/\.?0+$/, "");
  return `${date}T${time}${fraction}${writeOffset(offsetMinutes)}`;
}

function writeOffset(offsetMinutes: number): string {
  if (offsetMinutes === 0) return "Z";
  const minutes = Math.abs(offsetMinutes);
  return `${offsetMinutes < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
