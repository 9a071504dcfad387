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
  beginHash(state: number): void;
  updateHash(state: number, bytes: number, length: number): void;
  updateHashes(states: number, bytes0: number, bytes1: number, bytes2: number, bytes3: number, blocks: number): void;
  finishHash(state: number, hash: number): void;
  equal(left: number, right: number, length: number): number;
}

/** Fastest first. Where an engine does not know an instruction, it refuses the whole build. */
const builds: readonly KernelBuild[] = ["relaxed", "simd", "scalar"];

/** How many bytes are in the kernel at once: few enough to be still cached when they are worked on. */
const pieceLength = 256 * 1024;

/** Bytes of history that the rolling hash needs before the first position that it tests. */
const historyLength = 64;

/** What a hash under way is kept in, see wasm/assembly/sha256.ts. */
export const hashStateLength = 128;

/** Bytes of a hash's block: what lanes take in is a multiple of it. */
export const hashBlockLength = 64;

/** How many hashes are taken forward side by side. */
export const hashLanes = 4;

/** Bytes that a lane has in the kernel at most: the states and all lanes fit the window, and a processor's second cache. */
export const hashLaneLength = 32 * 1024;

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

  /** Starts a SHA-256 in a state of hashStateLength bytes, which stays the caller's: many may be under way on one kernel. */
  beginHash(state: Bytes): void {
    this.beginLane(0);
    this.giveState(state);
  }

  /** Takes the bytes, of any length, into a state that has been begun. */
  updateHash(state: Bytes, bytes: Bytes): void {
    this.window.set(state);
    this.hashInLane(0, bytes);
    this.giveState(state);
  }

  /** The 32 bytes of the hash, which the caller owns; the state has to be begun again. */
  finishHash(state: Bytes): Bytes {
    this.window.set(state);
    return this.takeHash(0);
  }

  /**
   * True if the lanes below are calculated side by side, else one after the other. Their states are in the window: between
   * beginLane and finishLane nothing else may be asked of this kernel. See hashAll of sha256.ts, which keeps to that.
   */
  get hasHashLanes(): boolean {
    return this.build !== "scalar";
  }

  /** Starts a SHA-256 in a lane. */
  beginLane(lane: number): void {
    this.exports.beginHash(this.stateOfLane(lane));
  }

  /** Puts bytes, hashLaneLength at most, where updateLanes and finishLane find them at offset 0 of the lane. */
  fillLane(lane: number, bytes: Bytes): void {
    this.window.set(bytes, offsetOfLane(lane));
  }

  /**
   * Takes so many blocks into every lane, from the offset on that it has in `offsets`. A lane without a hash takes in
   * whatever is there, which does no harm.
   */
  updateLanes(offsets: readonly [number, number, number, number], blocks: number): void {
    const { exports, windowOffset } = this;
    exports.updateHashes(
      windowOffset,
      windowOffset + offsetOfLane(0) + offsets[0],
      windowOffset + offsetOfLane(1) + offsets[1],
      windowOffset + offsetOfLane(2) + offsets[2],
      windowOffset + offsetOfLane(3) + offsets[3],
      blocks,
    );
  }

  /** Takes in what lies in the lane from `from` to `to`, then the bytes, of any length. The caller owns the 32 bytes. */
  finishLane(lane: number, from: number, to: number, bytes: Bytes): Bytes {
    const filled = this.windowOffset + offsetOfLane(lane);
    this.exports.updateHash(this.stateOfLane(lane), filled + from, to - from);
    this.hashInLane(lane, bytes);
    return this.takeHash(lane);
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

  private stateOfLane(lane: number): number {
    return this.windowOffset + lane * hashStateLength;
  }

  /** Piece by piece through the memory of the lane, so that those of the others stay. */
  private hashInLane(lane: number, bytes: Bytes): void {
    const state = this.stateOfLane(lane);
    const filled = this.windowOffset + offsetOfLane(lane);
    for (let start = 0; start < bytes.length; start += hashLaneLength) {
      const piece = bytes.subarray(start, start + hashLaneLength);
      this.fillLane(lane, piece);
      this.exports.updateHash(state, filled, piece.length);
    }
  }

  private giveState(state: Bytes): void {
    state.set(this.window.subarray(0, hashStateLength));
  }

  /** The hash goes to where its state was. */
  private takeHash(lane: number): Bytes {
    const state = this.stateOfLane(lane);
    this.exports.finishHash(state, state);
    const offset = state - this.windowOffset;
    return this.window.slice(offset, offset + 32);
  }

  private equalPiece(left: Bytes, right: Bytes): boolean {
    this.window.set(left);
    this.window.set(right, pieceLength);
    return this.exports.equal(this.windowOffset, this.windowOffset + pieceLength, left.length) !== 0;
  }
}

/** Where the bytes of a lane are in the window: behind the states of all lanes. */
function offsetOfLane(lane: number): number {
  return hashLanes * hashStateLength + lane * hashLaneLength;
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
    beginHash: exportedFunction(exports, "beginHash"),
    updateHash: exportedFunction(exports, "updateHash"),
    updateHashes: exportedFunction(exports, "updateHashes"),
    finishHash: exportedFunction(exports, "finishHash"),
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
