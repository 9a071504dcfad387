import { HoldallError } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import { Semaphore } from "../core/base/semaphore.ts";
import type { Node } from "../core/format/node.ts";
import { findPlace, type TreeSource } from "../core/repository/tree-walker.ts";
import type { FolderSizes, NodePath } from "./repository-api.ts";

interface Size {
  bytes: number;
  files: number;
}

/** Sizes of so many trees are remembered, a few megabytes. */
const mostRemembered = 50_000;
/** Deeper folders are not followed, as in a restore. */
const depthLimit = 1000;
/** Folders that are measured at once: enough to have requests under way while trees are read. */
const foldersAtOnce = 4;
/** Trees that are cached come without a pause, in which an abort could not be heard. */
const treesBetweenPauses = 256;

/**
 * Measures what folders hold, all of what is in them counted wherever it occurs. A tree never changes, so what was measured
 * once is known for every folder and snapshot that has it: going down costs nothing.
 */
export class FolderMeter {
  /** In order of last use, oldest first. */
  private readonly known = new Map<Id, Size>();

  constructor(private readonly trees: TreeSource) {}

  /**
   * Measures the folders of one folder into `found`, which may be looked at meanwhile; those that are known already come
   * first. A folder that cannot be read as a whole stays missing, and `complete` false. Throws "not-found-in-snapshot",
   * and what may succeed another time.
   */
  async measure(root: Id, path: NodePath, found: FolderSizes, signal: AbortSignal): Promise<void> {
    const { subtree } = await findPlace(this.trees, root, path, signal);
    if (subtree === null) throw new HoldallError("not-found-in-snapshot", { path: path.join(".") });
    const folders = foldersOf((await this.trees.load(subtree, signal)).nodes);
    const note = (position: number, size: Size) => void found.sizes.push({ position, ...size });
    const unknown: Folder[] = [];
    for (const folder of folders) {
      const size = folder.tree && this.recall(folder.tree);
      if (size) note(folder.position, size);
      else unknown.push(folder);
    }
    const walk: Walk = { signal, broken: new Set(), trees: 0 };
    const room = new Semaphore(foldersAtOnce);
    const measureFolder = async ({ position, tree }: Folder) => {
      const size = await this.sizeOrNull(tree, path.length + 1, walk);
      if (size) note(position, size);
    };
    await Promise.all(unknown.map((folder) => room.with(1, signal, () => measureFolder(folder))));
    found.complete = found.sizes.length === folders.length;
  }

  /** The size of all that is below a tree; null if some of it cannot be read. */
  private async sizeOrNull(tree: Id | null, depth: number, walk: Walk): Promise<Size | null> {
    if (tree === null || depth > depthLimit || walk.broken.has(tree)) return null;
    const known = this.recall(tree);
    if (known) return known;
    const nodes = await this.nodesOrNull(tree, walk);
    const size = nodes && (await this.sumOrNull(nodes, depth, walk));
    if (size) this.remember(tree, size);
    else walk.broken.add(tree);
    return size;
  }

  private async sumOrNull(nodes: readonly Node[], depth: number, walk: Walk): Promise<Size | null> {
    const sum: Size = { bytes: 0, files: 0 };
    let isWhole = true;
    for (const node of nodes) {
      if (node.type === "file") add(sum, { bytes: Number(node.size), files: 1 });
      if (node.type !== "dir") continue;
      const below = await this.sizeOrNull(node.subtree, depth + 1, walk);
      if (below) add(sum, below);
      else isWhole = false;
    }
    return isWhole ? sum : null;
  }

  private async nodesOrNull(tree: Id, walk: Walk): Promise<readonly Node[] | null> {
    walk.signal.throwIfAborted();
    walk.trees++;
    if (walk.trees % treesBetweenPauses === 0) await new Promise((resolve) => setTimeout(resolve));
    try {
      return (await this.trees.load(tree, walk.signal)).nodes;
    } catch (error) {
      if (!(error instanceof HoldallError) || error.retry === "later" || error.code === "closed") throw error;
      return null;
    }
  }

  private recall(tree: Id): Size | undefined {
    const size = this.known.get(tree);
    if (size) this.remember(tree, size);
    return size;
  }

  private remember(tree: Id, size: Size): void {
    this.known.delete(tree);
    this.known.set(tree, size);
    const [oldest] = this.known.keys();
    if (this.known.size > mostRemembered && oldest !== undefined) this.known.delete(oldest);
  }
}

/** One measuring. */
interface Walk {
  signal: AbortSignal;
  /** Trees that cannot be read, or with such below: not tried again, however often they are referred to. */
  broken: Set<Id>;
  trees: number;
}

interface Folder {
  position: number;
  tree: Id | null;
}

function foldersOf(nodes: readonly Node[]): Folder[] {
  return nodes.flatMap(({ type, subtree }, position) => (type === "dir" ? [{ position, tree: subtree }] : []));
}

/** Trees may refer to each other so that they hold more than any number says exactly. */
function add(sum: Size, more: Size): void {
  sum.bytes = Math.min(sum.bytes + more.bytes, Number.MAX_SAFE_INTEGER);
  sum.files = Math.min(sum.files + more.files, Number.MAX_SAFE_INTEGER);
}
