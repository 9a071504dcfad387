import type { Bytes } from "../../src/core/base/bytes.ts";
import type { PackSpool, SpoolFile } from "../../src/core/base/ports.ts";

export interface MemorySpoolOptions {
  /** How many packs there is room for at a time. */
  files?: number;
  /** Where the disk is full: what is written beyond this position of a file is refused. */
  fullAt?: number;
}

/** A spool as a browser has it, in memory, which counts. */
export class MemoryPackSpool implements PackSpool {
  taken = 0;
  trims = 0;
  private readonly free: Bytes[] = [];

  constructor(private readonly options: MemorySpoolOptions = {}) {}

  prepare(): void {}

  take(): SpoolFile | null {
    const { files = 12, fullAt = Number.POSITIVE_INFINITY } = this.options;
    if (this.taken === files) return null;
    this.taken++;
    return new MemorySpoolFile(this.free.pop() ?? new Uint8Array(0), fullAt, (memory) => {
      this.taken--;
      // As on a disk, the next pack finds what the last one left.
      this.free.push(memory);
    });
  }

  trim(): void {
    this.trims++;
    this.free.length = 0;
  }
}

class MemorySpoolFile implements SpoolFile {
  constructor(
    private memory: Bytes,
    private readonly fullAt: number,
    private readonly onReleased: (memory: Bytes) => void,
  ) {}

  write(bytes: Bytes, offset: number): boolean {
    const end = offset + bytes.length;
    if (end > this.fullAt) return false;
    if (end > this.memory.length) {
      const larger = new Uint8Array(2 * end);
      larger.set(this.memory);
      this.memory = larger;
    }
    this.memory.set(bytes, offset);
    return true;
  }

  read(bytes: Bytes, offset: number): void {
    bytes.set(this.memory.subarray(offset, offset + bytes.length));
  }

  async content(length: number): Promise<Blob> {
    return new Blob([this.memory.subarray(0, length)]);
  }

  release(): void {
    this.onReleased(this.memory);
  }
}
