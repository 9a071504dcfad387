import type { Bytes } from "../base/bytes.ts";

/** Smaller parts are copied together; a copy of this much costs less than a piece of its own on its way to the page. */
const smallPart = 256 * 1024;
const pieceLength = 512 * 1024;

/**
 * The same bytes in fewer pieces, each a buffer of its own or the part as it came. A part is not needed any more when the
 * next is asked for.
 */
export async function* gathered(parts: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  let piece = new Uint8Array(pieceLength);
  let filled = 0;
  for await (const part of parts) {
    if (part.length >= smallPart) {
      if (filled > 0) yield piece.slice(0, filled);
      filled = 0;
      yield part;
      continue;
    }
    const fitting = Math.min(part.length, pieceLength - filled);
    piece.set(part.subarray(0, fitting), filled);
    filled += fitting;
    if (filled < pieceLength) continue;
    yield piece;
    piece = new Uint8Array(pieceLength);
    piece.set(part.subarray(fitting));
    filled = part.length - fitting;
  }
  if (filled > 0) yield piece.slice(0, filled);
}
