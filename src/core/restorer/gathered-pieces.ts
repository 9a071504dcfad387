import { type Bytes, concatBytes } from "../base/bytes.ts";

/** Smaller parts are copied together; a copy of this much costs less than a piece of its own on its way to the page. */
const smallPart = 256 * 1024;
const pieceLength = 512 * 1024;

/** The same bytes in fewer pieces, each a buffer of its own or the part as it came. */
export async function* gathered(parts: AsyncIterable<Bytes>): AsyncGenerator<Bytes, void, undefined> {
  let small: Bytes[] = [];
  let length = 0;
  for await (const part of parts) {
    const isSmall = part.length < smallPart;
    if (isSmall) {
      small.push(part);
      length += part.length;
    }
    if (length > 0 && (!isSmall || length >= pieceLength)) {
      yield concatBytes(small);
      small = [];
      length = 0;
    }
    if (!isSmall) yield part;
  }
  if (length > 0) yield concatBytes(small);
}
