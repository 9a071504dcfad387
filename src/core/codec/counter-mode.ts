import { type Bytes, discardBytes } from "../base/bytes.ts";

export const blockLength = 16;

/**
 * WebCrypto is asked for at most this much at once: engines copy and allocate for every call, and what stays in the
 * processor's cache is twice as fast as a whole blob.
 */
export const segmentLength = 256 * 1024;

/**
 * Gives the input, xored with the key stream from a counter on, segment by segment as each is done: encrypts and decrypts.
 * A segment is lent until `take` returns, which may write over the part of the input that it came from; neither the counter
 * nor the rest of the input may change until the promise settles. One segment at a time, so that each gets the memory of the
 * one before: engines do this work in the calling thread anyway.
 */
export async function applyKeyStream(
  key: CryptoKey,
  counter: Bytes,
  input: Bytes,
  take: (segment: Bytes, offset: number) => void,
): Promise<void> {
  for (let offset = 0; offset < input.length; offset += segmentLength) {
    const from = offset === 0 ? counter : advanceCounter(counter, offset / blockLength);
    const applied = await applyToSegment(key, from, input.subarray(offset, offset + segmentLength));
    take(applied, offset);
    discardBytes(applied);
  }
}

/** At most one segment, xored with the key stream from a counter on; the caller owns the result. */
export async function applyToSegment(key: CryptoKey, counter: Bytes, segment: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 128 }, key, segment));
}

/** The counter some blocks on: a big-endian number of 128 bits, wrapping to zero. */
export function advanceCounter(counter: Bytes, blocks: number): Bytes {
  const advanced = counter.slice();
  let carry = blocks;
  for (let i = advanced.length - 1; i >= 0 && carry > 0; i--) {
    carry += advanced[i] ?? 0;
    advanced[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
  return advanced;
}
