import type { ByteRange } from "./backend.ts";

/** Throws RangeError unless offset, length and end are whole numbers of bytes: what a caller computed from files must be checked before. */
export function checkRange({ offset, length }: ByteRange): void {
  const isWhole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && Number.isSafeInteger(offset + length);
  if (!isWhole || offset < 0 || length < 0) throw new RangeError(`not a byte range: ${offset}, ${length}`);
}
