import type { RawName } from "../base/raw-name.ts";
import type { Node } from "../format/node.ts";
import type { FileEntry } from "./file-nodes.ts";
import type { ReadEntry } from "./folder-reader.ts";

/** A pick of loose files laid over what the parent has in its place. */
export interface MergedPick {
  /** What was picked, under the names that it gets. */
  entries: ReadEntry[];
  /** The parent's nodes that stay. */
  kept: Node[];
}

/**
 * Lays a pick over the parent's nodes, of which none is ever given up: what has the name of another thing, in the parent
 * or in the pick itself, gets a number behind its name. `isSame` says if a file is the one that a node stands for; it
 * then has the node's name, numbered or not, so that picking it again changes nothing.
 */
export async function mergePick(
  entries: readonly ReadEntry[],
  parent: ReadonlyMap<RawName, Node>,
  isSame: (entry: FileEntry, node: Node) => Promise<boolean>,
): Promise<MergedPick> {
  const taken = new Set<RawName>();
  const fits = async (entry: ReadEntry, name: RawName): Promise<boolean> => {
    if (taken.has(name)) return false;
    const node = parent.get(name);
    if (node === undefined) return true;
    return entry.kind === "file" ? isSame(entry, node) : node.type === "dir";
  };
  const named: ReadEntry[] = [];
  for (const entry of entries) {
    let { name } = entry;
    if (entry.kind !== "failed") {
      for (let number = 2; !(await fits(entry, name)); number++) name = numberedName(entry.name, number);
      taken.add(name);
    }
    named.push({ ...entry, name });
  }
  return { entries: named, kept: [...parent.values()].filter((node) => !taken.has(node.name)) };
}

const longestName = 255;

/** "photo (2).jpg"; no longer than file systems allow. */
export function numberedName(name: RawName, number: number): RawName {
  const dot = name.lastIndexOf(".");
  const stemEnd = dot > 0 ? dot : name.length;
  const rest = ` (${number})${name.slice(stemEnd)}`;
  let end = Math.min(stemEnd, Math.max(1, longestName - rest.length));
  // Not in the middle of a character: its later bytes are 10xxxxxx.
  while (end > 1 && end < stemEnd && (name.charCodeAt(end) & 0xc0) === 0x80) end--;
  return `${name.slice(0, end)}${rest}` as RawName;
}
