import type { Bytes } from "../base/bytes.ts";
import type { Kernel } from "./kernel.ts";
import type { Polynomial } from "./polynomial.ts";

/** No chunk but a file's last is shorter. */
export const minimumChunkLength = 512 * 1024;

/** No chunk is longer. */
export const maximumChunkLength = 8 * 1024 * 1024;

/**
 * Cuts files where restic cuts them (repository format: content-defined chunking): a chunk ends behind the first byte at
 * which it is at least minimumChunkLength long and the Rabin digest of its last 64 bytes has the low 20 bits zero, and at
 * maximumChunkLength at the latest. A cut depends on nothing before the chunk, so a file can be cut from any cut on.
 */
export class Chunker {
  constructor(
    private readonly kernel: Kernel,
    private readonly polynomial: Polynomial,
  ) {}

  /**
   * The ends of the whole chunks in bytes of a file that begin at a cut (or at the file's beginning), ascending, as offsets
   * in these bytes. What lies behind the last end is the beginning of a chunk that needs more bytes; if the bytes reach to
   * the file's end it is the last chunk, and its end is listed too. Empty bytes have no chunk. The bytes are only read.
   */
  cuts(bytes: Bytes, isEnd: boolean): number[] {
    const ends: number[] = [];
    let start = 0;
    while (start < bytes.length) {
      const end = this.endOfChunk(bytes, start, isEnd);
      if (end === null) break;
      ends.push(end);
      start = end;
    }
    return ends;
  }

  /** The end of the chunk that begins at `start`, or null if it needs more bytes. */
  private endOfChunk(bytes: Bytes, start: number, isEnd: boolean): number | null {
    const first = start + minimumChunkLength;
    const last = start + maximumChunkLength;
    // The longest chunk ends whatever its digest, and so does the file: neither position needs to be tested.
    const untested = Math.min(last, isEnd ? bytes.length : bytes.length + 1);
    const cut = first < untested ? this.kernel.findCut(this.polynomial, bytes, first, untested) : untested;
    if (cut < untested) return cut;
    if (last <= bytes.length) return last;
    return isEnd ? bytes.length : null;
  }
}
