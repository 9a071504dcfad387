import { HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { isPlainName, type RawName } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import type { Tree } from "../format/tree.ts";

/** What a walk needs: trees by id. */
export interface TreeSource {
  load(id: Id, signal: AbortSignal): Promise<Tree>;
}

/** A place in a snapshot: the node there (null for the snapshot's root) and the raw names that lead to it. */
export interface Place {
  node: Node | null;
  names: readonly RawName[];
  /** The tree of the folder at this place; null if it is no folder. */
  subtree: Id | null;
}

/** Deeper folders are refused: no file system has them, and a cycle of trees cannot exist but a chain could be endless. */
const depthLimit = 1000;

/**
 * The place that node positions lead to, from a snapshot's root tree. Throws "not-found-in-snapshot" if there is none, and
 * what loading a tree throws.
 */
export async function findPlace(
  trees: TreeSource,
  root: Id,
  path: readonly number[],
  signal: AbortSignal,
): Promise<Place> {
  let place: Place = { node: null, names: [], subtree: root };
  for (const position of path) {
    const node = place.subtree && (await trees.load(place.subtree, signal)).nodes[position];
    if (!node) throw new HoldallError("not-found-in-snapshot", { path: path.join(".") });
    place = { node, names: [...place.names, node.name], subtree: node.type === "dir" ? node.subtree : null };
  }
  return place;
}

export interface WalkVisitor {
  /** A node and the path to it, its own name last. Folders come before what is in them. */
  node(node: Node, path: readonly RawName[]): void | Promise<void>;
  /** A folder whose tree cannot be read, or a node that cannot be followed; the walk goes on. */
  failed(path: readonly RawName[], error: unknown): void;
}

/** Visits all nodes below a tree, depth first in the trees' order. Damaged trees are reported, not thrown. */
export async function walkTree(
  trees: TreeSource,
  id: Id,
  path: readonly RawName[],
  visitor: WalkVisitor,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const nodes = await loadNodes(trees, id, path, visitor, signal);
  for (const node of nodes) {
    const below = [...path, node.name];
    if (!isPlainName(node.name)) {
      visitor.failed(below, new IntegrityError("tree-name-refused", { tree: id }));
      continue;
    }
    await visitor.node(node, below);
    if (node.type === "dir") await walkFolder(trees, node, below, visitor, signal);
  }
}

async function walkFolder(
  trees: TreeSource,
  node: Node,
  path: readonly RawName[],
  visitor: WalkVisitor,
  signal: AbortSignal,
): Promise<void> {
  if (node.subtree === null || path.length > depthLimit) {
    visitor.failed(path, new IntegrityError("tree-unreachable", { depth: path.length }));
    return;
  }
  await walkTree(trees, node.subtree, path, visitor, signal);
}

async function loadNodes(
  trees: TreeSource,
  id: Id,
  path: readonly RawName[],
  visitor: WalkVisitor,
  signal: AbortSignal,
): Promise<readonly Node[]> {
  try {
    return (await trees.load(id, signal)).nodes;
  } catch (error) {
    if (!(error instanceof HoldallError) || error.retry === "later") throw error;
    visitor.failed(path, error);
    return [];
  }
}
