import { bytesOfRawName, type RawName, rawNameOf } from "../base/raw-name.ts";
import { codePointOfUtf8, utf8Width } from "../base/utf8.ts";

/**
 * Names in trees are quoted as Go's strconv.Quote does before they become JSON strings, so that a name of any bytes
 * survives JSON. The quotes around are not stored.
 */

/** The quoted text of a name, always valid text. */
export function quoteName(name: RawName): string {
  if (/^[ !#-[\]-~]*$/.test(name)) return name;
  const bytes = bytesOfRawName(name);
  let text = "";
  let offset = 0;
  while (offset < bytes.length) {
    const width = utf8Width(bytes, offset);
    text += width === 0 ? hexEscape("x", bytes[offset] ?? 0, 2) : quoteCodePoint(codePointOfUtf8(bytes, offset, width));
    offset += width || 1;
  }
  return text;
}

function quoteCodePoint(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  if (character === '"' || character === "\\") return `\\${character}`;
  if (character === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character;
  const short = shortEscapes.get(character);
  if (short !== undefined) return `\\${short}`;
  if (codePoint < 0x80) return hexEscape("x", codePoint, 2);
  return codePoint < 0x10000 ? hexEscape("u", codePoint, 4) : hexEscape("U", codePoint, 8);
}

function hexEscape(kind: "x" | "u" | "U", value: number, digits: number): string {
  return `\\${kind}${value.toString(16).padStart(digits, "0")}`;
}

const shortEscapes = new Map([
  ["\x07", "a"],
  ["\b", "b"],
  ["\f", "f"],
  ["\n", "n"],
  ["\r", "r"],
  ["\t", "t"],
  ["\v", "v"],
]);
const shortEscaped = new Map(Array.from(shortEscapes, ([character, short]) => [short, character]));

/** The name of a quoted text, as Go's strconv.Unquote reads it; null if it is not one. */
export function unquoteName(text: string): RawName | null {
  if (/["\n]/.test(text) && !text.includes("\\")) return null;
  if (!text.includes("\\")) return rawNameOf(text);
  let name = "";
  let readLength = 0;
  for (const match of text.matchAll(quotedPart)) {
    const part = unquotePart(match);
    if (part === null) return null;
    name += part;
    readLength += match[0].length;
  }
  // What no match covers is no part of a quoted name.
  return readLength === text.length ? (name as RawName) : null;
}

/** A run without escapes, or one escape: \x, \u, \U, octal, short. */
const quotedPart = /[^\\"\n]+|\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\"]))/g;

/** The raw bytes of one part, a character a byte. */
function unquotePart([part, hex, short, long, octal, letter]: RegExpExecArray): string | null {
  if (letter !== undefined) return shortEscaped.get(letter) ?? letter;
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  if (octal !== undefined) return byteOfOctal(octal);
  const unicode = short ?? long;
  return unicode === undefined ? rawNameOf(part) : unquoteUnicode(Number.parseInt(unicode, 16));
}

function byteOfOctal(octal: string): string | null {
  const value = Number.parseInt(octal, 8);
  return value > 0xff ? null : String.fromCharCode(value);
}

function unquoteUnicode(codePoint: number): string | null {
  if (codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return null;
  return rawNameOf(String.fromCodePoint(codePoint));
}
