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

/** Gives each name of one folder a platform name of its own; what would collide gets a number. */
export class FolderNames {
  private readonly taken = new Set<string>();

  constructor(private readonly policy: NamePolicy) {}

  nameFor(name: RawName): string {
    const wanted = this.policy(name);
    let free = wanted;
    for (let number = 2; this.taken.has(free); number++) free = numbered(wanted, number);
    this.taken.add(free);
    return free;
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

function shortened(text: string): string {
  let short = text;
  while (rawNameOf(short).length > longestName) short = `${Array.from(short).slice(0, -8).join("")}…`;
  return short;
}

/** "report (2).txt" */
function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`;
}
