import type { RawName } from "../base/raw-name.ts";

/** Which share of the files that seem unchanged is read anew: in `of` turns that follow each other, each file once. */
export interface RereadTurn {
  /** A whole number from 0 on; a set counts its runs. */
  turn: number;
  of: number;
}

// FNV-1a, 32 bits: cheap, the same everywhere and for ever, and spreads the names of a folder over all turns.
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;
const slash = 0x2f;

/** The hash of a path, as what the names below it begin with. */
export function hashPath(path: readonly RawName[]): number {
  return path.reduce(hashBelow, offsetBasis);
}

export function hashBelow(folder: number, name: RawName): number {
  let hash = Math.imul(folder ^ slash, prime);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), prime);
  return hash >>> 0;
}

/** True if it is the turn of a file with this hash. */
export function isInTurn(hash: number, { turn, of }: RereadTurn): boolean {
  return hash % of === turn % of;
}
