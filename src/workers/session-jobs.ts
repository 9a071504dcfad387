import { type ErrorCode, HoldallError } from "../core/base/errors.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { BackupSets } from "./backup-sets.ts";
import { Patience } from "./patience.ts";
import { withProgress } from "./progress-sampler.ts";
import type { RestoreProgress } from "./repository-api.ts";
import type { RepositoryTabs } from "./repository-tabs.ts";
import type { Session } from "./session.ts";
import { type StreamWriter, writeToPort } from "./stream-port.ts";
import { WaitingTime } from "./waiting-time.ts";

/** A session with what goes on around it: sets and other tabs. */
export interface LivingSession extends Session {
  sets: BackupSets;
  tabs: RepositoryTabs;
}

export type Work<Result> = (repository: Repository, signal: AbortSignal, session: LivingSession) => Promise<Result>;

interface OpenedSession {
  session: LivingSession;
  patience: Patience;
  closing: AbortController;
}

/** The open repository, at most one, and the calls that work on it, all of which end when it is closed. */
export class SessionJobs {
  private opened: OpenedSession | null = null;
  /** The last failure that is waited out, and when the next attempt will have begun. */
  private lastWait: { code: ErrorCode; untilMs: number } | null = null;
  private readonly waitingTime = new WaitingTime();
  private readonly jobs = new Set<Promise<unknown>>();

  /** `now` gives milliseconds since 1970. */
  constructor(private readonly now: () => number) {}

  /** Whose requests wait for a server with this patience. */
  open(session: LivingSession, patience: Patience): void {
    this.opened = { session, patience, closing: new AbortController() };
  }

  /** Ends all calls with "closed". If somebody else removes the locks, nothing is written under them any more. */
  async close({ locksRemoved }: { locksRemoved: boolean }): Promise<void> {
    const { opened } = this;
    this.opened = null;
    opened?.closing.abort(new HoldallError("closed"));
    if (locksRemoved) opened?.session.repository.giveUpLocks();
    await Promise.allSettled(this.jobs);
    opened?.session.tabs.close();
    await opened?.session.repository.copy?.settle();
    opened?.session.repository.close();
  }

  /** For one connection; its waits are told by `waiting` and counted by `waitedMs`. */
  patience(): Patience {
    return new Patience(({ error, delayMs }) => {
      this.lastWait = { code: error.code, untilMs: this.now() + delayMs };
      this.waitingTime.begin(this.now(), delayMs);
    });
  }

  /** Serves a call of the open repository; close() aborts it and waits for its end. */
  run<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result> {
    const { opened } = this;
    if (opened === null) return Promise.reject(new HoldallError("closed"));
    const { session, closing } = opened;
    const job = work(session.repository, AbortSignal.any([signal, closing.signal]), session);
    this.jobs.add(job);
    return job.finally(() => this.jobs.delete(job));
  }

  /** Serves a call that may take long: until it ends, failures of the network are waited out. */
  runLong<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result> {
    const patience = this.opened?.patience ?? this.patience();
    return this.run(signal, (...call) => patience.during(() => work(...call)));
  }

  /** Serves a job that streams into a port: what reads there fails if the job does, and ends the job if it stops reading. */
  runIntoPort<Result>(
    port: MessagePort,
    signal: AbortSignal,
    work: (writer: StreamWriter, repository: Repository, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const writer = writeToPort(port);
    const writing = needingServer((repository, running) => work(writer, repository, running));
    const job = this.runLong(AbortSignal.any([signal, writer.signal]), writing);
    return job.catch((error: unknown) => {
      writer.abort(error);
      throw error;
    });
  }

  /** Tells how a job is getting on while it works. */
  reported<Result>(
    job: { progress(waiting: ErrorCode | null): RestoreProgress },
    onProgress: (progress: RestoreProgress) => void,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return withProgress(() => job.progress(this.waiting), onProgress, work);
  }

  /** Why nothing moves just now; null while all is well. */
  get waiting(): ErrorCode | null {
    return this.lastWait !== null && this.now() < this.lastWait.untilMs ? this.lastWait.code : null;
  }

  /** Milliseconds that were waited so far. */
  get waitedMs(): number {
    return this.waitingTime.until(this.now());
  }
}

/** Work with what no device keeps: contents of files, or a place to write. */
export function needingServer<Result>(work: Work<Result>): Work<Result> {
  return async (...call) => {
    if (call[2].info.offline) throw new HoldallError("opened-offline");
    return work(...call);
  };
}
