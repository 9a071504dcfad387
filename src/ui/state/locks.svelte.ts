import type { LockInfo, RepositoryApi } from "../../workers/repository-api.ts";
import { type Failure, failureOf } from "../failure.ts";
import { Loader } from "./loader.svelte.ts";

/** The locks of a repository, and the way to remove one. */
export class Locks {
  readonly #loader = new Loader<LockInfo[]>();
  #removed = $state.raw<ReadonlySet<string>>(new Set());
  readonly load = $derived(this.#loader.current);
  /** Newest first; those without a time at the end. */
  readonly list = $derived(this.load.state === "ready" ? sorted(this.load.value, this.#removed) : []);
  /** The lock that is being removed. */
  removing = $state.raw<string | null>(null);
  /** Why a lock could not be removed. */
  failure = $state.raw<Failure | null>(null);

  constructor(private readonly api: Pick<RepositoryApi, "listLocks" | "removeLock">) {}

  find(id: string): LockInfo | undefined {
    return this.list.find((lock) => lock.id === id);
  }

  async reload(): Promise<void> {
    this.failure = null;
    await this.#loader.load((signal) => this.api.listLocks({}, { signal }));
  }

  /** True if the lock is gone. */
  async remove(id: string): Promise<boolean> {
    this.failure = null;
    this.removing = id;
    try {
      await this.api.removeLock({ id });
      this.#removed = new Set([...this.#removed, id]);
      return true;
    } catch (error) {
      this.failure = failureOf(error);
      return false;
    } finally {
      this.removing = null;
    }
  }
}

function sorted(locks: readonly LockInfo[], removed: ReadonlySet<string>): LockInfo[] {
  return locks.filter(({ id }) => !removed.has(id)).sort((one, other) => timeOf(other) - timeOf(one));
}

function timeOf({ timeMs }: LockInfo): number {
  return timeMs ?? 0;
}
