import type { Bytes } from "./bytes.ts";
import { validTextsOf } from "./utf8.ts";

/**
 * JSON as Go's encoding/json writes it: restic names trees by the hash of these bytes, so one other escape is another
 * tree. Releases of Go before 1.22 wrote \u0008 and \u000c for \b and \f; the newer form is written here.
 */

/** The string as a JSON string literal, HTML-sensitive characters escaped and lone surrogates as \ufffd. */
export function goJsonString(text: string): string {
  if (/^[ !#-%'-;=?-[\]-~]*$/.test(text)) return `"${text}"`;
  return joinValid(text.split(/[\ud800-\udfff]/u));
}

/** The bytes as a JSON string literal: text where they are UTF-8, \ufffd for each byte that is not. */
export function goJsonStringOfBytes(bytes: Bytes): string {
  return joinValid(validTextsOf(bytes));
}

function joinValid(texts: readonly string[]): string {
  return `"${texts.map(escapeWellFormed).join("\\ufffd")}"`;
}

function escapeWellFormed(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[<>&\u2028\u2029]/g, escapeCodeUnit);
}

function escapeCodeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The strings as a JSON array of string literals. */
export function goJsonStrings(texts: readonly string[]): string {
  return `[${texts.map(goJsonString).join(",")}]`;
}

/**
 * Valid JSON text as Go passes on a raw message: without white space between tokens and with HTML-sensitive characters
 * escaped inside strings. Everything else, numbers above all, stays as it is written.
 */
export function compactGoJson(json: string): string {
  const parts: string[] = [];
  let from = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const character = json.charAt(i);
    if (inString && character === "\\") i++;
    else if (character === '"') inString = !inString;
    else if (inString ? /[<>&\u2028\u2029]/.test(character) : /[ \t\r\n]/.test(character)) {
      parts.push(json.slice(from, i), inString ? escapeCodeUnit(character) : "");
      from = i + 1;
    }
  }
  parts.push(json.slice(from));
  return parts.join("");
}

/** A field whose meaning is not known here: its name and its value as JSON text, as it was written. */
export interface RawField {
  name: string;
  json: string;
}

/** `,"name":value` for each field: for the end of an object that has at least one field. */
export function encodeRawFields(fields: readonly RawField[]): string {
  return fields.map((field) => `,${goJsonString(field.name)}:${field.json}`).join("");
}
