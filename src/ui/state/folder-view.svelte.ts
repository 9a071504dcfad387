import type { FolderEntry, FolderListing, NodePath, RepositoryApi } from "../../workers/repository-api.ts";
import { ownSize, type Sort, type SortColumn, sorted } from "../file-order.ts";
import { isInside, samePath } from "../node-path.ts";
import { FolderSizes } from "./folder-sizes.svelte.ts";
import { Loader } from "./loader.svelte.ts";

const nothing: FolderListing = { names: [], entries: [], through: { names: [], path: [] } };

/** One folder of one snapshot as a sorted list with a cursor and a selection. */
export class FolderView {
  sort = $state.raw<Sort>({ column: "name", descending: false });
  /** Positions of the selected entries. */
  selection = $state.raw<ReadonlySet<number>>(new Set());
  snapshot = $state("");
  path = $state.raw<NodePath>([]);
  readonly sizes: FolderSizes;
  readonly #loader = new Loader<FolderListing>();
  /** Position of the entry that has the keyboard: it stays the same when the order changes. */
  #cursor = $state(0);
  #anchor = 0;
  readonly load = $derived(this.#loader.current);
  readonly #listing = $derived(this.#loader.current.state === "ready" ? this.#loader.current.value : nothing);
  readonly names = $derived(this.#listing.names);
  readonly entries = $derived(this.#sorted());
  readonly #indexes = $derived(new Map(this.entries.map((entry, index) => [entry.position, index])));
  /** Index in `entries` of the row that has the keyboard. */
  readonly active = $derived(this.#indexes.get(this.#cursor) ?? 0);
  readonly atCursor = $derived(this.entries[this.active]);
  readonly total = $derived(this.#sum(this.#listing.entries));
  readonly largestBytes = $derived(this.#listing.entries.reduce((most, e) => Math.max(most, this.sizeOf(e) ?? 0), 0));
  readonly selected = $derived(this.entries.filter((entry) => this.selection.has(entry.position)));
  readonly selectedTotal = $derived(this.#sum(this.selected));

  constructor(private readonly api: Pick<RepositoryApi, "listFolder" | "measureFolders">) {
    this.sizes = new FolderSizes(api);
  }

  /** Shows a folder. Coming from a folder inside it, the cursor stands on that one. */
  async show(snapshot: string, path: NodePath): Promise<void> {
    if (snapshot === this.snapshot && samePath(path, this.path) && this.load.state === "ready") return;
    const from = snapshot === this.snapshot && isInside(this.path, path) ? this.path[path.length] : undefined;
    this.snapshot = snapshot;
    this.path = path;
    this.selection = new Set();
    await this.#load(from);
  }

  async retry(): Promise<void> {
    await this.#load(undefined);
  }

  sortBy(column: SortColumn): void {
    const again = this.sort.column === column;
    this.sort = { column, descending: again ? !this.sort.descending : column !== "name" };
    this.#anchor = this.active;
  }

  moveTo(index: number, extend = false): void {
    const entry = this.entries[Math.max(0, Math.min(this.entries.length - 1, index))];
    if (entry === undefined) return;
    this.#cursor = entry.position;
    if (extend) this.#selectRange();
    else this.#anchor = this.active;
  }

  toggle(index: number): void {
    const entry = this.entries[index];
    if (entry === undefined) return;
    const selection = new Set(this.selection);
    if (!selection.delete(entry.position)) selection.add(entry.position);
    this.selection = selection;
    this.#cursor = entry.position;
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

  /** Where opening an entry leads: on through folders that hold nothing but a folder. */
  destinationOf(entry: FolderEntry): NodePath {
    return [...this.pathOf(entry), ...this.#listing.through.path];
  }

  /** Names of the folders that opening an entry leads through, after its own. */
  get namesThrough(): readonly string[] {
    return this.#listing.through.names;
  }

  /** What an entry weighs, folders with all they hold; null while that is unknown. */
  sizeOf(entry: FolderEntry): number | null {
    return entry.type === "dir" ? (this.sizes.of(entry.position)?.bytes ?? null) : ownSize(entry);
  }

  async #load(from: number | undefined): Promise<void> {
    const { snapshot, path } = this;
    this.sizes.stop();
    const answered = await this.#loader.load((signal) => this.api.listFolder({ snapshot, path }, { signal }));
    if (!answered) return;
    this.#cursor = from ?? this.entries[0]?.position ?? 0;
    this.#anchor = this.active;
    if (this.entries.some(({ type }) => type === "dir")) void this.sizes.measure(snapshot, path);
  }

  /** Folder sizes move rows only while these are sorted by size. */
  #sorted(): readonly FolderEntry[] {
    if (this.sort.column !== "size") return sorted(this.#listing.entries, this.sort);
    return sorted(this.#listing.entries, this.sort, (entry) => this.sizeOf(entry));
  }

  #sum(entries: readonly FolderEntry[]): { bytes: number; complete: boolean } {
    let bytes = 0;
    let complete = true;
    for (const entry of entries) {
      const size = this.sizeOf(entry);
      if (size === null) complete = false;
      else if (entry.type === "file" || entry.type === "dir") bytes += size;
    }
    return { bytes, complete };
  }

  #selectRange(): void {
    const first = Math.min(this.#anchor, this.active);
    const last = Math.max(this.#anchor, this.active);
    this.selection = new Set(this.entries.slice(first, last + 1).map((entry) => entry.position));
  }
}
