import { type Clock, systemClock } from "../core/base/clock.ts";
import { type ErrorCode, HoldallError, isAbort } from "../core/base/errors.ts";
import type { BackupSets } from "./backup-sets.ts";
import type { BackupProgress, BackupResult, BackupRun, UnfinishedRun } from "./repository-api.ts";
import { longestPath } from "./set-records.ts";

export interface SetRunOptions {
  sets: Pick<BackupSets, "claimRun" | "noteUnfinished" | "noteRun">;
  setId: string;
  progress(): BackupProgress;
  /** Of the run: what fails once it has aborted was cancelled. */
  signal: AbortSignal;
  clock?: Clock | undefined;
}

/** How often a run is written down; what is lost with a killed tab is one of these of the numbers, and nothing else. */
const journalMs = 10_000;

/**
 * Runs a set's backup: while it runs it is written down where it is, and in the end how it ended. What storage refuses is
 * not noted; no backup fails for it.
 */
export async function runSet(options: SetRunOptions, work: () => Promise<BackupResult>): Promise<BackupResult> {
  const { sets, setId, progress, signal, clock = systemClock } = options;
  const startedMs = clock.now();
  const release = await sets.claimRun(setId).catch(() => () => {});
  const journal = new RunJournal(() => sets.noteUnfinished(setId, unfinishedRun(startedMs, progress())), clock);
  journal.begin();
  let ended: Ending = { code: "bug" };
  try {
    const result = await work();
    ended = { result };
    return result;
  } catch (error) {
    ended = { code: signal.aborted ? "cancelled" : failureCode(error) };
    throw error;
  } finally {
    await journal.end();
    const run = runOf(ended, { startedMs, durationMs: Math.max(0, clock.now() - startedMs), last: progress() });
    await sets.noteRun(setId, run).catch(() => {});
    release();
  }
}

/** Writes down a run now and again, one after the other. */
class RunJournal {
  private writing: Promise<void> = Promise.resolve();
  private cancelTimer: () => void = () => {};
  private isOver = false;

  constructor(
    private readonly write: () => Promise<void>,
    private readonly clock: Clock,
  ) {}

  begin(): void {
    this.writing = this.write().catch(() => {});
    this.cancelTimer = this.clock.after(journalMs, () => void this.next());
  }

  async end(): Promise<void> {
    this.isOver = true;
    this.cancelTimer();
    await this.writing;
  }

  private async next(): Promise<void> {
    await this.writing;
    if (!this.isOver) this.begin();
  }
}

function unfinishedRun(startedMs: number, progress: BackupProgress): UnfinishedRun {
  const { filesDone, bytesDone, bytesUploaded, currentPath } = progress;
  return { startedMs, filesDone, bytesDone, bytesUploaded, currentPath: currentPath.slice(0, longestPath) };
}

type Ending = { result: BackupResult } | { code: ErrorCode | "cancelled" };

function failureCode(error: unknown): ErrorCode | "cancelled" {
  if (isAbort(error)) return "cancelled";
  return error instanceof HoldallError ? error.code : "bug";
}

function runOf(
  ended: Ending,
  { startedMs, durationMs, last }: { startedMs: number; durationMs: number; last: BackupProgress },
): BackupRun {
  if ("result" in ended) {
    const { outcome, snapshot, filesNew, filesChanged, filesUnmodified, failures, bytesRead } = ended.result;
    const counts = { filesNew, filesChanged, filesUnmodified, failures: failures.length, bytesRead };
    const bytesStored = ended.result.bytesUploaded;
    return { startedMs, durationMs, outcome, code: null, snapshot: snapshot?.id ?? null, ...counts, bytesStored };
  }
  const { code } = ended;
  const end = code === "cancelled" ? { outcome: code, code: null } : { outcome: "failed" as const, code };
  const { failures, bytesRead, bytesUploaded } = last;
  const counts = { filesNew: 0, filesChanged: 0, filesUnmodified: 0, failures, bytesRead };
  return { startedMs, durationMs, ...end, snapshot: null, ...counts, bytesStored: bytesUploaded };
}
