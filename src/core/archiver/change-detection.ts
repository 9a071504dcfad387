import type { Id } from "../base/id.ts";
import type { SourceFile } from "../base/ports.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Node } from "../format/node.ts";

/**
 * True if the file need not be read: the parent's node is a file of the same size and modification time, and all its blobs
 * are in the index. A browser knows times to the millisecond only, and neither inode nor ctime.
 */
export function isUnchanged(node: Node, file: SourceFile, hasData: (id: Id) => boolean): boolean {
  if (node.type !== "file" || node.content === null) return false;
  if (node.size !== BigInt(file.size)) return false;
  if (timeMs(node.mtime) !== file.modifiedMs) return false;
  return node.content.every(hasData);
}
