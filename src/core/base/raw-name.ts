import { type Bytes, utf8 } from "./bytes.ts";

/**
 * A file name as its raw bytes, one character (U+0000 to U+00FF) a byte: file names are byte strings, not text
 * (FORMAT.md 10.3). Comparing two with `<` is comparing bytes, which is the order of a tree's nodes.
 */
export type RawName = string & { readonly rawNameBrand: unique symbol };

/** The raw name of a text, by its UTF-8 bytes. Lone surrogates become U+FFFD, as the platform encodes them. */
export function rawNameOf(text: string): RawName {
  if (/^[\0-\x7f]*$/.test(text)) return text as RawName;
  return rawNameOfBytes(utf8(text));
}

export function rawNameOfBytes(bytes: Bytes): RawName {
  let name = "";
  for (const byte of bytes) name += String.fromCharCode(byte);
  return name as RawName;
}

/** The raw bytes of a name; the caller owns them. */
export function bytesOfRawName(name: RawName): Bytes {
  return Uint8Array.from(name, (character) => character.charCodeAt(0));
}

const lossyDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The name for people: invalid UTF-8 shows as U+FFFD. Never to be written back. */
export function displayName(name: RawName): string {
  if (/^[\0-\x7f]*$/.test(name)) return name;
  return lossyDecoder.decode(bytesOfRawName(name));
}

/** True for a name that a file system path may contain: not empty, not "." or "..", without "/" and NUL. */
export function isPlainName(name: RawName): boolean {
  return name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}
