import type { RepositoryApi, SnapshotInfo, SnapshotList } from "../../workers/repository-api.ts";
import { idMatches } from "../route.ts";
import { Loader } from "./loader.svelte.ts";

/** Snapshots of one host and one set of paths: a series, newest first. */
export interface SnapshotGroup {
  key: string;
  hostname: string;
  paths: string[];
  snapshots: SnapshotInfo[];
}

const none: SnapshotList = { snapshots: [], unreadable: [], missingSnapshots: 0 };

/** The snapshots of the open repository. */
export class Snapshots {
  readonly #loader = new Loader<SnapshotList>();
  readonly #value = $derived(this.#loader.current.state === "ready" ? this.#loader.current.value : none);
  readonly load = $derived(this.#loader.current);
  readonly list = $derived(this.#value.snapshots);
  readonly unreadable = $derived(this.#value.unreadable);
  readonly groups = $derived(groupsOf(this.list));
  readonly hostnames = $derived([...new Set(this.list.map((snapshot) => snapshot.hostname))]);

  constructor(private readonly api: RepositoryApi) {}

  async reload(): Promise<void> {
    await this.#loader.load((signal) => this.api.listSnapshots({}, { signal }));
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
