import type { Bytes } from "../base/bytes.ts";
import { UnsupportedError } from "../base/errors.ts";
import type { KernelSource } from "../base/ports.ts";

/** What wasm/assembly/scrypt.ts exports. */
interface MixerExports {
  memory: WebAssembly.Memory;
  blockOffset(): number;
  mixBlock(n: number, r: number): void;
}

const pageLength = 65536;

/**
 * Mixes blocks for scrypt (scryptROMix, RFC 7914 section 5), which is nearly all of its work, in a memory of its own: of the
 * size of the table, and kept for the next block.
 */
export class BlockMixer {
  private exports: MixerExports;

  private constructor(private readonly module: WebAssembly.Module) {
    this.exports = instantiate(module);
  }

  /** Throws UnsupportedError "kernel-unavailable" if the kernel is not to be had, or this engine does not run it. */
  static async load(source: KernelSource): Promise<BlockMixer> {
    const bytes = await source.load("scrypt");
    try {
      return new BlockMixer(await WebAssembly.compile(bytes));
    } catch (cause) {
      throw new UnsupportedError("kernel-unavailable", { reason: "scrypt does not run here" }, { cause });
    }
  }

  /** The mixed block, which the caller owns, of a lent one of 128·r bytes. Throws RangeError if the machine has not the memory. */
  mix(block: Bytes, { N, r }: { N: number; r: number }): Bytes {
    const { memory, blockOffset, mixBlock } = this.exports;
    const offset = blockOffset();
    const missing = offset + mixerMemory({ N, r }) - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / pageLength));
    new Uint8Array(memory.buffer).set(block, offset);
    mixBlock(N, r);
    return new Uint8Array(memory.buffer).slice(offset, offset + block.length);
  }

  /** Wipes the memory, and lets go of it. */
  wipe(): void {
    new Uint8Array(this.exports.memory.buffer).fill(0);
    this.exports = instantiate(this.module);
  }
}

/** Bytes that it takes to mix a block: itself, the table, and two blocks. */
export function mixerMemory({ N, r }: { N: number; r: number }): number {
  return 128 * r * (N + 3);
}

function instantiate(module: WebAssembly.Module): MixerExports {
  return new WebAssembly.Instance(module).exports as unknown as MixerExports;
}
