import type { Backend, Handle } from "../backend/backend.ts";
import { type Clock, within } from "../base/clock.ts";
import type { Id } from "../base/id.ts";
import type { PackSpool } from "../base/ports.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { Cipher } from "../codec/cipher.ts";
import type { BlobType, SealedBlob } from "../codec/codec.ts";
import type { Kernel } from "../codec/kernel.ts";
import { RunningHash } from "../codec/sha256.ts";
import { IndexSaver, type IndexSaverPorts } from "./index-saver.ts";
import type { MasterIndex } from "./master-index.ts";
import { defaultPackTarget, type FinishedPack, largestPackTarget, OpenPack, smallestPackTarget } from "./open-pack.ts";
import { PackRooms } from "./pack-room.ts";
import { Packer } from "./packer.ts";
import { UploadPacer } from "./upload-pacer.ts";

export interface BlobSaverPorts extends IndexSaverPorts {
  backend: Backend;
  cipher: Cipher;
  index: MasterIndex;
  /** Called before anything is stored; throws LockedError "lock-lost" when this run may no longer write. */
  ensureLocked(): Promise<void>;
  /** Called if packs that are in `index` may be in no index file when a run has ended. */
  leftUnindexed(): void;
  clock: Clock;
  /** Hashes packs as they grow. */
  kernel: Kernel;
  /** Where packs are put together; null: in memory. */
  spool: PackSpool | null;
}

export interface BlobSaverOptions {
  /** Bytes of blobs that make a pack full, from 64 KiB to 128 MiB; absent: 16 MiB. */
  packTargetBytes?: number;
  /** Bytes a second that uploads may take on average; null: as many as the line carries. */
  uploadLimit?: number | null;
  /** Awaited before each pack goes out, which holds uploads back while a run is paused. */
  beforeUpload?(signal: AbortSignal): Promise<void>;
}

export interface UploadedPack {
  id: Id;
  length: number;
}

/** What a run has stored so far. */
export interface SavedTotals {
  dataBlobs: number;
  treeBlobs: number;
  /** Plain bytes of new blobs. */
  addedBytes: number;
  /** Sealed bytes of new blobs. */
  addedPackedBytes: number;
  /** Bytes of packs that the backend has confirmed. */
  uploadedBytes: number;
  packs: number;
}

export function noTotals(): SavedTotals {
  return { dataBlobs: 0, treeBlobs: 0, addedBytes: 0, addedPackedBytes: 0, uploadedBytes: 0, packs: 0 };
}

/** How long a cancelled run may take to write its last index file. */
const abandonLimitMs = 5_000;

/**
 * Takes the new blobs of one run to the backend: packs, uploads, index entries. A blob is known from the moment that it is
 * claimed, in the index from the moment that its pack is stored. After the first failure every call rejects with it.
 */
export class BlobSaver {
  readonly totals = noTotals();
  private readonly claimed = { data: new Set<Id>(), tree: new Set<Id>() };
  private readonly packers: Record<BlobType, Packer>;
  private readonly rooms: PackRooms;
  private readonly confirmed: UploadedPack[] = [];
  private readonly pacer: UploadPacer | null;
  private readonly indexSaver: IndexSaver;
  /** Bounds finished packs in memory: as many as can be on their way at once. */
  private readonly room: Semaphore;
  private readonly uploads = new Set<Promise<void>>();
  private readonly failure = new AbortController();

  constructor(
    private readonly ports: BlobSaverPorts,
    private readonly signal: AbortSignal,
    private readonly options: BlobSaverOptions = {},
  ) {
    const target = packTargetOf(options);
    this.rooms = new PackRooms(ports.spool, target);
    const startPack = () => new OpenPack(target, this.rooms.take(), new RunningHash(ports.kernel));
    this.packers = { data: new Packer(target, startPack), tree: new Packer(target, startPack) };
    this.indexSaver = new IndexSaver(ports, (error) => this.failure.abort(error));
    const { uploadLimit = null } = options;
    this.pacer = uploadLimit === null ? null : new UploadPacer(ports.clock, uploadLimit);
    this.room = new Semaphore(uploadsAtOnce(ports.backend.connections, target));
  }

  /** The packs that the backend has confirmed, in the order in which it did. */
  get uploaded(): readonly UploadedPack[] {
    return this.confirmed;
  }

  /** True for each id that is new: its caller must now store it. Claims count for all later calls. */
  claim(type: BlobType, ids: readonly Id[]): boolean[] {
    return ids.map((id) => {
      if (this.claimed[type].has(id) || this.ports.index.has(type, id)) return false;
      this.claimed[type].add(id);
      return true;
    });
  }

  /** Packs claimed blobs, copying them; waits while as many packs are on their way as there are connections. */
  async store(blobs: readonly SealedBlob[]): Promise<void> {
    for (const blob of blobs) {
      this.throwIfStopped();
      this.count(blob);
      const full = this.packers[blob.type].add(blob);
      if (full) await this.upload(full);
    }
  }

  /**
   * Stores what is left and writes the last index file. Afterwards everything claimed is durable and indexed. The saver
   * may be used on, and finished again.
   */
  async finish(): Promise<void> {
    for (const pack of [...this.packers.tree.takeRest(), ...this.packers.data.takeRest()]) await this.upload(pack);
    while (this.uploads.size > 0) await Promise.all(this.uploads);
    this.throwIfStopped();
    this.rooms.close();
    await this.ports.ensureLocked();
    await this.indexSaver.flush(this.signal);
  }

  /**
   * Ends a run that failed or was cancelled: waits for the uploads that are under way and writes the index of what is
   * stored, so that the next run need not send it again. Never rejects: the failure that led here is the one to report.
   */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.uploads);
    for (const packer of [this.packers.data, this.packers.tree]) for (const pack of packer.takeRest()) pack.release();
    this.rooms.close();
    try {
      // A lock that went stale while the server is away would be waited for without end.
      await within(this.ports.clock, abandonLimitMs, async (late) => {
        await Promise.race([this.ports.ensureLocked(), rejectionOf(late)]);
        await this.indexSaver.flush(late);
      });
    } catch {
      // What no index names is stored again next time.
      this.ports.leftUnindexed();
    } finally {
      this.indexSaver.stop();
    }
  }

  private async upload(pack: OpenPack): Promise<void> {
    await this.room.acquire(1, this.signal);
    const upload = this.savePack(pack)
      .catch((error: unknown) => this.failure.abort(error))
      .finally(() => {
        this.uploads.delete(upload);
        this.room.release(1);
      });
    this.uploads.add(upload);
    this.throwIfStopped();
  }

  /** [Note: durability order] A pack enters the index only when the backend has confirmed it. */
  private async savePack(pack: OpenPack): Promise<void> {
    const { signal } = this;
    const { id, length, blobs } = await this.send(pack);
    this.totals.packs++;
    this.totals.uploadedBytes += length;
    this.confirmed.push({ id, length });
    this.ports.index.addPack(id, blobs);
    for (const blob of blobs) this.claimed[blob.type].delete(blob.id);
    await this.ports.ensureLocked();
    await this.indexSaver.add({ id, blobs }, signal);
  }

  private async send(pack: OpenPack): Promise<FinishedPack> {
    const { signal } = this;
    try {
      const finished = await pack.finish(this.ports.cipher);
      await this.pacer?.pass(finished.length, signal);
      await this.options.beforeUpload?.(signal);
      const handle: Handle = { type: "data", id: finished.id };
      await this.ports.backend.save(handle, finished.content, signal, () => this.ports.ensureLocked());
      return finished;
    } finally {
      pack.release();
    }
  }

  private count(blob: SealedBlob): void {
    if (blob.type === "data") this.totals.dataBlobs++;
    else this.totals.treeBlobs++;
    this.totals.addedBytes += blob.plainLength;
    this.totals.addedPackedBytes += blob.sealed.length;
  }

  private throwIfStopped(): void {
    this.failure.signal.throwIfAborted();
    this.signal.throwIfAborted();
  }
}

function rejectionOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function packTargetOf({ packTargetBytes = defaultPackTarget }: BlobSaverOptions): number {
  return Math.min(Math.max(packTargetBytes, smallestPackTarget), largestPackTarget);
}

/** Larger packs are fewer at a time, so that they take no more memory. */
function uploadsAtOnce(connections: number, packTarget: number): number {
  return Math.max(1, Math.min(connections, Math.floor((connections * defaultPackTarget) / packTarget)));
}
