import { type Bytes, textOf, utf8 } from "../base/bytes.ts";
import { type Id, parseId } from "../base/id.ts";

const prefix = "pin/";
const treeKeyPattern = /^tree\/[0-9a-f]{64}\/\d{1,10}-\d{1,10}$/;

/** Where the list of a kept snapshot's trees is. */
export function pinKey(snapshot: Id): string {
  return prefix + snapshot;
}

/** The snapshot whose list is under this key, or null for another key. */
export function pinnedSnapshot(key: string): Id | null {
  return key.startsWith(prefix) ? parseId(key.slice(prefix.length)) : null;
}

/** Where the sealed trees are that one stretch of a pack holds. */
export function treeKey({ pack, offset, length }: { pack: Id; offset: number; length: number }): string {
  return `tree/${pack}/${offset}-${length}`;
}

/** The keys as lines of text. */
export function encodePin(keys: ReadonlySet<string>): Bytes {
  return utf8([...keys].join("\n"));
}

/** The keys in a list; lines that are none are left out. */
export function decodePin(record: Bytes): Set<string> {
  try {
    return new Set(
      textOf(record)
        .split("\n")
        .filter((line) => treeKeyPattern.test(line)),
    );
  } catch {
    // Not text: storage holds anything. Without its list a snapshot's trees are merely visited ones.
    return new Set();
  }
}
