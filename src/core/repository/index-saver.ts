import type { Bytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import type { Id } from "../base/id.ts";
import { encodeIndex, type IndexedPack } from "../format/index-file.ts";

/**
 * An index file is written after this many packs, and at the latest this long after the oldest pack that no index names
 * was stored: whenever a run is killed, no more than that was for nothing.
 */
const packsPerIndex = 8;
/** Or after so many blobs, as restic does: the file is put together in memory. */
const blobsPerIndex = 50_000;
const millisecondsPerIndex = 60_000;

export interface SealedIndex {
  id: Id;
  sealed: Bytes;
  packs: readonly IndexedPack[];
}

export interface IndexSaverPorts {
  clock: Clock;
  seal(json: Bytes): Promise<{ id: Id; sealed: Bytes }>;
  /** Stores an index file; resolves when it is durable. */
  save(index: SealedIndex, signal: AbortSignal): Promise<void>;
}

/** Writes index files for packs that are stored, one at a time. A pack is named whole and in one index file only. */
export class IndexSaver {
  private pending: IndexedPack[] = [];
  /** Sealed, and perhaps stored: sent again as it is, so that no second file names the same packs. */
  private unsaved: SealedIndex | null = null;
  private saving: Promise<void> = Promise.resolve();
  private cancelTimer: () => void = () => {};

  /** `onFailure` is told what an index file fails with that nobody waits for. */
  constructor(
    private readonly ports: IndexSaverPorts,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Packs that no index file names for certain. */
  get hasUnsaved(): boolean {
    return this.pending.length > 0 || this.unsaved !== null;
  }

  /** Takes a pack that is durably stored. Writes an index file if there are enough; rejects if that fails. */
  async add(pack: IndexedPack, signal: AbortSignal): Promise<void> {
    this.pending.push(pack);
    const blobs = this.pending.reduce((sum, { blobs }) => sum + blobs.length, 0);
    if (this.pending.length >= packsPerIndex || blobs >= blobsPerIndex) await this.flush(signal);
    else if (this.pending.length === 1) this.schedule(signal);
  }

  /** Writes all packs that no index file names yet; nothing if there are none. */
  flush(signal: AbortSignal): Promise<void> {
    this.stop();
    const before = this.saving.catch(() => {});
    this.saving = before.then(() => this.saveAll(signal));
    return this.saving;
  }

  /** Writes no index file by itself any more. */
  stop(): void {
    this.cancelTimer();
  }

  private schedule(signal: AbortSignal): void {
    this.cancelTimer = this.ports.clock.after(
      millisecondsPerIndex,
      () => void this.flush(signal).catch(this.onFailure),
    );
  }

  private async saveAll(signal: AbortSignal): Promise<void> {
    await this.saveSealed(signal);
    const packs = this.pending;
    if (packs.length === 0) return;
    this.pending = [];
    this.stop();
    try {
      this.unsaved = { ...(await this.ports.seal(encodeIndex(packs))), packs };
    } catch (error) {
      this.pending = [...packs, ...this.pending];
      throw error;
    }
    await this.saveSealed(signal);
  }

  private async saveSealed(signal: AbortSignal): Promise<void> {
    if (this.unsaved === null) return;
    await this.ports.save(this.unsaved, signal);
    this.unsaved = null;
  }
}
