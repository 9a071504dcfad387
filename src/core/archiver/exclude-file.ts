import type { Bytes } from "../base/bytes.ts";
import { HoldallError } from "../base/errors.ts";

/** Restic takes no longer line. */
const maxLineLength = 64 * 1024 - 1;

/**
 * The patterns of a file as `--exclude-file` reads it: one a line, without the white space around it; empty lines and those
 * that begin with "#" are left out. UTF-8, or UTF-16 if a byte order mark says so. `$$` is a "$".
 *
 * Restic puts the environment's variables in the place of `$NAME` and `${NAME}`. There is no environment here, and to guess
 * would leave out too much or too little: such a line throws "pattern-malformed" with the reason "variable". Further
 * reasons: "encoding" (not UTF-8, so it could not be kept as text) and "too-long".
 */
export function parseExcludeFile(content: Bytes | string): string[] {
  const patterns: string[] = [];
  const { text, isLossy } = decode(content);
  for (const rawLine of text.split("\n")) {
    if (rawLine.length > maxLineLength) throw malformed(rawLine.slice(0, 100), "too-long");
    const line = trimSpace(rawLine);
    if (line === "" || line.startsWith("#")) continue;
    if (isLossy && line.includes("\ufffd")) throw malformed(line, "encoding");
    patterns.push(expandDollars(line));
  }
  return patterns;
}

/** `isLossy`: some U+FFFD in the text stand for bytes that are no UTF-8. */
function decode(content: Bytes | string): { text: string; isLossy: boolean } {
  if (typeof content === "string") return { text: content.replace(/^\ufeff/, ""), isLossy: false };
  const [first, second] = content;
  const bigEndian = first === 0xfe && second === 0xff;
  const littleEndian = first === 0xff && second === 0xfe;
  if (bigEndian || littleEndian) {
    return { text: new TextDecoder(bigEndian ? "utf-16be" : "utf-16le").decode(content), isLossy: false };
  }
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(content), isLossy: false };
  } catch {
    return { text: new TextDecoder().decode(content), isLossy: true };
  }
}

/** What Go takes for white space: the platform's own idea of it differs by two characters. */
const space = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

function trimSpace(line: string): string {
  let start = 0;
  let end = line.length;
  while (start < end && space.test(line[start] ?? "")) start++;
  while (end > start && space.test(line[end - 1] ?? "")) end--;
  return line.slice(start, end);
}

/** A "$" that nothing follows which could be a variable is itself. */
function expandDollars(line: string): string {
  return line.replace(/\$(?:\$|\{\$\}|[{\w*#@!?-])?/g, (found) => {
    if (/^(?:\$|\$\$|\$\{\$\})$/.test(found)) return "$";
    throw malformed(line, "variable");
  });
}

function malformed(pattern: string, reason: string): HoldallError {
  return new HoldallError("pattern-malformed", { pattern, reason });
}
