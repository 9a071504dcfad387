/** Both ends are part of the range. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

export type RangeRequest = "whole" | "unsatisfiable" | readonly [ByteRange, ...ByteRange[]];

/**
 * Reads a Range header for a file of `size` bytes as rest-server does: an end beyond the file is shortened, a start
 * beyond it is unsatisfiable, several ranges are allowed unless they add up to more than the file, and an empty file
 * is always sent whole.
 */
export function parseRangeHeader(header: string | undefined, size: number): RangeRequest {
  if (header === undefined) return "whole";
  if (!header.startsWith("bytes=")) return "unsatisfiable";
  const ranges: ByteRange[] = [];
  for (const text of header.slice("bytes=".length).split(",")) {
    if (text.trim() === "") continue;
    const range = parseRange(text.trim(), size);
    if (range === undefined) return "unsatisfiable";
    if (range !== "outside") ranges.push(range);
  }
  const [head, ...tail] = ranges;
  if (size === 0) return "whole";
  if (head === undefined) return "unsatisfiable";
  const total = ranges.reduce((sum, range) => sum + rangeLength(range), 0);
  return total > size ? "whole" : [head, ...tail];
}

export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1;
}

/** Undefined for what is no range at all. */
function parseRange(text: string, size: number): ByteRange | "outside" | undefined {
  const match = /^(\d{0,15})\s*-\s*(\d{0,15})$/.exec(text);
  const [, start = "", end = ""] = match ?? [];
  if (match === null || (start === "" && end === "")) return undefined;
  if (start === "") {
    const length = Math.min(Number(end), size);
    return length === 0 ? "outside" : { first: size - length, last: size - 1 };
  }
  const first = Number(start);
  if (first >= size) return "outside";
  if (end === "") return { first, last: size - 1 };
  const last = Number(end);
  return last < first ? undefined : { first, last: Math.min(last, size - 1) };
}
