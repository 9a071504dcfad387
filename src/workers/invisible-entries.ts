import type { Id } from "../core/base/id.ts";
import type { RawName } from "../core/base/raw-name.ts";
import type { Node } from "../core/format/node.ts";
import { type TreeSource, walkTree } from "../core/repository/tree-walker.ts";
import { isRenamed, portableNames } from "../core/restorer/name-policy.ts";

/**
 * How many entries below some roots of a snapshot a browser would not list: links, devices and the like, and names that it
 * leaves out without a word. A backup over this snapshot would be without them.
 */
export async function countInvisible(
  trees: TreeSource,
  root: Id,
  rootNames: readonly RawName[],
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  const visitor = {
    node: (node: Node) => {
      if (isInvisible(node)) count++;
    },
    failed: () => {}, // what cannot be read is not compared
  };
  const { nodes } = await trees.load(root, signal);
  for (const node of nodes) {
    if (!rootNames.includes(node.name) || node.subtree === null) continue;
    await walkTree(trees, node.subtree, [node.name], visitor, signal);
  }
  return count;
}

function isInvisible({ type, name }: Node): boolean {
  return (type !== "file" && type !== "dir") || isRenamed(name, portableNames(name));
}
