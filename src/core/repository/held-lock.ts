import { sleep } from "../base/clock.ts";
import { LockedError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { type LockKind, type LockPorts, settleMs } from "./lock-ports.ts";
import type { OwnLock, OwnLocks } from "./own-locks.ts";

/** A lock that is held and refreshed until it is released or lost. */
export interface Lock extends AsyncDisposable {
  readonly kind: LockKind;
  /** Of the lock file that stands for it now; refreshing changes it. */
  readonly id: string;
  /** Aborts with LockedError "lock-lost" when others may believe that nobody holds the lock. */
  readonly signal: AbortSignal;
  readonly isReleased: boolean;
  /**
   * To be awaited before and after every file that is stored ([Note: late files]): returns at once while the lock is fresh; after a sleep of the
   * machine it first refreshes the lock. Throws LockedError "lock-lost"; then nothing that others read may be written.
   */
  ensureFresh(): Promise<void>;
  /** Whoever works under it must write nothing more: its file is being removed by other means. It is still to be released. */
  giveUp(): void;
  /** Then its holder is about to die, and begins nothing more. */
  readonly isGivenUp: boolean;
  /** Removes the lock. May be called twice. Never throws: what cannot be removed stays in the journal for the next unlock. */
  release(): Promise<void>;
}

const refreshMs = 5 * 60_000;
/** After a refresh that failed. */
const retryMs = 60_000;
/** From 30 minutes on others may take a lock for dead; this is that, less one and a half refreshes. */
const staleMs = 30 * 60_000 - 1.5 * refreshMs;

/**
 * Refreshes a lock: the new file is written before the old one is removed, so that there is one at every moment.
 *
 * [Note: stale locks] A machine that slept wakes up with a lock that others may have removed, and after that removed
 * data which this run takes for stored. So a stale lock counts only if its file is still there, before and some time
 * after the new one is written; else it is lost, and with it the right to write what refers to other data.
 */
export class HeldLock implements Lock {
  private readonly lost = new AbortController();
  private readonly ended = new AbortController();
  private refreshing: Promise<void> | null = null;
  private releasing: Promise<void> | null = null;
  private hasGivenUp = false;
  private cancelTimer: () => void = () => {};

  constructor(
    private readonly ports: LockPorts,
    private readonly own: OwnLocks,
    private current: OwnLock,
  ) {
    this.schedule(refreshMs);
  }

  get kind(): LockKind {
    return this.own.kind;
  }

  get id(): Id {
    return this.current.id;
  }

  get signal(): AbortSignal {
    return this.lost.signal;
  }

  get isReleased(): boolean {
    return this.ended.signal.aborted;
  }

  async ensureFresh(): Promise<void> {
    this.throwIfOver();
    while (this.isStale()) {
      await this.refresh();
      this.throwIfOver();
    }
  }

  get isGivenUp(): boolean {
    return this.hasGivenUp;
  }

  giveUp(): void {
    this.hasGivenUp = true;
    this.lost.abort(new LockedError("lock-lost", { lock: this.id, reason: "given up" }));
  }

  release(): Promise<void> {
    this.releasing ??= this.end();
    return this.releasing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  private throwIfOver(): void {
    this.lost.signal.throwIfAborted();
    if (this.ended.signal.aborted) throw new LockedError("lock-lost", { lock: this.id, reason: "released" });
  }

  /** A clock that was set back says as little about the age as one that shows that much time has passed. */
  private isStale(): boolean {
    return Math.abs(this.ports.clock.now() - this.current.timeMs) >= staleMs;
  }

  private schedule(ms: number): void {
    this.cancelTimer();
    if (this.ended.signal.aborted || this.lost.signal.aborted) return;
    // refresh() deals with its own failures.
    this.cancelTimer = this.ports.clock.after(ms, () => void this.refresh());
  }

  /** One refresh at a time, whoever asks. Never rejects: it ends with a fresh lock, a later attempt, or the loss. */
  private refresh(): Promise<void> {
    this.refreshing ??= this.replace()
      .then(
        () => this.schedule(refreshMs),
        (error: unknown) => this.afterFailure(error),
      )
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }

  private async replace(): Promise<void> {
    const { signal } = this.ended;
    const old = this.current;
    if (this.isStale()) await this.requireStored(old, signal);
    const next = await this.own.store(signal);
    try {
      // Also when the old one has become stale while the new one was on its way.
      if (this.isStale()) await this.settle(old, signal);
    } catch (error) {
      await this.own.discard(next);
      throw error;
    }
    this.current = next;
    await this.own.discard(old);
  }

  private async settle(old: OwnLock, signal: AbortSignal): Promise<void> {
    await sleep(this.ports.clock, settleMs, signal);
    await this.requireStored(old, signal);
  }

  private async requireStored({ id }: OwnLock, signal: AbortSignal): Promise<void> {
    if ((await this.ports.backend.stat({ type: "lock", id }, signal)) !== null) return;
    throw new LockedError("lock-lost", { lock: id, reason: "removed by somebody else" });
  }

  private afterFailure(error: unknown): void {
    if (this.ended.signal.aborted) return;
    if (error instanceof LockedError) this.lost.abort(error);
    else if (this.isStale()) this.lost.abort(new LockedError("lock-lost", { lock: this.id }, { cause: error }));
    else this.schedule(retryMs);
  }

  private async end(): Promise<void> {
    this.ended.abort();
    this.cancelTimer();
    await this.refreshing;
    await this.own.discard(this.current);
  }
}
