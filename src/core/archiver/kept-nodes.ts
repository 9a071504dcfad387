import { FormatError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { RawName } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import type { Tree } from "../format/tree.ts";
import type { BackupCounts } from "./backup-counts.ts";
import { keptNode, type Place, type SavedNode } from "./saved-node.ts";

export interface KeptNodesPorts {
  counts: BackupCounts;
  /** Milliseconds since 1970. */
  runTimeMs: number;
  hasData(id: Id): boolean;
  loadTree(id: Id): Promise<Tree>;
  /** Makes a folder's node anew, of what is left in it. */
  rebuild(place: Place, children: readonly SavedNode[]): Promise<SavedNode>;
}

/**
 * Carries nodes of the parent over that the pick of loose files does not have. There is nothing to read them from again,
 * so what the repository has lost of them is named, and left out.
 */
export class KeptNodes {
  constructor(private readonly ports: KeptNodesPorts) {}

  /** The node byte for byte, or made anew without what is lost; null if all of it is. `folder` is the path above it. */
  async keep(node: Node, folder: readonly RawName[]): Promise<SavedNode | null> {
    const { counts, hasData, runTimeMs } = this.ports;
    const path = [...folder, node.name];
    if (node.type === "dir") return this.keepFolder(node, path);
    if (node.type !== "file") return keptNode(node, runTimeMs);
    const lost = node.content?.find((id) => !hasData(id));
    if (lost !== undefined) {
      counts.failed(path, new IntegrityError("blob-missing", { type: "data", blob: lost }));
      return null;
    }
    counts.unmodified(Number(node.size));
    return keptNode(node, runTimeMs);
  }

  private async keepFolder(node: Node, path: readonly RawName[]): Promise<SavedNode | null> {
    const { counts, runTimeMs, rebuild } = this.ports;
    const nodes = await this.nodesOf(node, path);
    if (nodes === "lost") return null;
    const children: SavedNode[] = [];
    for (const child of nodes) {
      const kept = await this.keep(child, path);
      if (kept) children.push(kept);
    }
    if (children.length < nodes.length)
      return rebuild({ name: node.name, path, parent: node, addsToParent: true }, children);
    counts.dirsUnmodified++;
    return keptNode(node, runTimeMs);
  }

  /** A tree that is damaged, not lost, is kept unseen: nobody needs to read it now, and it may be whole the next time. */
  private async nodesOf({ subtree }: Node, path: readonly RawName[]): Promise<readonly Node[] | "lost"> {
    if (subtree === null) return [];
    try {
      return (await this.ports.loadTree(subtree)).nodes;
    } catch (error) {
      if (!(error instanceof IntegrityError) && !(error instanceof FormatError)) throw error;
      this.ports.counts.failed(path, error);
      return error.code === "blob-missing" ? "lost" : [];
    }
  }
}
