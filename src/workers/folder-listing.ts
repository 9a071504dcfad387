import { HoldallError, isAbort } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import { displayName } from "../core/base/raw-name.ts";
import { timeMs } from "../core/base/rfc3339.ts";
import { permissionsText } from "../core/format/file-mode.ts";
import type { Node } from "../core/format/node.ts";
import { findPlace, type TreeSource } from "../core/repository/tree-walker.ts";
import type { FolderEntry, FolderListing, NodePath, NodeType } from "./repository-api.ts";

/** One folder of a snapshot as the page shows it. Throws "not-found-in-snapshot" if there is no folder at this place. */
export async function listFolder(
  trees: TreeSource,
  root: Id,
  path: NodePath,
  signal: AbortSignal,
): Promise<FolderListing> {
  const place = await findPlace(trees, root, path, signal);
  if (place.subtree === null) throw new HoldallError("not-found-in-snapshot", { path: path.join(".") });
  const { nodes } = await trees.load(place.subtree, signal);
  const through = await followOnlyFolders(trees, nodes, signal);
  return { names: place.names.map(displayName), entries: nodes.map(entryOf), through };
}

/** Deeper is gone on foot. */
const mostFollowed = 32;

/** Below the only folder of these nodes. A tree that cannot be read ends the way: whoever goes on learns why. */
async function followOnlyFolders(
  trees: TreeSource,
  above: readonly Node[],
  signal: AbortSignal,
): Promise<FolderListing["through"]> {
  const names: string[] = [];
  let nodes = above;
  while (names.length < mostFollowed) {
    const inside = await nodesOfOnlyFolder(trees, nodes, signal);
    const [only, another] = inside;
    if (only?.type !== "dir" || another !== undefined) break;
    names.push(displayName(only.name));
    nodes = inside;
  }
  return { names, path: names.map(() => 0) };
}

async function nodesOfOnlyFolder(
  trees: TreeSource,
  [only, another]: readonly Node[],
  signal: AbortSignal,
): Promise<readonly Node[]> {
  if (only?.type !== "dir" || only.subtree === null || another !== undefined) return [];
  try {
    return (await trees.load(only.subtree, signal)).nodes;
  } catch (error) {
    if (isAbort(error)) throw error;
    return [];
  }
}

const nodeTypes: ReadonlySet<string> = new Set<NodeType>([
  "file",
  "dir",
  "symlink",
  "dev",
  "chardev",
  "fifo",
  "socket",
  "irregular",
]);

/** The node's type, or "unknown" for what a newer program may have written. */
export function nodeTypeOf(type: string): NodeType {
  return nodeTypes.has(type) ? (type as NodeType) : "unknown";
}

function entryOf(node: Node, position: number): FolderEntry {
  return {
    position,
    name: displayName(node.name),
    type: nodeTypeOf(node.type),
    sizeBytes: Number(node.size),
    modifiedMs: timeMs(node.mtime),
    linkTarget: node.type === "symlink" ? displayName(node.linkTarget) : null,
    // Without a mode, a program has written the node that knew none.
    permissions: node.mode === 0 ? null : permissionsText(node.mode),
    owner: ownerOf(node),
  };
}

/** Programs that know no owner write 0 without a name. */
function ownerOf({ user, group, uid, gid }: Node): string {
  if (user === "" && group === "" && uid === 0 && gid === 0) return "";
  return `${displayOwner(user, uid)}:${displayOwner(group, gid)}`;
}

function displayOwner(name: string, number: number): string {
  return name === "" ? String(number) : name;
}
