import { type Clock, systemClock } from "../core/base/clock.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { HeldLocks } from "./held-locks.ts";
import { sweepOrphans } from "./orphan-sweep.ts";
import type { BackupProgress, WriterProgress, WriterState } from "./repository-api.ts";
import { type TabMessage, tabMessageOf, writerProgressOf } from "./tab-message.ts";
import type { TabChannel, TabPorts } from "./tab-ports.ts";
import type { ToldLocks } from "./told-locks.ts";

export interface RepositoryTabsOptions {
  repositoryId: string;
  repository: Pick<Repository, "removeOrphanedLocks">;
  tabs: TabPorts;
  held: HeldLocks;
  told: ToldLocks;
  clock?: Clock | undefined;
}

/** Others see it move, and it costs nothing. */
const tellingMs = 500;

/**
 * An open repository among the tabs of this browser: tells the others what this one does, knows what they do, and cleans up
 * after one that was killed. Nobody polls: a writer's beginning is heard, its end is seen by its claim.
 */
export class RepositoryTabs {
  /** Of this tab in messages. */
  private readonly name = crypto.randomUUID();
  private readonly over = new AbortController();
  private readonly channel: TabChannel;
  private readonly clock: Clock;
  private readonly watchers = new Set<(state: WriterState) => void>();
  private state: WriterState = { state: "none" };
  private lockIds: readonly string[] = [];
  private ownProgress: (() => BackupProgress) | null = null;
  private isWriting = false;
  private isLooking = false;
  private sweeping = new AbortController();

  constructor(private readonly options: RepositoryTabsOptions) {
    const { tabs, repositoryId, held, clock = systemClock } = options;
    this.clock = clock;
    this.channel = tabs.openChannel(repositoryId, (data) => this.hear(tabMessageOf(data)));
    void held.watch((ids) => this.tellLocks(ids), this.over.signal);
    this.post({ kind: "ask" });
    void this.look();
    // Opening has looked for orphans; but a tab that was killed just before may have held its claims until now.
    this.sweep();
  }

  /** Runs a job as the one writer of this repository in this browser. Throws LockedError "writer-elsewhere". */
  async asWriter<Result>(job: () => Promise<Result>): Promise<Result> {
    const { tabs, repositoryId } = this.options;
    const release = await tabs.claimWriter(repositoryId);
    this.isWriting = true;
    this.change({ state: "none" });
    try {
      return await job();
    } finally {
      this.isWriting = false;
      release();
      this.sweep();
      void this.look();
    }
  }

  /** Tells the other tabs how the job is getting on. */
  async telling<Result>(progress: () => BackupProgress, job: () => Promise<Result>): Promise<Result> {
    this.ownProgress = progress;
    this.tellProgress();
    const timer = setInterval(() => this.tellProgress(), tellingMs);
    try {
      return await job();
    } finally {
      clearInterval(timer);
      this.ownProgress = null;
    }
  }

  /** Tells what a writer in another tab does, at first and at every change; resolves when the signal aborts. */
  watch(onChange: (state: WriterState) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    this.watchers.add(onChange);
    onChange(this.state);
    return new Promise((resolve) => {
      const stop = () => {
        this.watchers.delete(onChange);
        resolve();
      };
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  close(): void {
    this.over.abort();
    this.sweeping.abort();
    this.channel.close();
  }

  private hear(message: TabMessage | null): void {
    if (message?.kind === "ask") {
      if (this.lockIds.length > 0) this.tellLocks(this.lockIds);
      this.tellProgress();
    } else if (message?.kind === "locks") this.options.told.note(message.from, message.ids);
    else if (message?.kind === "progress") this.hearProgress(message.progress);
  }

  private hearProgress(progress: WriterProgress): void {
    if (this.isWriting) return;
    if (this.state.state === "elsewhere") this.change({ state: "elsewhere", progress });
    else void this.look(progress);
  }

  /** Looks whether another tab writes, and stays with it until it does not. */
  private async look(progress: WriterProgress | null = null): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      await this.stayWithWriter(progress);
    } catch {
      // Closed meanwhile, or a browser that does not answer: then nothing is known of others.
      this.change({ state: "none" });
    } finally {
      this.isLooking = false;
    }
  }

  private async stayWithWriter(first: WriterProgress | null): Promise<void> {
    const { tabs, repositoryId } = this.options;
    let progress = first;
    while (!this.isWriting && (await tabs.hasWriter(repositoryId))) {
      if (this.isWriting) return;
      this.change({ state: "elsewhere", progress });
      await tabs.untilWriterEnds(repositoryId, this.over.signal);
      progress = null;
      this.sweep();
    }
    if (!this.isWriting) this.change({ state: "none" });
  }

  private sweep(): void {
    this.sweeping.abort();
    this.sweeping = new AbortController();
    if (this.over.signal.aborted) return;
    void sweepOrphans(this.options.repository, this.clock, this.sweeping.signal);
  }

  private change(state: WriterState): void {
    if (state.state === "none" && this.state.state === "none") return;
    this.state = state;
    for (const watcher of this.watchers) watcher(state);
  }

  private tellLocks(ids: readonly string[]): void {
    this.lockIds = ids;
    this.post({ kind: "locks", from: this.name, ids });
  }

  private tellProgress(): void {
    if (this.ownProgress !== null) this.post({ kind: "progress", progress: writerProgressOf(this.ownProgress()) });
  }

  private post(message: TabMessage): void {
    this.channel.post(message);
  }
}
