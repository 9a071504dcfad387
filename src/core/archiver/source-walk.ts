import type { Id } from "../base/id.ts";
import type { RawName } from "../base/raw-name.ts";
import type { BlobType, Codec, SealedBatch } from "../codec/codec.ts";
import type { Node } from "../format/node.ts";
import type { Tree } from "../format/tree.ts";
import type { StoredSnapshot } from "../repository/repository.ts";
import type { BackupCounts } from "./backup-counts.ts";
import type { BackupOptions } from "./backup-options.ts";
import type { RunBlobs } from "./dry-run-blobs.ts";
import { FileSaver } from "./file-saver.ts";
import { FolderSaver } from "./folder-saver.ts";
import { isDamage, losePick } from "./parent-damage.ts";
import type { SavedNode } from "./saved-node.ts";
import type { ShrunkFolders } from "./shrunk-folders.ts";
import type { SlowFiles } from "./slow-files.ts";
import type { SourceReading } from "./source-reading.ts";

export interface SourceWalkPorts {
  reading: SourceReading;
  codec: Codec;
  index: { has(type: BlobType, id: Id): boolean };
  trees: { load(id: Id, signal: AbortSignal): Promise<Tree> };
  blobs: RunBlobs;
  counts: BackupCounts;
  slow: SlowFiles;
  shrunk: ShrunkFolders;
  /** Milliseconds of a clock. */
  now(): number;
  /** Ends the run: something failed while the walk was already further on. */
  fail(error: unknown): void;
  signal: AbortSignal;
}

/** One walk through all sources of a run: what is new is handed to the blob saver. Runs once. */
export class SourceWalk {
  private readonly files: FileSaver;
  private readonly folders: FolderSaver;

  constructor(
    private readonly ports: SourceWalkPorts,
    private readonly options: BackupOptions,
  ) {
    this.files = this.createFileSaver();
    this.folders = this.createFolderSaver();
  }

  /** Saves all sources and the root tree; returns its id. All of it is packed by then, and on its way. */
  async run(parent: StoredSnapshot | null): Promise<Id> {
    const parentNodes = await this.rootNodes(parent);
    const saved: Promise<SavedNode>[] = [];
    for (const { reader, rootName, addsToParent } of this.ports.reading.sources) {
      const place = { name: rootName, path: [rootName], parent: parentNodes.get(rootName) ?? null, addsToParent };
      saved.push((await this.folders.begin(reader, place)).saved);
    }
    await this.files.flush();
    return this.folders.saveTree(await Promise.all(saved));
  }

  private createFileSaver(): FileSaver {
    const { codec, blobs, counts, now, signal } = this.ports;
    const receiver = {
      claim: async (ids: readonly Id[]) => blobs.claim("data", ids),
      store: async (batch: SealedBatch) => {
        await blobs.store(batch.blobs);
        return batch.buffer;
      },
    };
    const onRead = (length: number) => {
      counts.bytesRead += length;
    };
    return new FileSaver(codec, { compression: this.options.compression, receiver, signal }, { onRead, now });
  }

  private createFolderSaver(): FolderSaver {
    const { reading, codec, index, trees, blobs, counts, slow, shrunk, fail, signal } = this.ports;
    const { compression, timeMs, reread = null, steering = null } = this.options;
    return new FolderSaver({
      files: this.files,
      ahead: reading.ahead,
      codec,
      compression,
      counts,
      slow,
      shrunk,
      reread,
      steering,
      runTimeMs: timeMs,
      hasData: (id) => index.has("data", id),
      hasTree: (id) => index.has("tree", id),
      claimTree: (id) => blobs.claim("tree", [id])[0] === true,
      store: (blob) => blobs.store([blob]),
      loadTree: (id) => trees.load(id, signal),
      fail,
      signal,
    });
  }

  /** The nodes of the parent's root tree by name; none if the tree is damaged: everything is read anew then. */
  private async rootNodes(parent: StoredSnapshot | null): Promise<ReadonlyMap<RawName, Node>> {
    if (parent === null) return new Map();
    const { trees, counts, signal } = this.ports;
    try {
      const { nodes } = await trees.load(parent.snapshot.tree, signal);
      return new Map(nodes.map((node) => [node.name, node]));
    } catch (error) {
      if (!isDamage(error)) throw error;
      for (const { rootName, addsToParent } of this.options.sources) {
        if (addsToParent) losePick(error, [rootName], counts);
      }
      return new Map();
    }
  }
}
