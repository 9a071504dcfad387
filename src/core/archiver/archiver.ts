import { equalBytes } from "../base/bytes.ts";
import { HoldallError, IntegrityError, type LockedError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { Source } from "../base/ports.ts";
import { isPlainName } from "../base/raw-name.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Codec } from "../codec/codec.ts";
import { encodeSnapshot, type Snapshot } from "../format/snapshot.ts";
import type { Tree } from "../format/tree.ts";
import { type BlobSaver, type BlobSaverOptions, noTotals, type SavedTotals } from "../repository/blob-saver.ts";
import type { Lock } from "../repository/lock.ts";
import type { SnapshotListing, StoredSnapshot } from "../repository/repository.ts";
import { BackupCounts } from "./backup-counts.ts";
import type { BackupOptions } from "./backup-options.ts";
import { noRules } from "./backup-rules.ts";
import { DryRunBlobs, type RunBlobs } from "./dry-run-blobs.ts";
import { EarlyReading } from "./early-reading.ts";
import { newSnapshot, pathsOf } from "./new-snapshot.ts";
import { findParent, findPickParent, isClockBehind } from "./parent.ts";
import { compileRules } from "./rule-selection.ts";
import type { Selection } from "./selection.ts";
import { ShrunkFolders } from "./shrunk-folders.ts";
import { SlowFiles } from "./slow-files.ts";
import { SourceReading } from "./source-reading.ts";
import { SourceWalk } from "./source-walk.ts";

/** What the archiver needs of a repository. */
export interface ArchiverRepository {
  readonly codec: Codec;
  readonly index: { has(type: "data" | "tree", id: Id): boolean };
  readonly trees: { load(id: Id, signal: AbortSignal): Promise<Tree> };
  lock(kind: "shared", signal: AbortSignal, onWaiting?: (other: LockedError | null) => void): Promise<Lock>;
  refreshIndex(signal: AbortSignal): Promise<void>;
  /** Compares the packs that are stored with the index, which forgets those that are not; returns how many are new. */
  loseMissingPacks(signal: AbortSignal): Promise<number>;
  listSnapshots(signal: AbortSignal): Promise<SnapshotListing>;
  createBlobSaver(lock: Lock, signal: AbortSignal, options: BlobSaverOptions): BlobSaver;
  saveSnapshot(snapshot: Snapshot, signal: AbortSignal): Promise<Id>;
  loadSnapshot(id: Id, signal: AbortSignal): Promise<Snapshot>;
}

/** How a run ended, and the root tree that it found. "unchanged" and "dry-run": no snapshot was written, as wished. */
export type BackupOutcome = { tree: Id; totals: SavedTotals } & (
  | { outcome: "stored"; id: Id; snapshot: Snapshot }
  | { outcome: "unchanged" | "dry-run" }
);

export type BackupPhase = "preparing" | "saving" | "finishing" | "checking" | "verifying";

/** What all walks of a run have in common. */
interface Run {
  parent: StoredSnapshot | null;
  selection: Selection;
  blobs: RunBlobs;
}

/** A server that loses packs more often than this while a backup runs is not one to store anything on. */
const mostWalks = 3;

/**
 * One backup run: lock, parent, walk, check, snapshot, read back.
 *
 * [Note: durability order] Packs, then the index files that name them, then the snapshot: each step begins when the
 * backend has confirmed all of the one before. Whenever a run dies, what is stored is at worst unused, never missing.
 *
 * [Note: walking again] What the server has lost is read and stored anew, since the index no longer knows it. If packs are
 * found missing when all is stored, the sources are walked through once more; counts start anew then, but for what was
 * read, and totals go on: they tell what the run did.
 */
export class Archiver {
  phase: BackupPhase = "preparing";
  /** Of the walk that is under way, or of the last one. */
  counts = new BackupCounts();
  readonly slow = new SlowFiles();
  /** The series has a snapshot from the future; the new one will sort before it. */
  clockBehind = false;
  /** Packs that the index names and the server has lost. */
  lostPacks = 0;
  /** The lock of somebody else that is waited for. */
  lockedBy: LockedError | null = null;
  private blobs: RunBlobs | null = null;
  private early: EarlyReading | null = null;
  private readonly shrunk: ShrunkFolders;
  /** Ends the run at once, wherever the walk is, when something that is under way fails. */
  private readonly failure = new AbortController();

  constructor(
    private readonly repository: ArchiverRepository,
    private readonly options: BackupOptions,
    private readonly now: () => number = Date.now,
  ) {
    this.shrunk = new ShrunkFolders(options.steering ?? null);
  }

  get totals(): Readonly<SavedTotals> {
    return this.blobs?.totals ?? noTotals();
  }

  /**
   * Runs once. Throws "source-unreadable" for a source that cannot be listed at all, "source-shrunk" if a folder is not
   * believed, "pattern-malformed", LockedError, "packs-missing", what the backend throws, and the signal's reason; no snapshot is written then.
   * Files and folders that cannot be read are in counts.failures.
   */
  async run(signal: AbortSignal): Promise<BackupOutcome> {
    checkSources(this.options.sources);
    const selection = compileRules(this.options.rules ?? noRules);
    const unlocked = AbortSignal.any([signal, this.failure.signal]);
    if (this.options.dryRun) return this.runDry(selection, unlocked);
    this.early = this.readEarly(selection, unlocked);
    try {
      return await this.runLocked(selection, signal);
    } catch (error) {
      this.failure.abort(error); // whatever is being read ends now
      throw error;
    }
  }

  private async runLocked(selection: Selection, signal: AbortSignal): Promise<BackupOutcome> {
    await using lock = await this.takeLock(signal);
    const running = AbortSignal.any([signal, lock.signal, this.failure.signal]);
    const parent = await this.prepare(running);
    const blobs = this.repository.createBlobSaver(lock, running, this.saverOptions());
    // Awaited here, since the lock goes when this returns.
    return await this.orAbandon(blobs, async () => {
      const tree = await this.saveSources({ parent, selection, blobs }, running);
      const { totals } = blobs;
      if (this.options.skipIfUnchanged && tree === parent?.snapshot.tree) return { outcome: "unchanged", tree, totals };
      await lock.ensureFresh();
      return this.saveSnapshot(tree, parent, totals, running);
    });
  }

  /** Reads under no lock, as restic does: what others remove meanwhile is at worst counted wrong. */
  private async runDry(selection: Selection, running: AbortSignal): Promise<BackupOutcome> {
    const parent = await this.prepare(running);
    const blobs = new DryRunBlobs(this.repository.index);
    return this.orAbandon(blobs, async () => {
      const tree = await this.walk({ parent, selection, blobs }, running);
      return { outcome: "dry-run", tree, totals: blobs.totals };
    });
  }

  private async orAbandon(blobs: RunBlobs, work: () => Promise<BackupOutcome>): Promise<BackupOutcome> {
    this.blobs = blobs;
    try {
      return await work();
    } catch (error) {
      this.failure.abort(error); // whatever is under way, or waits at the gate, ends now
      await blobs.abandon();
      throw error;
    }
  }

  private takeLock(signal: AbortSignal): Promise<Lock> {
    if (!this.options.waitsForLock) return this.repository.lock("shared", signal);
    return this.repository.lock("shared", signal, (other) => {
      this.lockedBy = other;
      if (other !== null) this.stopReading();
    });
  }

  /** [Note: reading early] */
  private readEarly(selection: Selection, signal: AbortSignal): EarlyReading {
    return new EarlyReading(async (stopped) => {
      const parent = await this.findParent(signal);
      stopped.throwIfAborted();
      return this.read({ parent, selection }, AbortSignal.any([signal, stopped]));
    });
  }

  private stopReading(): void {
    this.early?.stop();
    this.counts = new BackupCounts();
  }

  private read({ parent, selection }: Pick<Run, "parent" | "selection">, signal: AbortSignal): SourceReading {
    const { counts } = this;
    return new SourceReading(this.options.sources, { counts, selection, opensFew: parent !== null, signal });
  }

  /** After the lock, so that nobody prunes from here on: learns what is stored, and finds the parent. */
  private async prepare(signal: AbortSignal): Promise<StoredSnapshot | null> {
    await this.repository.refreshIndex(signal);
    this.lostPacks += await this.repository.loseMissingPacks(signal);
    return this.findParent(signal);
  }

  private async findParent(signal: AbortSignal): Promise<StoredSnapshot | null> {
    const { hostname, parent, sources, timeMs: now } = this.options;
    if (parent === null) return null;
    if (parent !== undefined) return { id: parent, snapshot: await this.repository.loadSnapshot(parent, signal) };
    const { snapshots } = await this.repository.listSnapshots(signal);
    const wanted = { hostname, paths: pathsOf(sources), timeMs: now };
    this.clockBehind = isClockBehind(snapshots, wanted);
    return this.hasPick ? findPickParent(snapshots, wanted) : findParent(snapshots, wanted);
  }

  private get hasPick(): boolean {
    return this.options.sources.some(({ addsToParent }) => addsToParent);
  }

  private saverOptions(): BlobSaverOptions {
    const { packTargetBytes, uploadLimit = null, steering } = this.options;
    return {
      ...(packTargetBytes === undefined ? {} : { packTargetBytes }),
      uploadLimit,
      ...(steering ? { beforeUpload: (signal) => steering.passGate(signal) } : {}),
    };
  }

  /** Walks until all that the root tree refers to is stored and indexed, and returns its id. */
  private async saveSources(run: Run, signal: AbortSignal): Promise<Id> {
    for (let walks = 1; ; walks++) {
      const tree = await this.walk(run, signal);
      this.phase = "finishing";
      await run.blobs.finish();
      this.phase = "checking";
      const lost = await this.repository.loseMissingPacks(signal);
      this.lostPacks += lost;
      if (lost === 0) return tree;
      if (walks === mostWalks) throw new IntegrityError("packs-missing", { packs: lost });
      this.counts = new BackupCounts(this.counts.bytesRead);
    }
  }

  private async walk(run: Run, signal: AbortSignal): Promise<Id> {
    this.phase = "saving";
    const reading = (await this.early?.take()) ?? this.read(run, signal);
    const { codec, index, trees } = this.repository;
    const { counts, slow, shrunk, now } = this;
    const fail = (error: unknown) => this.failure.abort(error);
    const { blobs } = run;
    const walk = new SourceWalk(
      { reading, codec, index, trees, blobs, counts, slow, shrunk, now, fail, signal },
      this.options,
    );
    return walk.run(run.parent);
  }

  private async saveSnapshot(
    tree: Id,
    parent: StoredSnapshot | null,
    totals: SavedTotals,
    signal: AbortSignal,
  ): Promise<BackupOutcome> {
    const { options, counts } = this;
    const startMs = this.snapshotTime(parent);
    const endMs = Math.max(this.now(), startMs);
    const snapshot = newSnapshot({ tree, parent: parent?.id ?? null, options, timeMs: startMs, counts, totals, endMs });
    const id = await this.repository.saveSnapshot(snapshot, signal);
    this.phase = "verifying";
    const stored = await this.repository.loadSnapshot(id, signal);
    if (!equalBytes(encodeSnapshot(stored), encodeSnapshot(snapshot))) {
      throw new IntegrityError("snapshot-not-stored", { snapshot: id });
    }
    return { outcome: "stored", tree, id, snapshot, totals };
  }

  /**
   * The start of the run. A pick holds all earlier ones, so it must be the newest of its series whatever this clock says:
   * `forget --keep-last 1` goes by time.
   */
  private snapshotTime(parent: StoredSnapshot | null): number {
    const parentMs = parent === null || !this.hasPick ? null : timeMs(parent.snapshot.time);
    return Math.max(this.options.timeMs, (parentMs ?? Number.NEGATIVE_INFINITY) + 1);
  }
}

function checkSources(sources: readonly Source[]): void {
  const names = new Set(sources.map((source) => source.rootName));
  if (sources.length === 0) throw new HoldallError("source-empty");
  if (names.size !== sources.length || ![...names].every(isPlainName))
    throw new RangeError("root names must be unique names");
}
