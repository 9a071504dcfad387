import type { Bytes } from "../base/bytes.ts";
import type { Id } from "../base/id.ts";
import { encodeIndex, type IndexedPack } from "../format/index-file.ts";

/** An index file is due after this many packs or this long after the last, so that a killed run loses little. */
const packsPerIndex = 8;
const millisecondsPerIndex = 60_000;

export interface IndexSaverPorts {
  /** Stores an index file; resolves when it is durable. */
  save(json: Bytes, signal: AbortSignal): Promise<Id>;
  now(): number;
}

/** Writes index files for packs that are stored. A pack is named whole and in one index file only. */
export class IndexSaver {
  private pending: IndexedPack[] = [];
  private lastSave: number;
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly ports: IndexSaverPorts) {
    this.lastSave = ports.now();
  }

  /** Takes a pack that is durably stored. Writes an index file if one is due; rejects if that fails. */
  async add(pack: IndexedPack, signal: AbortSignal): Promise<void> {
    this.pending.push(pack);
    if (this.isDue()) await this.flush(signal);
  }

  /** Writes all packs that no index file names yet; nothing if there are none. */
  async flush(signal: AbortSignal): Promise<void> {
    const packs = this.pending;
    this.pending = [];
    this.lastSave = this.ports.now();
    if (packs.length > 0) {
      this.saving = Promise.all([this.saving, this.ports.save(encodeIndex(packs), signal)]).then(() => {});
    }
    await this.saving;
  }

  private isDue(): boolean {
    return this.pending.length >= packsPerIndex || this.ports.now() - this.lastSave >= millisecondsPerIndex;
  }
}
