import type { Bytes } from "../base/bytes.ts";
import { hashId, type Id } from "../base/id.ts";
import type { RawName } from "../base/raw-name.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Codec, CompressionMode, SealedBlob } from "../codec/codec.ts";
import { encodeNode, folderNode, type Node } from "../format/node.ts";
import { type Tree, TreeBuilder } from "../format/tree.ts";
import { FileNodes, type FileNodesPorts } from "./file-nodes.ts";
import type { FolderReader, ReadAhead, ReadEntry } from "./folder-reader.ts";
import { KeptNodes } from "./kept-nodes.ts";
import { mergePick } from "./loose-files.ts";
import { isDamage, losePick } from "./parent-damage.ts";
import type { Place, SavedNode } from "./saved-node.ts";
import type { ShrunkFolders } from "./shrunk-folders.ts";
import { isSourceUnreadable } from "./steady-file.ts";
import type { Steering } from "./steering.ts";

export interface FolderSaverPorts extends FileNodesPorts {
  codec: Codec;
  compression: CompressionMode;
  ahead: ReadAhead;
  shrunk: ShrunkFolders;
  steering: Steering | null;
  /** Milliseconds since 1970: the modification time of a folder that says nothing of its own. */
  runTimeMs: number;
  hasTree(id: Id): boolean;
  /** True if the tree is new and the caller must store it. */
  claimTree(id: Id): boolean;
  store(blob: SealedBlob): Promise<void>;
  loadTree(id: Id): Promise<Tree>;
  signal: AbortSignal;
}

type Child = SavedNode | null | Promise<SavedNode | null>;

interface Entries {
  entries: readonly ReadEntry[];
  parentTree: ParentTree;
  /** The parent's nodes that stay beside the entries. */
  kept: readonly Node[];
}

/** A folder in the parent snapshot. */
interface ParentTree {
  nodes: ReadonlyMap<RawName, Node>;
  /** Where the nodes' sources are all that there is in it: its id, and those in their order. */
  same: { id: Id; sources: readonly Bytes[] } | null;
}

const noTree: ParentTree = { nodes: new Map(), same: null };

/**
 * Saves folders depth first: walks on as soon as a file's work has begun, and seals each tree when its last child is done.
 * The nodes are those that a browser can know; an unchanged file or folder keeps the parent's node byte for byte.
 */
export class FolderSaver {
  private readonly keptNodes: KeptNodes;

  constructor(private readonly ports: FolderSaverPorts) {
    this.keptNodes = new KeptNodes({ ...ports, rebuild: (place, children) => this.makeNode(place, children) });
  }

  /**
   * Walks through a folder and everything below it. `saved` resolves with the folder's node when all of it is packed, or
   * rejects if the run must end. Throws "source-unreadable" if the folder itself cannot be listed, "source-shrunk" if it is
   * not to be believed.
   */
  async begin(folder: FolderReader, place: Place): Promise<{ saved: Promise<SavedNode> }> {
    const { ahead, counts, signal, steering, fail } = this.ports;
    signal.throwIfAborted();
    if (steering?.isGateClosed) await steering.passGate(signal);
    const files = new FileNodes(this.ports, place);
    const listed = await folder.read();
    counts.currentPath = place.path;
    const children: Child[] = [];
    let same: ParentTree["same"];
    try {
      const { entries, parentTree, kept } = await this.entriesOf(folder, listed, place, files);
      same = parentTree.same;
      for (const entry of entries) {
        const parent = parentTree.nodes.get(entry.name);
        const unchanged = entry.kind === "file" ? files.keep(entry, parent) : null;
        const begun = unchanged ? { saved: unchanged } : await this.beginEntry(entry, parent, place, files);
        if (begun) children.push(begun.saved);
      }
      for (const node of kept) children.push(await this.keptNodes.keep(node, place.path));
    } finally {
      ahead.release(folder);
    }
    const saved = this.finish(place, same, Promise.all(children));
    saved.catch(fail); // the folder above awaits it much later
    return { saved };
  }

  /** Null for what the run goes on without. */
  private async beginEntry(
    entry: ReadEntry,
    parent: Node | undefined,
    { path: folder, addsToParent }: Place,
    files: FileNodes,
  ): Promise<{ saved: Promise<SavedNode | null> } | null> {
    const { steering, signal, counts } = this.ports;
    const { name } = entry;
    const path = [...folder, name];
    if (steering?.isGateClosed) await steering.passGate(signal);
    try {
      if (entry.kind === "failed") throw entry.error;
      if (entry.kind === "file") return await files.begin(entry, parent);
      return await this.begin(entry.folder, { name, path, parent: parent ?? null, addsToParent });
    } catch (error) {
      if (!isSourceUnreadable(error)) throw error;
      counts.failed(path, error);
      return null;
    }
  }

  private async entriesOf(
    folder: FolderReader,
    entries: readonly ReadEntry[],
    place: Place,
    files: FileNodes,
  ): Promise<Entries> {
    const parentTree = await this.parentTree(place);
    if (place.addsToParent) {
      const merged = await mergePick(entries, parentTree.nodes, (entry, node) => files.isSame(entry, node));
      return { ...merged, parentTree };
    }
    const { listedEntries } = folder;
    await this.ports.shrunk.check({ path: place.path, listedEntries, parent: parentTree.nodes }, this.ports.signal);
    return { entries, parentTree, kept: [] };
  }

  private async finish(
    place: Place,
    same: ParentTree["same"],
    pending: Promise<(SavedNode | null)[]>,
  ): Promise<SavedNode> {
    const children = (await pending).filter((child) => child !== null);
    // Those that got another name are out of order.
    if (place.addsToParent) children.sort((a, b) => (a.name < b.name ? -1 : 1));
    return this.makeNode(place, children, same);
  }

  private async makeNode(
    place: Place,
    children: readonly SavedNode[],
    same: ParentTree["same"] = null,
  ): Promise<SavedNode> {
    const subtree = this.sameTree(children, same) ?? (await this.saveTree(children));
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

  /** The parent's tree, if it holds these very nodes and is stored: most folders of most runs need no hash. */
  private sameTree(children: readonly SavedNode[], same: ParentTree["same"]): Id | null {
    if (same?.sources.length !== children.length) return null;
    if (!children.every(({ encoded }, i) => encoded === same.sources[i])) return null;
    return this.ports.hasTree(same.id) ? same.id : null;
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

  /** A parent whose tree is damaged is no parent: everything is read anew. */
  private async parentTree({ parent, path, addsToParent }: Place): Promise<ParentTree> {
    if (parent?.type !== "dir" || parent.subtree === null) return noTree;
    try {
      const { nodes, isCompact } = await this.ports.loadTree(parent.subtree);
      const same = isCompact ? { id: parent.subtree, sources: nodes.map(({ source }) => source) } : null;
      return { nodes: new Map(nodes.map((node) => [node.name, node])), same };
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (addsToParent) losePick(error, path, this.ports.counts);
      return noTree;
    }
  }
}
