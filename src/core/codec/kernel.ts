import type { Bytes } from "../base/bytes.ts";
import { UnsupportedError } from "../base/errors.ts";
import type { KernelBuild, KernelSource } from "../base/ports.ts";
import type { Polynomial } from "./polynomial.ts";

/** What wasm/assembly/index.ts exports; addresses are offsets in its memory. */
interface KernelExports {
  memory: WebAssembly.Memory;
  windowOffset(): number;
  prepareChunker(polynomial: bigint): void;
  findCut(from: number, to: number): number;
  beginMac(r: number): void;
  updateMac(bytes: number, length: number): void;
  finishMac(s: number, tag: number): void;
  equal(left: number, right: number, length: number): number;
}

/** Fastest first. Where an engine does not know an instruction, it refuses the whole build. */
const builds: readonly KernelBuild[] = ["relaxed", "simd", "scalar"];

/** How many bytes are in the kernel at once: few enough to be still cached when they are worked on. */
const pieceLength = 256 * 1024;

/** Bytes of history that the rolling hash needs before the first position that it tests. */
const historyLength = 64;

/**
 * Loads the fastest build of the kernels that this engine runs. Throws UnsupportedError "kernel-unavailable" with the last
 * reason as cause if it runs none.
 */
export async function loadKernel(source: KernelSource): Promise<Kernel> {
  let cause: unknown;
  for (const build of builds) {
    try {
      return await loadKernelBuild(source, build);
    } catch (error) {
      cause = error;
    }
  }
  throw new UnsupportedError("kernel-unavailable", { reason: "no build runs here" }, { cause });
}

/** Loads one build. Throws what the source or the engine throws. */
export async function loadKernelBuild(source: KernelSource, build: KernelBuild): Promise<Kernel> {
  const module = await WebAssembly.compile(await source.load(build));
  const instance = await WebAssembly.instantiate(module);
  return new Kernel(build, kernelExports(instance));
}

/**
 * The byte kernels with a small memory of their own. Calls are synchronous and read the bytes that they are lent; several
 * users may share one kernel.
 */
export class Kernel {
  /** Room for two pieces and something small beside each. The memory never grows, so the view never dies. */
  private readonly window: Bytes;
  private readonly windowOffset: number;
  private prepared: Polynomial | null = null;

  constructor(
    readonly build: KernelBuild,
    private readonly exports: KernelExports,
  ) {
    this.windowOffset = exports.windowOffset();
    this.window = new Uint8Array(exports.memory.buffer, this.windowOffset, 2 * (pieceLength + historyLength));
  }

  /**
   * The first position p with from <= p < to where the Rabin digest of the 64 bytes before p has its low 20 bits zero, or
   * `to` if there is none. Positions count from the beginning of `bytes`; `from` is at least 64, `to` at most bytes.length + 1.
   */
  findCut(polynomial: Polynomial, bytes: Bytes, from: number, to: number): number {
    if (from < historyLength || to > bytes.length + 1) throw new RangeError("positions outside the bytes");
    this.prepare(polynomial);
    for (let start = from; start < to; start += pieceLength) {
      const end = Math.min(start + pieceLength, to);
      const cut = this.findCutInPiece(bytes, start, end);
      if (cut < end) return cut;
    }
    return to;
  }

  /** Poly1305 of the bytes under the one-time key r (clamped here) and s, 16 bytes each; the caller owns the 16 bytes. */
  poly1305(r: Bytes, s: Bytes, bytes: Bytes): Bytes {
    const { exports, window, windowOffset } = this;
    window.set(r);
    window.set(s, 16);
    exports.beginMac(windowOffset);
    for (let start = 0; start < bytes.length; start += pieceLength) {
      const piece = bytes.subarray(start, start + pieceLength);
      window.set(piece, historyLength);
      exports.updateMac(windowOffset + historyLength, piece.length);
    }
    exports.finishMac(windowOffset + 16, windowOffset + 32);
    const tag = window.slice(32, 48);
    window.fill(0, 0, 48);
    return tag;
  }

  /** True if both have the same length and bytes. Faster than a loop, whatever the alignment; not constant-time. */
  equal(left: Bytes, right: Bytes): boolean {
    if (left.length !== right.length) return false;
    for (let start = 0; start < left.length; start += pieceLength) {
      if (!this.equalPiece(left.subarray(start, start + pieceLength), right.subarray(start, start + pieceLength))) {
        return false;
      }
    }
    return true;
  }

  private prepare(polynomial: Polynomial): void {
    if (this.prepared === polynomial) return;
    this.exports.prepareChunker(polynomial);
    this.prepared = polynomial;
  }

  private findCutInPiece(bytes: Bytes, start: number, end: number): number {
    const firstByte = start - historyLength;
    this.window.set(bytes.subarray(firstByte, end - 1));
    const base = this.windowOffset - firstByte;
    return this.exports.findCut(base + start, base + end) - base;
  }

  private equalPiece(left: Bytes, right: Bytes): boolean {
    this.window.set(left);
    this.window.set(right, pieceLength);
    return this.exports.equal(this.windowOffset, this.windowOffset + pieceLength, left.length) !== 0;
  }
}

/** The exports under their types; the files are ours, so a missing one is a build that does not belong to this program. */
function kernelExports(instance: WebAssembly.Instance): KernelExports {
  const { exports } = instance;
  if (!(exports["memory"] instanceof WebAssembly.Memory)) throw new TypeError("the kernel has no memory");
  return {
    memory: exports["memory"],
    windowOffset: exportedFunction(exports, "windowOffset"),
    prepareChunker: exportedFunction(exports, "prepareChunker"),
    findCut: exportedFunction(exports, "findCut"),
    beginMac: exportedFunction(exports, "beginMac"),
    updateMac: exportedFunction(exports, "updateMac"),
    finishMac: exportedFunction(exports, "finishMac"),
    equal: exportedFunction(exports, "equal"),
  };
}

function exportedFunction<Name extends Exclude<keyof KernelExports, "memory">>(
  exports: WebAssembly.Exports,
  name: Name,
): KernelExports[Name] {
  const value = exports[name];
  if (typeof value !== "function") throw new TypeError(`the kernel has no ${name}`);
  return value as KernelExports[Name];
}
