import { equalBytes } from "../base/bytes.ts";
import { HoldallError, IntegrityError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { Source } from "../base/ports.ts";
import { isPlainName, type RawName } from "../base/raw-name.ts";
import type { Codec } from "../codec/codec.ts";
import type { Node } from "../format/node.ts";
import { encodeSnapshot, type Snapshot } from "../format/snapshot.ts";
import type { Tree } from "../format/tree.ts";
import { type BlobSaver, noTotals, type SavedTotals } from "../repository/blob-saver.ts";
import type { Lock } from "../repository/lock.ts";
import type { SnapshotListing, StoredSnapshot } from "../repository/repository.ts";
import { BackupCounts } from "./backup-counts.ts";
import type { BackupOptions } from "./backup-options.ts";
import { noRules } from "./backup-rules.ts";
import { FileSaver } from "./file-saver.ts";
import { FolderReader, ReadAhead } from "./folder-reader.ts";
import { FolderSaver, type SavedNode } from "./folder-saver.ts";
import { newSnapshot, pathsOf } from "./new-snapshot.ts";
import { findParent, isClockBehind } from "./parent.ts";
import { compileRules } from "./rule-selection.ts";
import type { Selection } from "./selection.ts";

/** What the archiver needs of a repository. */
export interface ArchiverRepository {
  readonly codec: Codec;
  readonly index: { has(type: "data" | "tree", id: Id): boolean };
  readonly trees: { load(id: Id, signal: AbortSignal): Promise<Tree> };
  lock(kind: "shared", signal: AbortSignal): Promise<Lock>;
  refreshIndex(signal: AbortSignal): Promise<void>;
  listSnapshots(signal: AbortSignal): Promise<SnapshotListing>;
  createBlobSaver(lock: Lock, signal: AbortSignal): BlobSaver;
  saveSnapshot(snapshot: Snapshot, signal: AbortSignal): Promise<Id>;
  loadSnapshot(id: Id, signal: AbortSignal): Promise<Snapshot>;
}

export interface BackupOutcome {
  id: Id;
  snapshot: Snapshot;
  totals: SavedTotals;
}

export type BackupPhase = "preparing" | "saving" | "finishing" | "verifying";

/**
 * One backup run: lock, parent, walk, snapshot, read back.
 *
 * [Note: durability order] Packs, then the index files that name them, then the snapshot: each step begins when the
 * backend has confirmed all of the one before. Whenever a run dies, what is stored is at worst unused, never missing.
 */
export class Archiver {
  phase: BackupPhase = "preparing";
  readonly counts = new BackupCounts();
  /** The series has a snapshot from the future; the new one will sort before it. */
  clockBehind = false;
  private blobs: BlobSaver | null = null;
  /** Ends the run at once, wherever the walk is, when something that is under way fails. */
  private readonly failure = new AbortController();

  constructor(
    private readonly repository: ArchiverRepository,
    private readonly options: BackupOptions,
    private readonly now: () => number = Date.now,
  ) {}

  get totals(): Readonly<SavedTotals> {
    return this.blobs?.totals ?? noTotals();
  }

  /**
   * Runs once. Throws "source-unreadable" for a source that cannot be listed at all, "pattern-malformed", LockedError, what
   * the backend throws, and the signal's reason; no snapshot is written then. Files and folders that cannot be read are in
   * counts.failures.
   */
  async run(signal: AbortSignal): Promise<BackupOutcome> {
    checkSources(this.options.sources);
    const selection = compileRules(this.options.rules ?? noRules);
    await using lock = await this.repository.lock("shared", signal);
    const running = AbortSignal.any([signal, lock.signal, this.failure.signal]);
    await this.repository.refreshIndex(running); // after the lock: from here on nobody prunes
    const parent = await this.findParent(running);
    this.blobs = this.repository.createBlobSaver(lock, running);
    try {
      this.phase = "saving";
      const tree = await this.saveSources({ parent, selection }, this.blobs, running);
      this.phase = "finishing";
      await this.blobs.finish();
      await lock.ensureFresh();
      return await this.saveSnapshot(tree, parent, this.blobs.totals, running);
    } catch (error) {
      await this.blobs.abandon();
      throw error;
    }
  }

  private async findParent(signal: AbortSignal): Promise<StoredSnapshot | null> {
    const { hostname, parent, sources, timeMs: now } = this.options;
    if (parent === null) return null;
    if (parent !== undefined) return { id: parent, snapshot: await this.repository.loadSnapshot(parent, signal) };
    const { snapshots } = await this.repository.listSnapshots(signal);
    const wanted = { hostname, paths: pathsOf(sources), timeMs: now };
    this.clockBehind = isClockBehind(snapshots, wanted);
    return findParent(snapshots, wanted);
  }

  /** Saves all sources and the root tree; returns its id. */
  private async saveSources(
    { parent, selection }: { parent: StoredSnapshot | null; selection: Selection },
    blobs: BlobSaver,
    signal: AbortSignal,
  ): Promise<Id> {
    const { codec } = this.repository;
    const { compression } = this.options;
    const receiver = {
      claim: async (ids: readonly Id[]) => blobs.claim("data", ids),
      store: (blob: Parameters<BlobSaver["store"]>[0]) => blobs.store(blob),
    };
    const files = new FileSaver(codec, { compression, receiver, signal }, (length) => {
      this.counts.bytesRead += length;
    });
    const folders = this.createFolderSaver(files, blobs, signal);
    const parentNodes = await this.rootNodes(parent, signal);
    const saved: Promise<SavedNode>[] = [];
    for (const { reader, rootName } of this.readSources(folders.ahead, selection, signal)) {
      const node = parentNodes.get(rootName) ?? null;
      saved.push((await folders.saver.begin(reader, { name: rootName, path: [rootName], parent: node })).saved);
    }
    await files.flush();
    return folders.saver.saveTree(await Promise.all(saved));
  }

  private createFolderSaver(files: FileSaver, blobs: BlobSaver, signal: AbortSignal) {
    const { codec, index, trees } = this.repository;
    const { counts, options } = this;
    const ahead = new ReadAhead(
      (entries) => {
        for (const entry of entries) if (entry.kind === "file") counts.found(entry.file.size);
      },
      () => {
        counts.foundAll = true;
      },
    );
    const saver = new FolderSaver({
      files,
      codec,
      compression: options.compression,
      ahead,
      counts,
      runTimeMs: options.timeMs,
      hasData: (id) => index.has("data", id),
      claimTree: (id) => blobs.claim("tree", [id])[0] === true,
      store: (blob) => blobs.store(blob),
      loadTree: (id) => trees.load(id, signal),
      fail: (error) => this.failure.abort(error),
      signal,
    });
    return { ahead, saver };
  }

  /** The sources in the order of the root tree, all of them being read ahead. */
  private readSources(
    ahead: ReadAhead,
    selection: Selection,
    signal: AbortSignal,
  ): { reader: FolderReader; rootName: RawName }[] {
    const onExcluded = () => {
      this.counts.excluded++;
    };
    const ports = { ahead, selection, onExcluded, signal };
    const sorted = [...this.options.sources].sort((a, b) => (a.rootName < b.rootName ? -1 : 1));
    const readers = sorted.map(({ folder, rootName }) => ({
      reader: new FolderReader(folder, [rootName], ports),
      rootName,
    }));
    for (const { reader } of readers) reader.start();
    return readers;
  }

  /** The nodes of the parent's root tree by name; none if the tree is damaged: everything is read anew then. */
  private async rootNodes(parent: StoredSnapshot | null, signal: AbortSignal): Promise<ReadonlyMap<RawName, Node>> {
    if (parent === null) return new Map();
    try {
      const { nodes } = await this.repository.trees.load(parent.snapshot.tree, signal);
      return new Map(nodes.map((node) => [node.name, node]));
    } catch (error) {
      if (isAbort(error) || !(error instanceof HoldallError) || error.retry === "later") throw error;
      return new Map();
    }
  }

  private async saveSnapshot(
    tree: Id,
    parent: StoredSnapshot | null,
    totals: SavedTotals,
    signal: AbortSignal,
  ): Promise<BackupOutcome> {
    const { options, counts } = this;
    const endMs = Math.max(this.now(), options.timeMs);
    const snapshot = newSnapshot({ tree, parent: parent?.id ?? null, options, counts, totals, endMs });
    const id = await this.repository.saveSnapshot(snapshot, signal);
    this.phase = "verifying";
    const stored = await this.repository.loadSnapshot(id, signal);
    if (!equalBytes(encodeSnapshot(stored), encodeSnapshot(snapshot))) {
      throw new IntegrityError("snapshot-not-stored", { snapshot: id });
    }
    return { id, snapshot, totals };
  }
}

function checkSources(sources: readonly Source[]): void {
  const names = new Set(sources.map((source) => source.rootName));
  if (sources.length === 0) throw new HoldallError("source-empty");
  if (names.size !== sources.length || ![...names].every(isPlainName))
    throw new RangeError("root names must be unique names");
}
