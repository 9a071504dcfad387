import { byteReaderOf } from "../base/byte-reader.ts";
import type { Bytes } from "../base/bytes.ts";
import { ReusedBuffers } from "./reused-buffers.ts";
import { readExactly } from "./small-files.ts";

/** Reads stretches of large files into memory that is used again: fresh memory costs as much as all else about reading. */
export class FileWindows {
  private readonly buffers: ReusedBuffers;

  /** `keptBytes`: so much memory is kept for later at most. */
  constructor(keptBytes: number) {
    this.buffers = new ReusedBuffers(keptBytes);
  }

  /** All of a blob, `length` bytes, in memory that is the caller's until it is given back. Throws like readExactly. */
  async read(blob: Blob, length: number): Promise<Bytes> {
    const reader = byteReaderOf(blob.stream());
    const window = reader && (await fill(reader, this.buffers.take(length), length));
    // What is wrong with a blob is not to be learnt from its stream.
    return window ?? readExactly(blob, length);
  }

  give(window: Bytes): void {
    this.buffers.give(window);
  }
}

/** Null if the stream fails or ends early; the room is lost then. */
async function fill(reader: ReadableStreamBYOBReader, room: Bytes, length: number): Promise<Bytes | null> {
  let window = room;
  let filled = 0;
  try {
    // Never beyond the last byte: there engines have been seen to answer never.
    while (filled < length) {
      const { done, value } = await reader.read(new Uint8Array(window.buffer, filled, length - filled));
      if (done || value === undefined) return null;
      window = new Uint8Array(value.buffer);
      filled += value.length;
    }
    return window.subarray(0, length);
  } catch {
    return null;
  } finally {
    void reader.cancel().catch(() => {});
  }
}
