import type { Bytes } from "../../src/core/base/bytes.ts";

/** Reproducible bytes without structure: the xorshift32 stream that the vectors are described by. The seed is not 0. */
export function noise(seed: number, length: number): Bytes {
  const words = new DataView(new ArrayBuffer(Math.ceil(length / 4) * 4));
  let state = seed;
  for (let offset = 0; offset < words.byteLength; offset += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words.setUint32(offset, state, true);
  }
  return new Uint8Array(words.buffer, 0, length);
}
