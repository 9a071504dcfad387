import type { Bytes } from "../base/bytes.ts";

/** Hands out memory for contents, many small ones from one buffer. */
export class ContentRooms {
  /** All buffers that were made: who made them may take them back when the contents are needed no more. */
  readonly buffers: Bytes[] = [];
  private free: Bytes = new Uint8Array(0);

  /** `makeBuffer` gives a buffer of at least so many bytes. */
  constructor(private readonly makeBuffer: (least: number) => Bytes) {}

  /** Memory of just this length, whatever is in it. */
  take(length: number): Bytes {
    if (this.free.length < length) {
      this.free = this.makeBuffer(length);
      this.buffers.push(this.free);
    }
    const room = this.free.subarray(0, length);
    this.free = this.free.subarray(length);
    return room;
  }
}
