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

const pattern = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;
const longestTime = 128;

/** The time, or null if the text is none. More than nine fractional digits are cut off. */
export function parseTime(text: string): ParsedTime | null {
  if (text.length > longestTime) return null;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (hour > 23 || minute > 59 || second > 59 || !isDay(year, month, day)) return null;
  const offsetMinutes = parseOffset(match[8], Number(match[9] ?? 0), Number(match[10] ?? 0));
  if (offsetMinutes === null) return null;
  const fraction = (match[7] ?? "").slice(0, 9).padEnd(9, "0");
  const local = utcMs(year, month, day) + ((hour * 60 + minute) * 60 + second) * 1000;
  return {
    ms: local - offsetMinutes * 60_000 + Number(fraction.slice(0, 3)),
    nanoseconds: Number(fraction.slice(3)),
    offsetMinutes,
  };
}

function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false;
  return new Date(utcMs(year, month, day)).getUTCMonth() === month - 1 && day <= 31;
}

/** Midnight of a day; Date.UTC would take years below 100 for years of the 20th century. */
function utcMs(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month - 1, day);
}

function parseOffset(sign: string | undefined, hours: number, minutes: number): number | null {
  if (sign === undefined) return 0;
  if (hours > 23 || minutes > 59) return null;
  return hours === 0 && minutes === 0 ? 0 : (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** Milliseconds since 1970, rounded down; null if the text is no time. */
export function timeMs(text: string): number | null {
  return parseTime(text)?.ms ?? null;
}

/** The text that restic would write for the same instant and offset, or null if the text is no time. */
export function canonicalTime(text: string): string | null {
  const time = parseTime(text);
  return time === null ? null : writeTime(time);
}

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
  const first = utcMs(0, 1, 1) - offsetMinutes * 60_000;
  const last = utcMs(9999, 12, 31) + 86_399_999 - offsetMinutes * 60_000;
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
