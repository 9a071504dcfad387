import { bytesOfRawName, displayName, type RawName, rawNameOf } from "../base/raw-name.ts";

/** How the names of a snapshot become names of the platform: for each name a text that the sink accepts. */
export type NamePolicy = (name: RawName) => string;

/** The name's own bytes: for a sink that takes RawNames as they are. */
export const verbatimNames: NamePolicy = (name) => name;

/** Format characters are also what joins emoji. */
const refusedCharacters = /[\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}<>:"/\\|?*]/gu;
/** One dot may stand in front; what follows it is looked at like the start. */
const refusedStart = /^[\s~]|(?<=^\.)[\s~.]/u;
const refusedEnd = /[\s~.]$/u;
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9]|clock\$|conin\$|conout\$)(?:\.|$)/i;
/** Windows gives meanings to these, a class id in braces among them. */
const refusedEnding = /\.(?:lnk|local|scf|url|\{[^.]*\})$/i;
const refusedName = /^(?:desktop\.ini|thumbs\.db)$/i;
/** File systems allow 255 bytes; the browser writes under a longer, temporary name first. */
const longestName = 240;

/**
 * Names that browsers accept in a picked folder, on every system: what they refuse is written as %XX, the way of URLs, so
 * that `a:b` becomes `a%3Ab`. A name that is fine stays as it is.
 */
export const portableNames: NamePolicy = (name) => {
  let text = decoded(name)
    .replace(refusedCharacters, percent)
    .replace(refusedStart, percent)
    .replace(refusedEnd, percent);
  if (deviceName.test(text) || refusedName.test(text)) text = percent(text.slice(0, 1)) + text.slice(1);
  if (refusedEnding.test(text)) text = text.replace(/\.(?=[^.]*$)/, "%2E");
  return shortened(text);
};

/** How names of one folder are told apart: byte for byte, or as Windows and macOS do, where "A" and "a" are one. */
export type NameComparison = "exact" | "case-blind";

/** Gives each name of one folder a platform name of its own; what would collide gets a number. */
export class FolderNames {
  private readonly taken = new Set<string>();
  /** Where to go on counting for a name that is wanted again: a folder of nothing but twins must not take forever. */
  private readonly lastNumbers = new Map<string, number>();

  constructor(
    private readonly policy: NamePolicy,
    private readonly comparison: NameComparison,
  ) {}

  nameFor(name: RawName): string {
    const wanted = this.policy(name);
    const key = this.keyOf(wanted);
    let free = wanted;
    let number = this.lastNumbers.get(key) ?? 1;
    while (this.taken.has(this.keyOf(free))) free = numbered(wanted, ++number);
    if (number > 1) this.lastNumbers.set(key, number);
    this.taken.add(this.keyOf(free));
    return free;
  }

  /** Equal for names that some case-blind file system takes for one; telling too many apart would lose files. */
  private keyOf(name: string): string {
    if (this.comparison === "exact") return name;
    return name.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
  }
}

/** True if the platform name differs from what people see as the name. */
export function isRenamed(name: RawName, platformName: string): boolean {
  return platformName !== name && platformName !== displayName(name);
}

/** The name as text; bytes that are no UTF-8 as %XX. */
function decoded(name: RawName): string {
  const text = displayName(name);
  if (!text.includes("\ufffd") || rawNameOf(text) === name) return text;
  const bytes = Array.from(bytesOfRawName(name));
  return bytes.map((byte) => (byte < 0x80 ? String.fromCharCode(byte) : percentByte(byte))).join("");
}

function percent(character: string): string {
  return Array.from(bytesOfRawName(rawNameOf(character)), percentByte).join("");
}

function percentByte(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}

/** A name that is too long is cut before its ending, by which programs know what it is: "minutes of th….docx". */
function shortened(text: string): string {
  if (utf8Length(text) <= longestName) return text;
  const { stem, ending } = splitEnding(text);
  let room = longestName - utf8Length(`…${ending}`);
  let short = "";
  for (const character of stem) {
    room -= utf8Length(character);
    if (room < 0) break;
    short += character;
  }
  return `${short}…${ending}`;
}

/** "report (2).txt" */
function numbered(name: string, number: number): string {
  const { stem, ending } = splitEnding(name);
  return `${stem} (${number})${ending}`;
}

const longestEnding = 16;

/** A dot in front begins no ending, nor does one that is far from the end. */
function splitEnding(name: string): { stem: string; ending: string } {
  const dot = name.lastIndexOf(".");
  const end = dot > 0 && name.length - dot <= longestEnding ? dot : name.length;
  return { stem: name.slice(0, end), ending: name.slice(end) };
}

function utf8Length(text: string): number {
  return rawNameOf(text).length;
}
