import type { FolderEntry } from "../workers/repository-api.ts";
import { locale } from "./text/amounts.ts";

export type SortColumn = "name" | "size" | "changed";

export interface Sort {
  column: SortColumn;
  descending: boolean;
}

/** What a thing weighs; null while nobody knows, as of a folder that was not measured. */
export type SizeOf = (entry: FolderEntry) => number | null;

const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
// The collator takes about a second for 100,000 names; beyond this the stored order (by bytes) is kept.
const collatedLimit = 20_000;

/** Folders first, then by the column; names decide between equals. What has no known size counts as smallest. */
export function sorted(entries: readonly FolderEntry[], sort: Sort, sizeOf: SizeOf = ownSize): readonly FolderEntry[] {
  const byName = entries.length > collatedLimit ? byPosition : byCollatedName;
  const sign = sort.descending ? -1 : 1;
  const bySize = (a: FolderEntry, b: FolderEntry) => (sizeOf(a) ?? -1) - (sizeOf(b) ?? -1);
  const compare = { name: byName, size: bySize, changed: byChange }[sort.column];
  return entries.toSorted((a, b) => byFolder(a, b) || sign * compare(a, b) || byName(a, b));
}

/** The length of a file; folders do not know theirs. */
export function ownSize(entry: FolderEntry): number | null {
  return entry.type === "dir" ? null : entry.sizeBytes;
}

function byFolder(a: FolderEntry, b: FolderEntry): number {
  return Number(b.type === "dir") - Number(a.type === "dir");
}

function byCollatedName(a: FolderEntry, b: FolderEntry): number {
  return collator.compare(a.name, b.name) || a.position - b.position;
}

function byPosition(a: FolderEntry, b: FolderEntry): number {
  return a.position - b.position;
}

function byChange(a: FolderEntry, b: FolderEntry): number {
  return (a.modifiedMs ?? 0) - (b.modifiedMs ?? 0);
}
