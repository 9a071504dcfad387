import type { Id } from "../base/id.ts";
import type { FileStat } from "../base/ports.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Node } from "../format/node.ts";

/**
 * True if the file need not be read: the parent's node is a file of the same size and modification time, and all its blobs
 * are in the index. A browser knows times to the millisecond only, and neither inode nor ctime. What changes behind an
 * equal size and time is found by always-read.ts and reread-turn.ts.
 */
export function isUnchanged(node: Node, file: FileStat, hasData: (id: Id) => boolean): boolean {
  return looksUnchanged(node, file) && node.content?.every(hasData) === true;
}

/** True if the node is a file of the same size and modification time, whatever became of its blobs. */
export function looksUnchanged(node: Node, file: FileStat): boolean {
  if (node.type !== "file" || node.content === null) return false;
  return node.size === BigInt(file.size) && timeMs(node.mtime) === file.modifiedMs;
}
