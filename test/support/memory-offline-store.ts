import type { Bytes } from "../../src/core/base/bytes.ts";
import type { OfflineEntry, OfflineStore } from "../../src/core/base/ports.ts";

/**
 * An offline copy's storage in memory. `before` is called before each operation with its number from 1 and may throw,
 * never settle, or wipe everything.
 */
export class MemoryOfflineStore implements OfflineStore {
  readonly files = new Map<string, { bytes: Bytes; usedMs: number }>();
  operations = 0;

  constructor(private readonly before: (step: number, store: MemoryOfflineStore) => unknown = () => {}) {}

  async get(key: string): Promise<Bytes | null> {
    await this.begin();
    return this.files.get(key)?.bytes.slice() ?? null;
  }

  async put(key: string, bytes: Bytes, usedMs: number): Promise<void> {
    const copied = bytes.slice();
    await this.begin();
    this.files.set(key, { bytes: copied, usedMs });
  }

  async touch(keys: readonly string[], usedMs: number): Promise<void> {
    await this.begin();
    for (const key of keys) {
      const file = this.files.get(key);
      if (file) file.usedMs = usedMs;
    }
  }

  async remove(keys: readonly string[]): Promise<void> {
    await this.begin();
    for (const key of keys) this.files.delete(key);
  }

  async list(): Promise<OfflineEntry[]> {
    await this.begin();
    return [...this.files].map(([key, { bytes, usedMs }]) => ({ key, length: bytes.length, usedMs }));
  }

  /** The keys that begin so. */
  keys(prefix = ""): string[] {
    return [...this.files.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Length of all files. */
  get bytes(): number {
    let sum = 0;
    for (const { bytes } of this.files.values()) sum += bytes.length;
    return sum;
  }

  private async begin(): Promise<void> {
    await this.before(++this.operations, this);
  }
}
