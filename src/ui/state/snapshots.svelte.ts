import type { RepositoryApi, SnapshotInfo, SnapshotList } from "../../workers/repository-api.ts";
import { idMatches } from "../route.ts";
import { anySnapshot, filtered, narrows, type SnapshotFilter } from "../snapshot-filter.ts";
import { Loader } from "./loader.svelte.ts";

/** Snapshots of one host and one set of paths: a series, newest first. */
export interface SnapshotGroup {
  key: string;
  hostname: string;
  paths: string[];
  snapshots: SnapshotInfo[];
}

const none: SnapshotList = { snapshots: [], unreadable: [], missingSnapshots: 0 };

/** The snapshots of the open repository. What was read once stays while it is read again, and when that fails. */
export class Snapshots {
  filter = $state.raw<SnapshotFilter>(anySnapshot);
  readonly #loader = new Loader<SnapshotList>();
  #known = $state.raw<SnapshotList | null>(null);
  readonly load = $derived(this.#loader.current);
  /** True once the list was read, whatever became of later tries. */
  readonly known = $derived(this.#known !== null);
  readonly list = $derived((this.#known ?? none).snapshots);
  readonly unreadable = $derived((this.#known ?? none).unreadable);
  /** How many that this device has seen are gone, removed by somebody else. */
  readonly missing = $derived((this.#known ?? none).missingSnapshots);
  readonly isNarrowed = $derived(narrows(this.filter));
  readonly shown = $derived(filtered(this.list, this.filter));
  readonly groups = $derived(groupsOf(this.shown));
  readonly hostnames = $derived(distinct(this.list.map((snapshot) => snapshot.hostname)));
  readonly paths = $derived(distinct(this.list.flatMap((snapshot) => snapshot.paths)));
  readonly tags = $derived(distinct(this.list.flatMap((snapshot) => snapshot.tags)));

  constructor(private readonly api: Pick<RepositoryApi, "listSnapshots">) {}

  async reload(): Promise<void> {
    await this.#loader.load((signal) => this.api.listSnapshots({}, { signal }));
    if (this.load.state === "ready") this.#known = this.load.value;
  }

  narrow(change: Partial<SnapshotFilter>): void {
    this.filter = { ...this.filter, ...change };
  }

  showAll(): void {
    this.filter = anySnapshot;
  }

  /** The one snapshot that a route's id means; undefined if none or several. */
  find(routeId: string): SnapshotInfo | undefined {
    const found = this.list.filter((snapshot) => idMatches(routeId, snapshot.id));
    return found.length === 1 ? found[0] : undefined;
  }
}

/** Groups in the order of their newest snapshot. The list is newest first, and stays so within each group. */
export function groupsOf(snapshots: readonly SnapshotInfo[]): SnapshotGroup[] {
  const groups = new Map<string, SnapshotGroup>();
  for (const snapshot of snapshots) {
    const paths = snapshot.paths.toSorted();
    const key = JSON.stringify([snapshot.hostname, paths]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { key, hostname: snapshot.hostname, paths, snapshots: [snapshot] });
    else group.snapshots.push(snapshot);
  }
  return [...groups.values()];
}

/** Each once, the most recent first. */
function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
