import type { Bytes } from "../base/bytes.ts";
import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import type { SourceFile } from "../base/ports.ts";
import type { RawName } from "../base/raw-name.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Codec, CompressionMode, SavedFile, SealedBlob } from "../codec/codec.ts";
import { encodeNode, fileNode, folderNode, type Node } from "../format/node.ts";
import { type Tree, TreeBuilder } from "../format/tree.ts";
import type { BackupCounts } from "./backup-counts.ts";
import { isUnchanged } from "./change-detection.ts";
import type { FileSaver } from "./file-saver.ts";
import type { FolderReader, ReadAhead, ReadEntry } from "./folder-reader.ts";

export interface FolderSaverPorts {
  files: FileSaver;
  codec: Codec;
  compression: CompressionMode;
  ahead: ReadAhead;
  counts: BackupCounts;
  /** Milliseconds since 1970: the modification time of a folder that says nothing of its own. */
  runTimeMs: number;
  hasData(id: Id): boolean;
  /** True if the tree is new and the caller must store it. */
  claimTree(id: Id): boolean;
  store(blob: SealedBlob): Promise<void>;
  loadTree(id: Id): Promise<Tree>;
  /** Ends the run: something failed while the walk was already further on. */
  fail(error: unknown): void;
  signal: AbortSignal;
}

/** A node of the tree above, already encoded, and what the folder's own time is computed from. */
export interface SavedNode {
  name: RawName;
  encoded: Bytes;
  modifiedMs: number;
}

type Place = { name: RawName; path: readonly RawName[]; parent: Node | null };

/**
 * Saves folders depth first: walks on as soon as a file's work has begun, and seals each tree when its last child is done.
 * The nodes are those that a browser can know; an unchanged file or folder keeps the parent's node byte for byte.
 */
export class FolderSaver {
  constructor(private readonly ports: FolderSaverPorts) {}

  /**
   * Walks through a folder and everything below it. `saved` resolves with the folder's node when all of it is packed, or
   * rejects if the run must end. Throws "source-unreadable" if the folder itself cannot be listed.
   */
  async begin(folder: FolderReader, place: Place): Promise<{ saved: Promise<SavedNode> }> {
    const { ahead, counts, signal, fail } = this.ports;
    signal.throwIfAborted();
    const entries = await folder.read();
    counts.currentPath = place.path;
    const parentTree = await this.parentTree(place.parent);
    const children: Promise<SavedNode | null>[] = [];
    try {
      for (const entry of entries) {
        const begun = await this.beginEntry(entry, place, parentTree);
        if (begun) children.push(begun.saved);
      }
    } finally {
      ahead.release(folder);
    }
    const saved = this.finish(place, Promise.all(children));
    saved.catch(fail); // the folder above awaits it much later
    return { saved };
  }

  /** Null for what the run goes on without. */
  private async beginEntry(
    entry: ReadEntry,
    { path }: Place,
    parentTree: ReadonlyMap<RawName, Node>,
  ): Promise<{ saved: Promise<SavedNode | null> } | null> {
    const { name } = entry;
    const place: Place = { name, path: [...path, name], parent: parentTree.get(name) ?? null };
    try {
      if (entry.kind === "failed") throw entry.error;
      return entry.kind === "file" ? await this.beginFile(entry.file, place) : await this.begin(entry.folder, place);
    } catch (error) {
      if (!isSourceUnreadable(error)) throw error;
      this.ports.counts.failed(place.path, error);
      return null;
    }
  }

  private async beginFile(file: SourceFile, place: Place): Promise<{ saved: Promise<SavedNode | null> }> {
    const { files, counts, hasData } = this.ports;
    const { name, parent } = place;
    const { size, modifiedMs } = file;
    if (parent && isUnchanged(parent, file, hasData)) {
      counts.filesUnmodified++;
      counts.totalBytes += size;
      counts.done(size);
      return { saved: Promise.resolve({ name, encoded: parent.source, modifiedMs }) };
    }
    const { saved } = await files.begin(file);
    const node = saved.then((result) => this.fileDone(result, file, place, name));
    node.catch(this.ports.fail); // the folder awaits it much later
    return { saved: node };
  }

  private fileDone(result: SavedFile, file: SourceFile, place: Place, name: RawName): SavedNode | null {
    const { counts } = this.ports;
    const { size, modifiedMs } = file;
    counts.done(size);
    if ("error" in result) {
      counts.failed(place.path, result.error);
      return null;
    }
    const from = place.parent?.type === "file" ? place.parent : null;
    if (from) counts.filesChanged++;
    else counts.filesNew++;
    counts.totalBytes += size;
    const node = fileNode({ name, size, modifiedMs, content: result.content, from });
    return { name, encoded: encodeNode(node), modifiedMs };
  }

  private async finish(place: Place, pending: Promise<(SavedNode | null)[]>): Promise<SavedNode> {
    const children = (await pending).filter((child) => child !== null);
    const subtree = await this.saveTree(children);
    const { counts, runTimeMs } = this.ports;
    const { name } = place;
    const from = place.parent?.type === "dir" ? place.parent : null;
    const parentMs = from && timeMs(from.mtime);
    if (from?.subtree === subtree) {
      counts.dirsUnmodified++;
      return { name, encoded: from.source, modifiedMs: parentMs ?? runTimeMs };
    }
    if (from) counts.dirsChanged++;
    else counts.dirsNew++;
    const newest = children.reduce((latest, child) => Math.max(latest, child.modifiedMs), Number.NEGATIVE_INFINITY);
    const modifiedMs = children.length > 0 ? newest : (parentMs ?? runTimeMs);
    return { name, encoded: encodeNode(folderNode({ name, modifiedMs, subtree, from })), modifiedMs };
  }

  /** Seals and packs a tree unless it is known; returns its id. */
  async saveTree(children: readonly SavedNode[]): Promise<Id> {
    const { codec, compression, claimTree, store, signal } = this.ports;
    const tree = new TreeBuilder();
    for (const child of children) tree.add(child.name, child.encoded);
    const plain = tree.finish();
    const id = await hashId(plain);
    if (claimTree(id)) await store(await codec.sealBlob("tree", plain, compression, signal));
    return id;
  }

  /** The parent's nodes by name. A parent whose tree is damaged is no parent: everything is read anew. */
  private async parentTree(parent: Node | null): Promise<ReadonlyMap<RawName, Node>> {
    if (parent?.type !== "dir" || parent.subtree === null) return new Map();
    try {
      const { nodes } = await this.ports.loadTree(parent.subtree);
      return new Map(nodes.map((node) => [node.name, node]));
    } catch (error) {
      if (error instanceof IntegrityError || error instanceof FormatError) return new Map();
      throw error;
    }
  }
}

function isSourceUnreadable(error: unknown): boolean {
  return error instanceof HoldallError && error.code === "source-unreadable";
}
