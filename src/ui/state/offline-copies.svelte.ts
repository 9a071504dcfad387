import type { OfflineState, RepositoryApi, SnapshotInfo } from "../../workers/repository-api.ts";
import { type Failure, failureOf } from "../failure.ts";
import { keepOfflineCommand } from "../text/restic-commands.ts";
import type { Jobs, OfflineJob } from "./jobs.svelte.ts";

const nothing: OfflineState = { bytes: 0, budgetBytes: 0, snapshots: [] };

/** Which snapshots can be looked through without a network, and the ways to change that. */
export class OfflineCopies {
  #state = $state.raw<OfflineState>(nothing);
  /** Why a copy could not be removed. */
  failure = $state.raw<Failure | null>(null);
  readonly state = $derived(this.#state);
  /** False where this device keeps nothing: then nothing is offered. */
  readonly offered = $derived(this.#state.budgetBytes > 0);
  readonly #kept = $derived(new Set(this.#state.snapshots));

  constructor(
    private readonly api: Pick<RepositoryApi, "offlineState" | "dropOffline">,
    private readonly jobs: Jobs,
    private readonly location: string,
  ) {}

  has(snapshot: string): boolean {
    return this.#kept.has(snapshot);
  }

  /** The job that keeps this snapshot just now. */
  keeping(snapshot: string): OfflineJob | undefined {
    return this.jobs.running.find(
      (entry): entry is OfflineJob => entry.kind === "offline" && entry.snapshot === snapshot,
    );
  }

  async reload(): Promise<void> {
    try {
      this.#state = await this.api.offlineState({});
    } catch {
      this.#state = nothing; // a browser without storage keeps nothing, which is no fault
    }
  }

  keep(snapshot: SnapshotInfo, subject: string): void {
    const command = keepOfflineCommand(this.location, snapshot.id);
    const entry = this.jobs.startKeepOffline(snapshot.id, { subject, command });
    void entry.job.finished.then(() => this.reload());
  }

  async drop(snapshot: SnapshotInfo): Promise<void> {
    this.failure = null;
    try {
      this.#state = await this.api.dropOffline({ snapshot: snapshot.id });
    } catch (error) {
      this.failure = failureOf(error);
    }
  }
}
