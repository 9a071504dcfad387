export type TextEncoding = "UTF-8" | "UTF-16" | "Latin-1";

export interface DecodedText {
  text: string;
  encoding: TextEncoding;
}

/**
 * The text that the beginning of a file is; null if it is none. A character that the end of the bytes cuts through is left out.
 * UTF-8 proves itself; UTF-16 shows by its mark or its zeros; what is left counts as Latin-1 if nothing in it is a control.
 */
export function decodeText(bytes: Uint8Array): DecodedText | null {
  const wide = utf16Of(bytes);
  if (wide !== null) return textOf(decoded(bytes, wide), "UTF-16");
  if (bytes.subarray(0, lookedAt).includes(0)) return null;
  return textOf(decoded(bytes, "utf-8"), "UTF-8") ?? textOf(decoded(bytes, "windows-1252"), "Latin-1");
}

const lookedAt = 64 * 1024;

function decoded(bytes: Uint8Array, label: string): string | null {
  try {
    // As a stream: the last character may be cut.
    return new TextDecoder(label, { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return null; // not of this encoding: the next one is tried
  }
}

function textOf(text: string | null, encoding: TextEncoding): DecodedText | null {
  return text === null || hasControls(text) ? null : { text, encoding };
}

/** Controls that no text has; a few escape sequences, as logs hold them, are let pass. */
function hasControls(text: string): boolean {
  const start = text.slice(0, lookedAt);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  const controls = start.match(/[\u0000-\u0008\u000e-\u001a\u001c-\u001f\u007f]/g)?.length ?? 0;
  return controls > start.length / 200;
}

function utf16Of(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  if (bytes.length < 2) return null;
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  const pairs = Math.min(bytes.length, 1024) >> 1;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let pair = 0; pair < pairs; pair += 1) {
    if (bytes[2 * pair] === 0) evenZeros += 1;
    if (bytes[2 * pair + 1] === 0) oddZeros += 1;
  }
  // Western text has a zero in nearly every pair, always on the same side.
  if (pairs < 4 || Math.max(evenZeros, oddZeros) < pairs * 0.7) return null;
  if (Math.min(evenZeros, oddZeros) > 0) return null;
  return oddZeros > evenZeros ? "utf-16le" : "utf-16be";
}
