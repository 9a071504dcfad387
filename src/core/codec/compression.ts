import type { Bytes } from "../base/bytes.ts";
import { FormatError, HoldallError, IntegrityError, UnsupportedError } from "../base/errors.ts";
import type { KernelSource } from "../base/ports.ts";
import { Zstd, type ZstdResult, zstdErrors } from "./zstd.ts";

/** Levels of libzstd. Above 9 the time doubles for less than a hundredth of the size. */
const levels = { auto: 3, max: 9 } as const;

/** An instance that had to grow beyond this for one blob is given back: a module's memory never shrinks. */
const memoryLimitBytes = 128 * 1024 * 1024;

/**
 * The most that n bytes of zstd can decode to: a block of 4 bytes may stand for 128 KiB of one byte. What promises more is
 * refused before memory is taken for it.
 */
const bytesPerBlock = 128 * 1024;
const shortestBlock = 4;

/** Loads libzstd. Throws UnsupportedError "kernel-unavailable" with the reason as cause. */
export async function loadCompression(source: KernelSource): Promise<Compression> {
  try {
    return new Compression(await WebAssembly.compile(await source.load("zstd")));
  } catch (cause) {
    throw new UnsupportedError("kernel-unavailable", { reason: "zstd does not load" }, { cause });
  }
}

/**
 * zstd frames as restic reads and writes them (repository format: zstd details). Calls are synchronous, read the bytes that
 * they are lent and return bytes that the caller owns.
 */
export class Compression {
  private zstd: Zstd;

  constructor(private readonly module: WebAssembly.Module) {
    this.zstd = Zstd.instantiate(module);
  }

  /** One frame without a checksum. It may be longer than the plain bytes. */
  compress(plain: Bytes, mode: "auto" | "max"): Bytes {
    const result = this.run((zstd) => zstd.compress(plain, levels[mode]));
    if ("value" in result) return result.value;
    throw new HoldallError("bug", { reason: "zstd cannot compress", code: result.errorCode });
  }

  /**
   * The content of one or more frames, skippable ones included, that must be exactly `length` bytes whatever the frames
   * claim. Throws IntegrityError "blob-length-mismatch" if it is not, FormatError "compressed-data-malformed" if the bytes
   * are no frames or something follows them.
   */
  decompress(frames: Bytes, length: number): Bytes {
    return this.decompressInPlace(frames, length, (content) => content.slice());
  }

  /** Decompresses like that, with the same errors, and only shows the content to `look`, to which it is lent. */
  decompressInPlace<T>(frames: Bytes, length: number, look: (content: Bytes) => T): T {
    if (length > mostDecodedFrom(frames)) throw new IntegrityError("blob-length-mismatch", { expected: length });
    const seen = this.decompressUpTo(frames, length, (content) => ({
      length: content.length,
      result: content.length === length ? look(content) : null,
    }));
    if (seen?.length === length) return seen.result as T;
    throw new IntegrityError("blob-length-mismatch", { expected: length, found: seen?.length ?? "more" });
  }

  /** True if the frames' content is just these bytes; nothing of their length is allocated. False for bytes that are no frames. */
  decompressesTo(frames: Bytes, plain: Bytes, isEqual: (left: Bytes, right: Bytes) => boolean): boolean {
    const result = this.run((zstd) =>
      zstd.decompressInPlace(frames, plain.length, (content) => isEqual(content, plain)),
    );
    return "value" in result && result.value;
  }

  /**
   * The content of frames whose length nobody promised. Takes memory as the content turns out to need it. Throws FormatError
   * "compressed-data-malformed" if the bytes are no frames or hold more than `limit` bytes.
   */
  decompressBounded(frames: Bytes, limit: number): Bytes {
    const most = Math.min(limit, mostDecodedFrom(frames));
    let capacity = Math.min(most, Math.max(65536, 4 * frames.length));
    while (true) {
      const plain = this.decompressUpTo(frames, capacity, (content) => content.slice());
      if (plain !== null) return plain;
      if (capacity === most) throw new FormatError("compressed-data-malformed", { reason: "too long", limit });
      capacity = Math.min(most, 4 * capacity);
    }
  }

  /** What `take` makes of the content, or null if that is longer than `capacity`. */
  private decompressUpTo<T>(frames: Bytes, capacity: number, take: (content: Bytes) => T): T | null {
    const result = this.run((zstd) => zstd.decompressInPlace(frames, capacity, take));
    if ("value" in result) return result.value;
    if (result.errorCode === zstdErrors.targetTooSmall) return null;
    if (result.errorCode === zstdErrors.memoryAllocation)
      throw new UnsupportedError("kernel-unavailable", { reason: "out of memory" });
    throw new FormatError("compressed-data-malformed", { code: result.errorCode });
  }

  /** Runs one call, and replaces the instance if that broke it or made it large. */
  private run<T>(work: (zstd: Zstd) => ZstdResult<T>): ZstdResult<T> {
    let isSound = false;
    try {
      const result = work(this.zstd);
      isSound = this.zstd.memoryLength <= memoryLimitBytes;
      return result;
    } finally {
      if (!isSound) this.zstd = Zstd.instantiate(this.module);
    }
  }
}

function mostDecodedFrom(frames: Bytes): number {
  return Math.floor(frames.length / shortestBlock) * bytesPerBlock;
}

const samples = 16;
const sampleLength = 256;

const counts = new Uint32Array(256);

/**
 * True if a sample of the bytes is spread over the 256 values as evenly as encrypted or compressed data are: compressing
 * such data costs time and gains nothing. Short data are never judged.
 */
export function looksIncompressible(plain: Bytes): boolean {
  const sampled = samples * sampleLength;
  if (plain.length < sampled) return false;
  counts.fill(0);
  const stride = Math.floor((plain.length - sampleLength) / (samples - 1));
  for (let sample = 0; sample < samples; sample++) {
    const end = sample * stride + sampleLength;
    for (let at = sample * stride; at < end; at++) {
      const value = plain[at] ?? 0;
      counts[value] = (counts[value] ?? 0) + 1;
    }
  }
  // Two random picks from the sample are equal once in 256 times if all values are equally likely, and more often if not.
  let pairs = 0;
  for (const count of counts) pairs += count * (count - 1);
  return pairs < ((sampled * (sampled - 1)) / 256) * 1.125;
}
