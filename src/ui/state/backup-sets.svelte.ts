import type { BackupSet, BackupSetInfo, RepositoryApi, SetStorageInfo } from "../../workers/repository-api.ts";
import { type Failure, failureOf } from "../failure.ts";
import { seriesKeyOf, seriesKeyOfSet } from "../set-facts.ts";
import { Loader } from "./loader.svelte.ts";

/** The sets of the open repository. What was read once stays while it is read again, and when that fails. */
export class BackupSets {
  readonly #loader = new Loader<BackupSetInfo[]>();
  #known = $state.raw<readonly BackupSetInfo[] | null>(null);
  /** Sets that could not be kept: they last as long as the page. */
  #unkept = $state.raw<readonly BackupSetInfo[]>([]);
  /** Why the last set could not be kept. */
  refusal = $state.raw<Failure | null>(null);
  /** Where sets are kept; null while that is not known. */
  storage = $state.raw<SetStorageInfo | null>(null);
  readonly load = $derived(this.#loader.current);
  readonly known = $derived(this.#known !== null);
  /** By name. */
  readonly list = $derived(byName([...(this.#known ?? []), ...this.#unkept]));

  constructor(
    private readonly api: Pick<
      RepositoryApi,
      "listSets" | "saveSet" | "removeSet" | "dismissUnfinished" | "setStorage"
    >,
  ) {}

  async reload(): Promise<void> {
    await this.#loader.load((signal) => this.api.listSets({}, { signal }));
    if (this.load.state !== "ready") return;
    const listed = this.load.value;
    this.storage = await this.api.setStorage({}).catch(() => null);
    this.#known = listed;
    this.#unkept = this.#unkept.filter(({ set }) => !listed.some((info) => info.set.id === set.id));
  }

  find(id: string): BackupSetInfo | undefined {
    return this.list.find(({ set }) => set.id === id);
  }

  /** False for a set that lasts as long as the page only, so that no history of it is kept. */
  isKept(id: string): boolean {
    return !this.#unkept.some(({ set }) => set.id === id);
  }

  /** The set, other than this one, that has this host and these paths: two never share them. */
  twinOf(hostname: string, paths: readonly string[], id: string): BackupSet | null {
    const key = seriesKeyOf(hostname, paths);
    const twin = this.list.find(({ set }) => set.id !== id && seriesKeyOfSet(set) === key);
    return twin?.set ?? null;
  }

  /** Makes or changes a set. Where it cannot be kept it is there all the same, and `refusal` says why. */
  async save(set: BackupSet): Promise<void> {
    this.refusal = null;
    try {
      await this.api.saveSet({ set });
    } catch (error) {
      this.refusal = failureOf(error);
      this.#holdUnkept(set);
      return;
    }
    await this.reload();
  }

  /** The run that was cut off is no more spoken of. */
  async dismissUnfinished(setId: string): Promise<void> {
    // What cannot be forgotten is shown again.
    await this.api.dismissUnfinished({ setId }).catch(() => undefined);
    await this.reload();
  }

  /** Forgets a set; throws what hinders. */
  async remove(id: string): Promise<void> {
    if (this.isKept(id)) await this.api.removeSet({ id });
    this.#unkept = this.#unkept.filter(({ set }) => set.id !== id);
    await this.reload();
  }

  #holdUnkept(set: BackupSet): void {
    const before = this.find(set.id);
    const info = { set, runs: before?.runs ?? [], unfinished: before?.unfinished ?? null };
    this.#known = this.#known?.filter((known) => known.set.id !== set.id) ?? null;
    this.#unkept = [...this.#unkept.filter((held) => held.set.id !== set.id), info];
  }
}

function byName(sets: readonly BackupSetInfo[]): BackupSetInfo[] {
  return sets.toSorted((one, other) => one.set.name.localeCompare(other.set.name));
}
