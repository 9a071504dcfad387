import type { Backend, ListedFile } from "../backend/backend.ts";
import type { OfflineCopy } from "../backend/offline-copy.ts";
import type { Bytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { HoldallError, type LockedError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { LockJournal, PackSpool } from "../base/ports.ts";
import type { Cipher } from "../codec/cipher.ts";
import type { Codec } from "../codec/codec.ts";
import type { Kernel } from "../codec/kernel.ts";
import type { Config } from "../format/config.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "../format/snapshot.ts";
import { BlobLoader } from "./blob-loader.ts";
import { BlobSaver, type BlobSaverOptions, type BlobSaverPorts, type UploadedPack } from "./blob-saver.ts";
import { IndexLoader, type IndexProgress } from "./index-loader.ts";
import { LateFiles } from "./late-files.ts";
import { acquireLock, awaitLock, type Lock, type LockKind } from "./lock.ts";
import { MasterIndex } from "./master-index.ts";
import { OrphanedLocks } from "./orphaned-locks.ts";
import { OwnClaims } from "./own-claims.ts";
import { loseMissingPacks } from "./pack-check.ts";
import { listLocks, removeLock, type StoredLock } from "./stored-locks.ts";
import { TreeLoader } from "./tree-loader.ts";
import { namingFile, type UnpackedFiles } from "./unpacked-files.ts";
import { type CheckExtent, UploadCheck } from "./upload-check.ts";

export interface RepositoryParts {
  backend: Backend;
  config: Config;
  /** The key file that opened it. */
  keyId: Id;
  cipher: Cipher;
  codec: Codec;
  files: UnpackedFiles;
  journal: LockJournal;
  clock: Clock;
  kernel: Kernel;
  /** Where sealed trees are kept on this device. */
  copy?: OfflineCopy | null;
  /** Where packs are put together on this device. */
  spool?: PackSpool | null;
}

export interface StoredSnapshot {
  id: Id;
  snapshot: Snapshot;
}

export interface SnapshotListing {
  /** In no order. */
  snapshots: StoredSnapshot[];
  /** Files that could not be read, with the reason. */
  unreadable: { id: Id; error: unknown }[];
}

/** An open repository. Made by openRepository and createRepository; reading takes no lock, writing goes through `lock`. */
export class Repository {
  /** Complete for whoever has awaited indexed(), refreshIndex() or a tree. */
  readonly index = new MasterIndex();
  readonly blobs: BlobLoader;
  readonly trees: TreeLoader;
  private readonly indexLoader: IndexLoader;
  /** Snapshots never change, so each is read once. */
  private readonly snapshots = new Map<Id, Snapshot>();
  private lastSaver: BlobSaver | null = null;
  private readonly late: LateFiles;
  private readonly orphans: OrphanedLocks;
  private readonly claims = new OwnClaims();
  /** Those that were taken here and may still be held. */
  private locks: readonly Lock[] = [];

  constructor(private readonly parts: RepositoryParts) {
    const { backend, codec, copy = null } = parts;
    this.indexLoader = new IndexLoader({ backend, codec }, this.index);
    const indexed = (signal: AbortSignal) => this.indexed(signal);
    this.blobs = new BlobLoader({ backend, codec, indexed });
    this.trees = new TreeLoader(indexed, this.blobs, copy);
    this.late = new LateFiles(this.lockPorts());
    this.orphans = new OrphanedLocks(this.lockPorts());
  }

  get config(): Config {
    return this.parts.config;
  }

  get keyId(): Id {
    return this.parts.keyId;
  }

  get codec(): Codec {
    return this.parts.codec;
  }

  /** What this device keeps of it, or null. */
  get copy(): OfflineCopy | null {
    return this.parts.copy ?? null;
  }

  get location(): string {
    return this.parts.backend.location;
  }

  /**
   * The index of what was stored when it was first asked for, loaded then, once for all who ask. Errors name the index file
   * that cannot be read, and the next to ask has it tried again.
   */
  indexed(signal: AbortSignal): Promise<MasterIndex> {
    return this.indexLoader.complete(signal);
  }

  get indexProgress(): Readonly<IndexProgress> {
    return this.indexLoader.progress;
  }

  /** Brings the index up to what is stored now. Errors name the index file that cannot be read. */
  async refreshIndex(signal: AbortSignal): Promise<void> {
    await this.indexLoader.refresh(signal);
  }

  /** Throws BackendError "not-found", IntegrityError, FormatError, naming the file. */
  async loadSnapshot(id: Id, signal: AbortSignal): Promise<Snapshot> {
    const known = this.snapshots.get(id);
    if (known) return known;
    const json = await this.parts.files.load("snapshot", id, signal);
    try {
      const snapshot = decodeSnapshot(json);
      this.snapshots.set(id, snapshot);
      return snapshot;
    } catch (error) {
      throw namingFile(error, "snapshot", id);
    }
  }

  /** All snapshots that are stored now. A damaged one is reported beside the others. */
  async listSnapshots(signal: AbortSignal): Promise<SnapshotListing> {
    const listed = await this.parts.backend.list("snapshot", signal);
    const listing: SnapshotListing = { snapshots: [], unreadable: [] };
    const queue = listed.values();
    const loadNext = async () => {
      for (const { id } of queue) {
        try {
          listing.snapshots.push({ id, snapshot: await this.loadSnapshot(id, signal) });
        } catch (error) {
          if (!(error instanceof HoldallError) || error.code === "closed") throw error;
          // Removed since it was listed: another program has forgotten it.
          if (error.code !== "not-found") listing.unreadable.push({ id, error });
        }
      }
    };
    await Promise.all(Array.from({ length: this.parts.backend.connections }, loadNext));
    return listing;
  }

  /**
   * Stores a snapshot, under the locks that are held here ([Note: late files]). All that it refers to must be stored and
   * indexed. Throws LockedError "lock-lost".
   */
  async saveSnapshot(snapshot: Snapshot, signal: AbortSignal): Promise<Id> {
    const { id, sealed } = await this.parts.files.seal(encodeSnapshot(snapshot));
    await this.late.saveSnapshot(id, sealed, this.heldLocks(), signal);
    return id;
  }

  /**
   * Takes a lock; the caller releases it. Throws LockedError "locked" if somebody else's excludes it; with `onWaiting` that is
   * waited out until the signal aborts, and `onWaiting` told of each wait, and null when it is over.
   */
  async lock(kind: LockKind, signal: AbortSignal, onWaiting?: (other: LockedError | null) => void): Promise<Lock> {
    const ports = this.lockPorts();
    const lock = await (onWaiting ? awaitLock(ports, kind, signal, onWaiting) : acquireLock(ports, kind, signal));
    this.locks = [...this.heldLocks(), lock];
    return lock;
  }

  /** Gives up all locks that are held here: their files are being removed by other means. */
  giveUpLocks(): void {
    for (const lock of this.heldLocks()) lock.giveUp();
  }

  /** Removes locks that a killed tab or program of this device has left behind. Returns how many. */
  async removeOrphanedLocks(signal: AbortSignal): Promise<number> {
    return this.orphans.remove(signal);
  }

  /** All locks that are stored now; taking no notice of empty files, as restic does. */
  async listLocks(signal: AbortSignal): Promise<StoredLock[]> {
    return listLocks(this.lockPorts(), signal);
  }

  /** Removes a lock, whoever's it is. One that is held here is released: whoever works under it is stopped. */
  async removeLock(id: Id, signal: AbortSignal): Promise<void> {
    await Promise.all(this.heldLocks().map((lock) => (lock.id === id ? lock.release() : null)));
    await removeLock(this.lockPorts(), id, signal);
  }

  /** What the last blob saver has uploaded so far; empty if there was none. */
  get lastUpload(): readonly UploadedPack[] {
    return this.lastSaver?.uploaded ?? [];
  }

  /** A check of what the last blob saver has uploaded, or of a random sample of it. */
  checkUpload(extent: CheckExtent): UploadCheck {
    return new UploadCheck(this.parts.backend, this.lastUpload, extent);
  }

  /** All packs that are stored now, in no order, whatever the index says. */
  listPacks(signal: AbortSignal): Promise<ListedFile[]> {
    return this.parts.backend.list("data", signal);
  }

  /**
   * A stored pack, which is not verified. It lies in `into` if the backend can put it there, else in memory of its own; the
   * caller owns either. Throws what the backend throws.
   */
  loadPack({ id, length }: ListedFile, into: Bytes, signal: AbortSignal): Promise<Bytes> {
    return this.parts.backend.load({ type: "data", id }, signal, { offset: 0, length, into });
  }

  /**
   * Lists all packs: those that are gone, or have another length than the index says, are lost to the index from then on
   * ([Note: lost packs]). Returns how many are newly lost.
   */
  async loseMissingPacks(signal: AbortSignal): Promise<number> {
    return loseMissingPacks(this.parts.backend, await this.indexed(signal), signal);
  }

  /** Seals what a device keeps beside the repository. The bytes begin with a mark that says what they are. */
  sealRecord(plain: Bytes): Promise<Bytes> {
    return this.parts.cipher.seal(plain);
  }

  /** Throws FormatError, IntegrityError if they were altered or sealed under another repository's key. */
  openRecord(sealed: Bytes): Promise<Bytes> {
    return this.parts.cipher.open(sealed);
  }

  /** Where the new blobs of one run go; the lock must be held until it is finished. */
  createBlobSaver(lock: Lock, signal: AbortSignal, options: BlobSaverOptions = {}): BlobSaver {
    const { backend, cipher, files, clock, kernel, spool = null } = this.parts;
    const ports: BlobSaverPorts = {
      backend,
      cipher,
      clock,
      kernel,
      spool,
      index: this.index,
      ensureLocked: () => lock.ensureFresh(),
      leftUnindexed: () => this.indexLoader.doubt(),
      seal: (json) => files.seal(json),
      save: async (index, saveSignal) => {
        await this.late.saveIndex(index, lock, saveSignal);
        this.indexLoader.wrote(index.id);
      },
    };
    this.lastSaver = new BlobSaver(ports, signal, options);
    return this.lastSaver;
  }

  /** Forgets the keys. Calls that run end with "closed". May be called twice. */
  close(): void {
    this.indexLoader.close();
    this.parts.codec.close();
    this.parts.cipher.wipe();
    this.snapshots.clear();
  }

  private heldLocks(): readonly Lock[] {
    return this.locks.filter((lock) => !lock.isReleased);
  }

  private lockPorts() {
    const { backend, files, clock, config } = this.parts;
    const isOwn = (lockId: string) => this.claims.has(lockId);
    return { backend, files, clock, isOwn, journal: this.claims.noting(this.parts.journal), repositoryId: config.id };
  }
}
