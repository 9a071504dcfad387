import { createHash } from "node:crypto";
import type { ArchiverRepository } from "../../src/core/archiver/archiver.ts";
import { equalBytes } from "../../src/core/base/bytes.ts";
import { openIndex } from "../../src/core/format/index-records.ts";
import type { NewNode } from "../../src/core/format/node.ts";
import { encodeNode } from "../../src/core/format/node.ts";
import { decodeTree, encodeTree, type Tree, whyNotCanonical } from "../../src/core/format/tree.ts";
import {
  Archiver,
  type Backend,
  BlobCodec,
  type Codec,
  type CompressionMode,
  connectRest,
  createRepository,
  DirectoryBackend,
  type Id,
  type LockJournal,
  openFile,
  openRepository,
  parseId,
  type RawName,
  type Repository,
  type RepositoryPorts,
  Restorer,
  rawNameOf,
  type SourceFolder,
  verbatimNames,
  withLimit,
} from "../../src/core/index.ts";
import { writeArchive } from "../support/archive-files.ts";
import { nodeKernels } from "../support/kernels.ts";
import { NodeFolderSink } from "../support/node-folder-sink.ts";
import { NodeFolderSource } from "../support/node-folder-source.ts";
import { NodeRepositoryFolder } from "../support/node-repository-folder.ts";

/** Where a repository is and what opens it. */
export interface EngineLocation {
  url: string;
  login: { username: string; password: string } | null;
  password: string;
}

/** A repository in a folder of this machine. */
export interface EngineFolder {
  folder: string;
  password: string;
}

export interface BackupRequest {
  /** Folders of this machine and the names that they have in the snapshot. */
  sources: { rootName: string; path: string }[];
  hostname: string;
  compression?: CompressionMode;
  /** Start of the run; now if absent. */
  timeMs?: number;
  /** The snapshot to continue, null for none; found as restic does if absent. */
  parent?: string | null;
}

export interface BackupReport {
  snapshotId: string;
  treeId: string;
  parent: string | null;
  dataBlobs: number;
  treeBlobs: number;
  packsUploaded: number;
  bytesRead: number;
  filesUnmodified: number;
  failures: string[];
}

export interface SnapshotReport {
  id: string;
  time: string;
  hostname: string;
  paths: readonly string[];
  tags: readonly string[];
}

export interface TreeReport {
  id: string;
  /** Decoding and encoding again gave the very same bytes. */
  isIdentical: boolean;
  /** What the tree is not canonical in, as Holdall says; null if it is canonical. */
  reason: string | null;
}

/**
 * What stands between the engine's floors in a test of the tests. Each is an interface that the product itself offers;
 * nothing in the product knows of it.
 */
export interface Alterations {
  backend?(backend: Backend): Backend;
  codec?(codec: Codec): Codec;
  source?(folder: SourceFolder): SourceFolder;
  archiver?(repository: ArchiverRepository): ArchiverRepository;
  /** A tree as it is read. */
  tree?(tree: Tree): Tree;
  encodeNode?(node: NewNode): Uint8Array<ArrayBuffer>;
  /** After a backup: another snapshot in the place of the one that was made. */
  afterBackup?(repository: Repository, snapshot: Id): Promise<Id>;
}

const signal = new AbortController().signal;
const retry = { attempts: 4 };

/** The product's engine on one repository, in Node: the one place of the interop tests that calls it. */
export class Engine {
  private constructor(
    private readonly repository: Repository,
    private readonly backend: Backend,
    private readonly alterations: Alterations,
  ) {}

  static async create(
    location: EngineLocation | EngineFolder,
    formatVersion: 1 | 2,
    alterations: Alterations = {},
  ): Promise<Engine> {
    const ports = portsOf(location, alterations);
    const options = { password: location.password, formatVersion, hostname: "holdall-test", signal };
    const { repository } = await createRepository(ports, options);
    return new Engine(repository, ports.backend, alterations);
  }

  static async open(location: EngineLocation | EngineFolder, alterations: Alterations = {}): Promise<Engine> {
    const ports = portsOf(location, alterations);
    const { repository } = await openRepository(ports, { password: location.password, signal });
    return new Engine(repository, ports.backend, alterations);
  }

  async backup(request: BackupRequest): Promise<BackupReport> {
    const repository = this.alterations.archiver?.(this.repository) ?? this.repository;
    const archiver = new Archiver(repository, {
      sources: request.sources.map(({ rootName, path }) => ({
        rootName: rawNameOf(rootName),
        folder: this.alterations.source?.(new NodeFolderSource(path)) ?? new NodeFolderSource(path),
      })),
      hostname: request.hostname,
      tags: [],
      compression: request.compression ?? "auto",
      timeMs: request.timeMs ?? Date.now(),
      utcOffsetMinutes: 60,
      programVersion: "holdall test",
      ...(request.parent === undefined ? {} : { parent: request.parent === null ? null : idOf(request.parent) }),
    });
    const outcome = await archiver.run(signal);
    if (outcome.outcome !== "stored") throw new Error(`no snapshot was written: ${outcome.outcome}`);
    const { id, snapshot, totals } = outcome;
    const { counts } = archiver;
    return {
      snapshotId: (await this.alterations.afterBackup?.(this.repository, id)) ?? id,
      treeId: snapshot.tree,
      parent: snapshot.parent,
      dataBlobs: totals.dataBlobs,
      treeBlobs: totals.treeBlobs,
      packsUploaded: totals.packs,
      bytesRead: counts.bytesRead,
      filesUnmodified: counts.filesUnmodified,
      failures: counts.failures.map(({ path, error }) => `${path.join("/")}: ${String(error)}`),
    };
  }

  async listSnapshots(): Promise<SnapshotReport[]> {
    const { snapshots, unreadable } = await this.repository.listSnapshots(signal);
    const [first] = unreadable;
    if (first !== undefined) throw first.error;
    return snapshots.map(({ id, snapshot: { time, hostname, paths, tags } }) => ({ id, time, hostname, paths, tags }));
  }

  /** Restores a whole snapshot, names as the bytes that they are. Returns what could not be restored. */
  async restoreAll(snapshot: string, directory: string): Promise<string[]> {
    const sink = new NodeFolderSink(directory, "raw");
    const options = { snapshot: idOf(snapshot), paths: [[]], sink, names: verbatimNames, overwrite: "never" } as const;
    const restorer = new Restorer(this.repository, options);
    await restorer.run(signal);
    return restorer.failures.map(({ path, error }) => `${path.join("/")}: ${String(error)}`);
  }

  /** Writes a whole snapshot as a tar into a file of this machine. */
  async saveTar(snapshot: string, path: string) {
    const { plan, length, plannedLength } = await writeArchive(this.repository, {
      snapshot: idOf(snapshot),
      format: "tar",
      path,
    });
    return { length, plannedLength, failures: plan.failures.map(({ error }) => String(error)) };
  }

  /** Files (by their SHA-256) and folders of a snapshot, by raw path. */
  async hashFiles(snapshot: string): Promise<Map<string, string>> {
    const id = idOf(snapshot);
    const { tree } = await this.repository.loadSnapshot(id, signal);
    const hashes = new Map<string, string>();
    await this.hashFolder(id, tree, { names: [], positions: [] }, hashes);
    return hashes;
  }

  /** Every tree that the indexes name, whoever wrote it. */
  async allTrees(): Promise<TreeReport[]> {
    const ids = new Set<Id>();
    const index = await this.repository.indexed(signal);
    for (const pack of await this.backend.list("data", signal)) {
      for (const blob of index.blobsOfPack(pack.id)) if (blob.type === "tree") ids.add(blob.id);
    }
    const reports: TreeReport[] = [];
    for (const id of ids) {
      const plain = await this.repository.trees.loadBytes(id, signal);
      const encode = this.alterations.encodeNode ?? encodeNode;
      const again = encodeTree(decodeTree(plain, id).nodes.map((node) => encode(node)));
      reports.push({ id, isIdentical: equalBytes(plain, again), reason: whyNotCanonical(plain) });
    }
    return reports;
  }

  close(): void {
    this.repository.close();
  }

  private async hashFolder(snapshot: Id, tree: Id, place: Place, hashes: Map<string, string>): Promise<void> {
    const { nodes } = await this.treesSource().load(tree);
    for (const [position, node] of nodes.entries()) {
      const below = { names: [...place.names, node.name], positions: [...place.positions, position] };
      const path = below.names.join("/");
      if (node.type === "file") {
        hashes.set(path, await this.hashFile(snapshot, below.positions));
      } else if (node.type === "dir" && node.subtree !== null) {
        hashes.set(path, "folder");
        await this.hashFolder(snapshot, node.subtree, below, hashes);
      }
    }
  }

  private async hashFile(snapshot: Id, positions: readonly number[]): Promise<string> {
    const { repository } = this;
    const reader = {
      index: repository.index,
      blobs: repository.blobs,
      trees: this.treesSource(),
      loadSnapshot: (id: Id) => repository.loadSnapshot(id, signal),
    };
    const { chunks } = await openFile(reader, snapshot, positions, signal);
    const hash = createHash("sha256");
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest("hex");
  }

  private treesSource() {
    const { trees } = this.repository;
    const { tree: alter = (tree) => tree } = this.alterations;
    return { load: async (id: Id) => alter(await trees.load(id, signal)) };
  }
}

interface Place {
  names: readonly RawName[];
  positions: readonly number[];
}

function portsOf(location: EngineLocation | EngineFolder, { backend: alter, codec }: Alterations): RepositoryPorts {
  const backend = backendOf(location);
  return {
    backend: alter?.(backend) ?? backend,
    kernels: nodeKernels,
    journal: noJournal,
    ...(codec ? { createCodec: async (options) => codec(await BlobCodec.create(options, openIndex)) } : {}),
  };
}

function backendOf(location: EngineLocation | EngineFolder): Backend {
  if ("url" in location) return connectRest({ url: location.url, login: location.login }, retry);
  const backend = new DirectoryBackend(new NodeRepositoryFolder(location.folder));
  return withLimit(backend, backend.connections);
}

/** No run of a test survives its process, so there is nothing to remember. */
const noJournal: LockJournal = {
  add: async () => undefined,
  remove: async () => undefined,
  list: async () => [],
  claim: async () => () => undefined,
  isClaimed: async () => true,
};

function idOf(text: string): Id {
  const id = parseId(text);
  if (id === null) throw new RangeError(`no id: ${text}`);
  return id;
}
