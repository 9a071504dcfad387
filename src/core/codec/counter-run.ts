import { type Bytes, equalBytes } from "../base/bytes.ts";
import { advanceCounter, applyToSegment, blockLength, segmentLength } from "./counter-mode.ts";

const zeros = new Uint8Array(segmentLength);
/** Texts on their way into WebCrypto; between two of them it holds what is left of the last, up to the ends of blocks. */
const gathered = new Uint8Array(segmentLength);

/**
 * Texts that are encrypted, or decrypted, with one call of WebCrypto, which for a text of a few kilobytes costs many times
 * what is done in it.
 *
 * [Note: one run of counters] The texts have one run of counters from a random one on, of which each takes as many as it has
 * blocks, and at least one. So each has a counter of its own to begin with, as random as if it had been drawn for it, and no
 * counter is used twice: in counter mode the run is one long text, cut into pieces. What is stored does not differ from
 * texts that were sealed alone, and whoever opens one needs none of the others.
 */
export class CounterRun {
  /** Where each text begins in the run, in blocks. */
  private readonly starts: readonly number[];
  private readonly length: number;

  /** The texts' lengths in bytes; together with what fills their last blocks they must fit into a segment. */
  constructor(
    private readonly first: Bytes,
    private readonly lengths: readonly number[],
  ) {
    let blocks = 0;
    this.starts = lengths.map((length) => {
      blocks += blocksOf(length);
      return blocks - blocksOf(length);
    });
    this.length = blocks * blockLength;
    if (this.length > segmentLength) throw new RangeError("the texts do not fit into a segment");
  }

  /** The counter that a text begins with. */
  counter(text: number): Bytes {
    return advanceCounter(this.first, this.starts[text] ?? 0);
  }

  /** True if the texts begin with these counters. */
  hasCounters(counters: readonly Bytes[]): boolean {
    return counters.every((counter, text) => equalBytes(counter, this.counter(text)));
  }

  /** The texts, xored with the key stream; the caller owns the result and finds each of them with `part`. */
  apply(key: CryptoKey, texts: readonly Bytes[]): Promise<Bytes> {
    for (const [i, text] of texts.entries()) gathered.set(text, this.offset(i));
    // WebCrypto copies what it is given before it returns.
    return applyToSegment(key, this.first, gathered.subarray(0, this.length));
  }

  /** The key stream, of which a text's part begins with its counter, encrypted. The caller owns it. */
  stream(key: CryptoKey): Promise<Bytes> {
    return applyToSegment(key, this.first, zeros.subarray(0, this.length));
  }

  /** What belongs to one text. */
  part(run: Bytes, text: number, length = this.lengths[text] ?? 0): Bytes {
    return run.subarray(this.offset(text), this.offset(text) + length);
  }

  private offset(text: number): number {
    return (this.starts[text] ?? 0) * blockLength;
  }
}

/** Cuts what is to be worked on into runs that fit into a segment, in order. */
export function* runsOf<Item>(items: readonly Item[], lengthOf: (item: Item) => number): Generator<Item[]> {
  let run: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const length = blocksOf(lengthOf(item)) * blockLength;
    if (bytes + length > segmentLength) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(item);
    bytes += length;
  }
  if (run.length > 0) yield run;
}

function blocksOf(length: number): number {
  return Math.max(1, Math.ceil(length / blockLength));
}
