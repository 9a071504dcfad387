import type { Bytes } from "../base/bytes.ts";
import { UnsupportedError } from "../base/errors.ts";

/**
 * What of libzstd is used, under its own names. Addresses and sizes are in the module's memory; a size that is an error has
 * the negated error code instead.
 */
interface ZstdExports {
  memory: WebAssembly.Memory;
  malloc(length: number): number;
  free(address: number): void;
  createCompressionContext(): number;
  createDecompressionContext(): number;
  compressBound(length: number): number;
  compress: CompressFunction;
  decompress: DecompressFunction;
}

type CompressFunction = (
  context: number,
  target: number,
  capacity: number,
  source: number,
  length: number,
  dictionary: number,
  dictionaryLength: number,
  level: number,
) => number;

type DecompressFunction = (
  context: number,
  target: number,
  capacity: number,
  source: number,
  length: number,
  dictionary: number,
  dictionaryLength: number,
) => number;

/** libzstd's error codes that mean something to us. */
export const zstdErrors = { memoryAllocation: 64, targetTooSmall: 70 } as const;

export type ZstdResult<T = Bytes> = { value: T } | { errorCode: number };

/** Buffers up to this size are kept for the next call. */
const keptLength = 16 * 1024 * 1024;

/** The address space that the module may grow to. */
const maximumMemoryBytes = 2 ** 31;

const pageLength = 65536;

/**
 * One instance of libzstd: contexts and buffers are made once and used again, since fresh memory costs as much as
 * compressing does. After an exception its state is unknown, and it must not be used again.
 */
export class Zstd {
  private readonly compressionContext: number;
  private readonly decompressionContext: number;
  private readonly source: ReusedBuffer;
  private readonly target: ReusedBuffer;

  private constructor(private readonly exports: ZstdExports) {
    this.compressionContext = exports.createCompressionContext();
    this.decompressionContext = exports.createDecompressionContext();
    this.source = new ReusedBuffer(exports);
    this.target = new ReusedBuffer(exports);
  }

  /** A new instance of the module wasm/build/zstd.wasm. */
  static instantiate(module: WebAssembly.Module): Zstd {
    return new Zstd(instantiateZstd(module));
  }

  /** Bytes of memory that this instance holds; it never shrinks. */
  get memoryLength(): number {
    return this.exports.memory.buffer.byteLength;
  }

  /** One frame with its content size and without a checksum; the caller owns the bytes. */
  compress(plain: Bytes, level: number): ZstdResult {
    const { exports } = this;
    const capacity = exports.compressBound(plain.length);
    return this.run(
      plain,
      capacity,
      (target, source) =>
        exports.compress(this.compressionContext, target, capacity, source, plain.length, 0, 0, level),
      copyOut,
    );
  }

  /** The contents of all frames in the bytes, at most `capacity` of them; the caller owns them. */
  decompress(frames: Bytes, capacity: number): ZstdResult {
    return this.decompressInPlace(frames, capacity, copyOut);
  }

  /**
   * Decompresses like that, and only shows the contents to `look`: they lie in the module's memory, which is another's when
   * it returns.
   */
  decompressInPlace<T>(frames: Bytes, capacity: number, look: (plain: Bytes) => T): ZstdResult<T> {
    const { exports } = this;
    return this.run(
      frames,
      capacity,
      (target, source) => exports.decompress(this.decompressionContext, target, capacity, source, frames.length, 0, 0),
      look,
    );
  }

  private run<T>(
    input: Bytes,
    capacity: number,
    work: (target: number, source: number) => number,
    take: (output: Bytes) => T,
  ): ZstdResult<T> {
    const { exports, source, target } = this;
    const sourceAddress = source.reserve(input.length);
    const targetAddress = target.reserve(capacity);
    new Uint8Array(exports.memory.buffer).set(input, sourceAddress);
    // A size of 32 bits comes as a signed number. No result is near 2 GiB, so what is negative is an error.
    const length = work(targetAddress, sourceAddress) | 0;
    const output = () => new Uint8Array(exports.memory.buffer as ArrayBuffer, targetAddress, length);
    const result = length < 0 ? { errorCode: -length } : { value: take(output()) };
    source.trim();
    target.trim();
    return result;
  }
}

function copyOut(output: Bytes): Bytes {
  return output.slice();
}

/** A buffer in the module's memory that grows to what is needed and is kept if that is not much. */
class ReusedBuffer {
  private address = 0;
  private capacity = 0;

  constructor(private readonly exports: ZstdExports) {}

  /** The address of room for `length` bytes. Throws UnsupportedError "kernel-unavailable" if memory does not suffice. */
  reserve(length: number): number {
    if (length > this.capacity || this.address === 0) {
      this.release();
      const capacity = Math.max(length, Math.min(2 * length, keptLength), pageLength);
      this.address = this.exports.malloc(capacity);
      if (this.address === 0) throw new UnsupportedError("kernel-unavailable", { reason: "out of memory", length });
      this.capacity = capacity;
    }
    return this.address;
  }

  trim(): void {
    if (this.capacity > keptLength) this.release();
  }

  private release(): void {
    if (this.address !== 0) this.exports.free(this.address);
    this.address = 0;
    this.capacity = 0;
  }
}

/**
 * The module was linked with one-letter names, in both directions. wasm/build.mjs makes sure that it is the very file that
 * these letters were read from.
 */
function instantiateZstd(module: WebAssembly.Module): ZstdExports {
  let memory: WebAssembly.Memory | null = null;
  const refuse = () => {
    throw new WebAssembly.RuntimeError("libzstd gave up");
  };
  const imports = {
    a: refuse, // proc_exit
    b: () => {}, // emscripten_runtime_keepalive_clear
    c: refuse, // abort
    d: () => 0, // setitimer
    e: (length: number) => growMemory(memory, length >>> 0), // emscripten_resize_heap
  };
  const { exports } = new WebAssembly.Instance(module, { a: imports });
  if (!(exports["f"] instanceof WebAssembly.Memory)) throw new TypeError("the zstd module has no memory");
  memory = exports["f"];
  exportedFunction<() => void>(exports, "g")();
  return {
    memory,
    compressBound: exportedFunction(exports, "i"),
    createCompressionContext: exportedFunction(exports, "j"),
    compress: exportedFunction(exports, "l"),
    createDecompressionContext: exportedFunction(exports, "n"),
    decompress: exportedFunction(exports, "q"),
    malloc: exportedFunction(exports, "s"),
    free: exportedFunction(exports, "t"),
  };
}

/** Grows the memory to a length, by at least a fifth so that it does not grow often; returns 1, or 0 if it cannot be. */
function growMemory(memory: WebAssembly.Memory | null, length: number): number {
  if (memory === null || length > maximumMemoryBytes) return 0;
  const current = memory.buffer.byteLength;
  const wanted = Math.min(Math.max(length, current * 1.2), maximumMemoryBytes);
  try {
    memory.grow(Math.ceil((wanted - current) / pageLength));
    return 1;
  } catch {
    return 0; // The module's malloc then returns 0, which reserve reports.
  }
}

function exportedFunction<F>(exports: WebAssembly.Exports, name: string): F {
  const value = exports[name];
  if (typeof value !== "function") throw new TypeError(`the zstd module has no ${name}`);
  return value as F;
}
