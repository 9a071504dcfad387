import type { Bytes } from "../../src/core/base/bytes.ts";

const degree = 53n;
const windowLength = 64;
const minimumLength = 512 * 1024;
const maximumLength = 8 * 1024 * 1024;
const cutMask = 0xfffff;

/**
 * restic's chunker as its description has it, byte by byte: a ring of 64 bytes, a reset after every cut. Slow, to compare
 * the kernels with. The digest is kept in two halves, 21 and 32 bits.
 */
export class ReferenceChunker {
  private readonly leaving: Tables;
  private readonly overflow: Tables;

  constructor(polynomial: bigint) {
    this.leaving = tables((byte) => remainder(byte << BigInt(8 * (windowLength - 1)), polynomial));
    this.overflow = tables((byte) => remainder(byte << degree, polynomial) ^ (byte << degree));
  }

  /** The ends of all chunks of a file, the last one included. */
  cuts(bytes: Bytes): number[] {
    const ends: number[] = [];
    let start = 0;
    while (start < bytes.length) {
      start = this.endOfChunk(bytes, start);
      ends.push(start);
    }
    return ends;
  }

  private endOfChunk(bytes: Bytes, start: number): number {
    const state = new RollingDigest(this.leaving, this.overflow);
    state.slide(1);
    for (let at = start + minimumLength - windowLength; at < bytes.length; at++) {
      state.slide(bytes[at] ?? 0);
      const length = at + 1 - start;
      if (length >= minimumLength && (state.isCut() || length >= maximumLength)) return at + 1;
    }
    return bytes.length;
  }
}

class RollingDigest {
  private readonly window = new Uint8Array(windowLength);
  private oldest = 0;
  private high = 0;
  private low = 0;

  constructor(
    private readonly leaving: Tables,
    private readonly overflow: Tables,
  ) {}

  slide(byte: number): void {
    const out = this.window[this.oldest] ?? 0;
    this.window[this.oldest] = byte;
    this.oldest = (this.oldest + 1) % windowLength;
    const high = this.high ^ (this.leaving.high[out] ?? 0);
    const low = this.low ^ (this.leaving.low[out] ?? 0);
    const top = high >>> 13;
    this.high = ((high << 8) | (low >>> 24)) ^ (this.overflow.high[top] ?? 0);
    this.low = (((low << 8) | byte) ^ (this.overflow.low[top] ?? 0)) >>> 0;
  }

  isCut(): boolean {
    return (this.low & cutMask) === 0;
  }
}

interface Tables {
  high: Uint32Array;
  low: Uint32Array;
}

function tables(entry: (byte: bigint) => bigint): Tables {
  const entries = Array.from({ length: 256 }, (_, byte) => entry(BigInt(byte)));
  return {
    high: Uint32Array.from(entries, (value) => Number(value >> 32n)),
    low: Uint32Array.from(entries, (value) => Number(value & 0xffffffffn)),
  };
}

/**
 * The digest of the 64 bytes before a position by its definition: the remainder of the one polynomial that all 512 bits
 * are. Independent of every table.
 */
export function digestBefore(bytes: Bytes, position: number, polynomial: bigint): bigint {
  let all = 0n;
  for (const byte of bytes.subarray(position - windowLength, position)) all = (all << 8n) | BigInt(byte);
  return remainder(all, polynomial);
}

/** Changes the three bytes before a position so that the low bits of its digest under the mask become zero. */
export function plantDigest(bytes: Bytes, position: number, mask: number, polynomial: bigint): void {
  // The last three bytes lie below the degree, so they are added to the digest as they are.
  const surplus = Number(digestBefore(bytes, position, polynomial) & BigInt(mask));
  for (let i = 0; i < 3; i++) {
    const at = position - 1 - i;
    bytes[at] = (bytes[at] ?? 0) ^ ((surplus >>> (8 * i)) & 0xff);
  }
}

function remainder(a: bigint, b: bigint): bigint {
  const bLength = b.toString(2).length;
  let rest = a;
  for (let shift = rest.toString(2).length - bLength; shift >= 0; shift = rest.toString(2).length - bLength) {
    rest ^= b << BigInt(shift);
  }
  return rest;
}
