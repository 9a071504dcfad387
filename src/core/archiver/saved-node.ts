import type { Bytes } from "../base/bytes.ts";
import type { RawName } from "../base/raw-name.ts";
import { timeMs } from "../base/rfc3339.ts";
import type { Node } from "../format/node.ts";

/** A node of the tree above, already encoded, and what the folder's own time is computed from. */
export interface SavedNode {
  name: RawName;
  encoded: Bytes;
  /** Milliseconds since 1970. */
  modifiedMs: number;
}

/** A folder of the snapshot that is being made. */
export interface Place {
  name: RawName;
  /** Raw names from the root name of the source downwards, the folder's own included. */
  path: readonly RawName[];
  /** The node of this name in the parent snapshot. */
  parent: Node | null;
  /** In a pick of loose files: what the parent has here and the pick has not, stays. */
  addsToParent: boolean;
}

/** The parent's node as it is, byte for byte. */
export function keptNode(node: Node, runTimeMs: number): SavedNode {
  return { name: node.name, encoded: node.source, modifiedMs: timeMs(node.mtime) ?? runTimeMs };
}
