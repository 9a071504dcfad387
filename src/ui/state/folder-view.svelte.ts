import type { FolderEntry, FolderListing, NodePath, RepositoryApi } from "../../workers/repository-api.ts";
import { locale } from "../text/amounts.ts";
import { Loader } from "./loader.svelte.ts";

export type SortColumn = "name" | "size" | "changed";

const nothing: FolderListing = { names: [], entries: [] };

/** One folder of one snapshot as a sorted list with a cursor and a selection. */
export class FolderView {
  sort = $state.raw<{ column: SortColumn; descending: boolean }>({ column: "name", descending: false });
  /** Index in `entries` of the row that has the keyboard. */
  active = $state(0);
  /** Positions of the selected entries. */
  selection = $state.raw<ReadonlySet<number>>(new Set());
  snapshot = $state("");
  path = $state.raw<NodePath>([]);
  readonly #loader = new Loader<FolderListing>();
  readonly load = $derived(this.#loader.current);
  readonly #listing = $derived(this.#loader.current.state === "ready" ? this.#loader.current.value : nothing);
  readonly names = $derived(this.#listing.names);
  readonly entries = $derived(sorted(this.#listing.entries, this.sort));
  readonly totalBytes = $derived(sumOf(this.#listing.entries));
  readonly selected = $derived(this.entries.filter((entry) => this.selection.has(entry.position)));
  readonly selectedBytes = $derived(sumOf(this.selected));
  readonly atCursor = $derived(this.entries[this.active]);
  #anchor = 0;

  constructor(private readonly api: RepositoryApi) {}

  /** Shows a folder. Coming from a folder inside it, the cursor stands on that one. */
  async show(snapshot: string, path: NodePath): Promise<void> {
    if (snapshot === this.snapshot && samePath(path, this.path) && this.load.state === "ready") return;
    const from = snapshot === this.snapshot && isInside(this.path, path) ? this.path[path.length] : undefined;
    this.snapshot = snapshot;
    this.path = path;
    this.selection = new Set();
    const answered = await this.#loader.load((signal) => this.api.listFolder({ snapshot, path }, { signal }));
    if (!answered) return;
    this.active = Math.max(
      0,
      this.entries.findIndex((entry) => entry.position === from),
    );
    this.#anchor = this.active;
  }

  async retry(): Promise<void> {
    const { snapshot, path } = this;
    await this.#loader.load((signal) => this.api.listFolder({ snapshot, path }, { signal }));
  }

  sortBy(column: SortColumn): void {
    const kept = this.atCursor;
    const again = this.sort.column === column;
    this.sort = { column, descending: again ? !this.sort.descending : column !== "name" };
    this.active = kept === undefined ? 0 : this.entries.indexOf(kept);
    this.#anchor = this.active;
  }

  moveTo(index: number, extend = false): void {
    this.active = Math.max(0, Math.min(this.entries.length - 1, index));
    if (extend) this.#selectRange();
    else this.#anchor = this.active;
  }

  toggle(index: number): void {
    const entry = this.entries[index];
    if (entry === undefined) return;
    const selection = new Set(this.selection);
    if (!selection.delete(entry.position)) selection.add(entry.position);
    this.selection = selection;
    this.active = index;
    this.#anchor = index;
  }

  selectAll(): void {
    this.selection = new Set(this.entries.map((entry) => entry.position));
  }

  clearSelection(): void {
    this.selection = new Set();
  }

  /** The place of an entry in the snapshot. */
  pathOf(entry: FolderEntry): NodePath {
    return [...this.path, entry.position];
  }

  #selectRange(): void {
    const first = Math.min(this.#anchor, this.active);
    const last = Math.max(this.#anchor, this.active);
    this.selection = new Set(this.entries.slice(first, last + 1).map((entry) => entry.position));
  }
}

const collator = new Intl.Collator(locale, { numeric: true, sensitivity: "base" });
// The collator takes about a second for 100,000 names; beyond this the stored order (by bytes) is kept.
const collatedLimit = 20_000;

/** Folders first, then by the column; names decide between equals. */
export function sorted(
  entries: readonly FolderEntry[],
  sort: { column: SortColumn; descending: boolean },
): readonly FolderEntry[] {
  const byName = entries.length > collatedLimit ? byPosition : byCollatedName;
  const sign = sort.descending ? -1 : 1;
  const compare = { name: byName, size: bySize, changed: byChange }[sort.column];
  return entries.toSorted((a, b) => byFolder(a, b) || sign * compare(a, b) || byName(a, b));
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

function bySize(a: FolderEntry, b: FolderEntry): number {
  return a.sizeBytes - b.sizeBytes;
}

function byChange(a: FolderEntry, b: FolderEntry): number {
  return (a.modifiedMs ?? 0) - (b.modifiedMs ?? 0);
}

function sumOf(entries: readonly FolderEntry[]): number {
  return entries.reduce((sum, entry) => sum + (entry.type === "file" ? entry.sizeBytes : 0), 0);
}

function samePath(a: NodePath, b: NodePath): boolean {
  return a.length === b.length && isInside(a, b);
}

/** True if `path` is `folder` or below it. */
function isInside(path: NodePath, folder: NodePath): boolean {
  return path.length >= folder.length && folder.every((position, at) => position === path[at]);
}
