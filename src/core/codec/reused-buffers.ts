import { type Bytes, discardBuffer } from "../base/bytes.ts";

/** Smaller buffers are not worth telling apart. */
const smallestLength = 256 * 1024;
/** Bytes that are kept for the next blobs, unless somebody needs more. */
const usuallyKeptBytes = 24 * 1024 * 1024;

/**
 * Buffers for what is done with soon, such as blobs that are sealed into them until they are stored. Fresh memory of the
 * size of a chunk costs more than all that is done with it: a system hands it out page by page, at the first touch of each.
 */
export class ReusedBuffers {
  private readonly free: Bytes[] = [];
  private freeBytes = 0;

  /** `keptBytes`: so much is kept for later at most. */
  constructor(private readonly keptBytes = usuallyKeptBytes) {}

  /** A buffer of at least this length, whatever is in it; the caller's until it is given back. */
  take(length: number): Bytes {
    const at = this.free.findIndex((buffer) => buffer.length >= length && buffer.length <= 4 * length + smallestLength);
    const [found] = at === -1 ? [] : this.free.splice(at, 1);
    if (found === undefined) return new Uint8Array(roundUp(length));
    this.freeBytes -= found.length;
    return found;
  }

  /** Takes a whole buffer for later use. One that was moved away meanwhile, or for which there is no room, is let go. */
  give({ buffer }: Bytes): void {
    if (buffer.byteLength === 0) return;
    if (this.freeBytes + buffer.byteLength > this.keptBytes) {
      discardBuffer(buffer);
      return;
    }
    this.free.push(new Uint8Array(buffer));
    this.freeBytes += buffer.byteLength;
  }

  /** Lets all go that is kept. */
  clear(): void {
    for (const { buffer } of this.free.splice(0)) discardBuffer(buffer);
    this.freeBytes = 0;
  }
}

/** The next power of two: few sizes, so that what comes back fits what is wanted. */
function roundUp(length: number): number {
  return Math.max(smallestLength, 2 ** Math.ceil(Math.log2(length)));
}
