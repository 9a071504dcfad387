import type { Bytes } from "../base/bytes.ts";
import { hashBlockLength, hashLaneLength, hashLanes, hashStateLength, type Kernel } from "./kernel.ts";

/**
 * SHA-256 (FIPS 180-4) in the kernel, in memory that is used again and again: WebCrypto copies what it is given into fresh
 * memory, which for a mebibyte and more costs several times what the hashing does.
 */

/** With fewer inputs than this, lanes side by side take longer than one input after the other: four give 1.35 times one. */
export const fewestBusyLanes = 3;

const nothing: Bytes = new Uint8Array(0);

/** A hash of bytes that come one after the other. Any number may be under way on one kernel. */
export class RunningHash {
  private readonly state: Bytes = new Uint8Array(hashStateLength);
  private isFinished = false;

  constructor(private readonly kernel: Kernel) {
    this.reset();
  }

  /** Takes in the next bytes, of any length; they are only read. Throws after finish(). */
  update(bytes: Bytes): void {
    this.refuseIfFinished();
    this.kernel.updateHash(this.state, bytes);
  }

  /** The 32 bytes of the hash of all that was taken in; the caller owns them. Throws if it is called again before reset(). */
  finish(): Bytes {
    this.refuseIfFinished();
    this.isFinished = true;
    return this.kernel.finishHash(this.state);
  }

  /** Begins anew, whatever was taken in. */
  reset(): void {
    this.kernel.beginHash(this.state);
    this.isFinished = false;
  }

  private refuseIfFinished(): void {
    if (this.isFinished) throw new Error("the hash is finished: reset it first");
  }
}

interface Input {
  chunk: Bytes;
  /** Its position among the inputs. */
  index: number;
}

/**
 * The hashes of the chunks, 32 bytes each and in their order; the caller owns them. The chunks may have any length and are
 * only read. With SIMD four are hashed side by side: when one ends, the next takes its lane.
 */
export function hashAll(kernel: Kernel, chunks: readonly Bytes[]): Bytes[] {
  const hashes = Array<Bytes>(chunks.length).fill(nothing);
  // The longest go first, so that they do not stay behind alone.
  const waiting = chunks.map((chunk, index): Input => ({ chunk, index }));
  waiting.sort((left, right) => right.chunk.length - left.chunk.length);
  const lanes = kernel.hasHashLanes ? startLanes(kernel, waiting.splice(0, hashLanes)) : [];
  while (lanes.length >= fewestBusyLanes) {
    advance(kernel, lanes);
    for (const lane of lanes.filter(({ isExhausted }) => isExhausted)) {
      hashes[lane.index] = lane.finish();
      const next = waiting.shift();
      if (next === undefined) lanes.splice(lanes.indexOf(lane), 1);
      else lane.begin(next);
    }
  }
  for (const lane of lanes) hashes[lane.index] = lane.finish();
  for (const { chunk, index } of waiting) hashes[index] = new Lane(kernel, 0, { chunk, index }).finish();
  return hashes;
}

function startLanes(kernel: Kernel, inputs: readonly Input[]): Lane[] {
  return inputs.map((input, number) => new Lane(kernel, number, input));
}

/** Takes all lanes as far as the one that has the fewest blocks in the kernel. */
function advance(kernel: Kernel, lanes: readonly Lane[]): void {
  const offsets: [number, number, number, number] = [0, 0, 0, 0];
  let blocks = hashLaneLength / hashBlockLength;
  for (const lane of lanes) {
    offsets[lane.number] = lane.offset;
    blocks = Math.min(blocks, lane.blocks);
  }
  kernel.updateLanes(offsets, blocks);
  for (const lane of lanes) lane.moveOn(blocks);
}

/** A lane of the kernel with the input that goes through it. */
class Lane {
  /** Where in the lane's memory the bytes begin that are still to be hashed, and where they end. */
  offset = 0;
  private end = 0;
  private input: Input;
  /** How much of the input has been copied into the kernel. */
  private copied = 0;

  constructor(
    private readonly kernel: Kernel,
    readonly number: number,
    input: Input,
  ) {
    this.input = input;
    this.begin(input);
  }

  /** Starts a hash; the one before has to be finished. */
  begin(input: Input): void {
    this.input = input;
    this.copied = 0;
    this.kernel.beginLane(this.number);
    this.fill();
  }

  get index(): number {
    return this.input.index;
  }

  /** Whole blocks in the kernel: none only if the input has no more either. */
  get blocks(): number {
    return Math.floor((this.end - this.offset) / hashBlockLength);
  }

  get isExhausted(): boolean {
    return this.blocks === 0;
  }

  /** So many blocks have been hashed. */
  moveOn(blocks: number): void {
    this.offset += blocks * hashBlockLength;
    if (this.offset === this.end) this.fill();
  }

  /** Hashes what is left, however much it is; the caller owns the 32 bytes. */
  finish(): Bytes {
    const { kernel, number, offset, end, input, copied } = this;
    return kernel.finishLane(number, offset, end, input.chunk.subarray(copied));
  }

  private fill(): void {
    const piece = this.input.chunk.subarray(this.copied, this.copied + hashLaneLength);
    this.kernel.fillLane(this.number, piece);
    this.copied += piece.length;
    this.offset = 0;
    this.end = piece.length;
  }
}
