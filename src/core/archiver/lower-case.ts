import { bytesOfRawName, type RawName, rawNameOf } from "../base/raw-name.ts";
import { lossyTextOf } from "../base/utf8.ts";

/**
 * The name in lower case as Go makes it: one character after the other, without regard to where they stand, and with U+FFFD
 * in the place of every byte that is not UTF-8.
 */
export function lowerCaseName(name: RawName): RawName {
  if (/^[\0-\x7f]*$/.test(name)) return name.toLowerCase() as RawName;
  return rawNameOf(lowerCaseText(lossyTextOf(bytesOfRawName(name))));
}

export function lowerCaseText(text: string): string {
  return Array.from(text, lowerCaseCharacter).join("");
}

/** The platform has one letter become two: the Turkish I with its dot. */
function lowerCaseCharacter(character: string): string {
  return character === "\u0130" ? "i" : character.toLowerCase();
}
