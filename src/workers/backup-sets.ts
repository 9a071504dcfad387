import type { Bytes } from "../core/base/bytes.ts";
import { type Clock, systemClock } from "../core/base/clock.ts";
import { HoldallError, isAbort, QuotaError } from "../core/base/errors.ts";
import { orElse } from "../core/base/leniency.ts";
import type { SetStore } from "../core/base/ports.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { BackupRun, BackupSet, BackupSetInfo, SetStorageInfo, UnfinishedRun } from "./repository-api.ts";
import {
  backupSetOf,
  decodeSets,
  decodeUnfinished,
  encodeSets,
  encodeUnfinished,
  type KeptSet,
  mostRuns,
  mostSets,
} from "./set-records.ts";

const setsKey = "sets";
const dayMs = 86_400_000;

/**
 * The sets of one open repository, with their history, sealed under its key. What storage gives and cannot be opened and
 * read counts as nothing: any set can be continued from one of its snapshots.
 */
export class BackupSets {
  private isDamaged = false;

  constructor(
    private readonly repository: Pick<Repository, "sealRecord" | "openRecord">,
    private readonly store: SetStore,
    private readonly clock: Clock = systemClock,
  ) {}

  async list(): Promise<BackupSetInfo[]> {
    const infos = (await this.read()).map(async ({ set, runs }) => {
      return { set, runs: [...runs], unfinished: await this.unfinishedOf(set.id, runs) };
    });
    return Promise.all(infos);
  }

  /** Throws HoldallError "set-refused" if it could not be read again, and as `change`. */
  async save(set: BackupSet): Promise<void> {
    const checked = checkedSet(set);
    await this.change((sets) => {
      if (sets.some((kept) => kept.set.id === set.id))
        return sets.map((kept) => (kept.set.id === set.id ? { ...kept, set: checked } : kept));
      if (sets.length >= mostSets) throw new HoldallError("set-refused", { most: mostSets });
      return [...sets, { set: checked, runs: [], rereadTurn: null }];
    });
  }

  async remove(id: string): Promise<void> {
    await this.change((sets) => sets.filter(({ set }) => set.id !== id));
    await this.dismissUnfinished(id);
  }

  async dismissUnfinished(setId: string): Promise<void> {
    await this.inTime(() => this.store.update(runKey(setId), async () => null));
  }

  async storage(): Promise<SetStorageInfo> {
    await this.read();
    return { place: this.store.place, damaged: this.isDamaged };
  }

  /** The number of the next run, which says whose turn it is to be read anew. A set that knows none begins with the day. */
  async rereadTurn(setId: string): Promise<number> {
    const kept = (await this.read()).find(({ set }) => set.id === setId);
    return kept?.rereadTurn ?? Math.floor(this.clock.now() / dayMs);
  }

  /** While the returned function is not called, the run of this set does not count as cut off. */
  claimRun(setId: string): Promise<() => void> {
    return this.store.claimRun(setId);
  }

  async noteUnfinished(setId: string, run: UnfinishedRun): Promise<void> {
    await this.inTime(() =>
      this.store.update(runKey(setId), () => this.repository.sealRecord(encodeUnfinished(setId, run))),
    );
  }

  /** Puts a run that ended in order into the history; of one that was complete, the next turn follows. */
  async noteRun(setId: string, run: BackupRun): Promise<void> {
    const isComplete = run.outcome === "stored" || run.outcome === "unchanged";
    const turn = await this.rereadTurn(setId);
    const note = (kept: KeptSet) => {
      if (kept.set.id !== setId) return kept;
      const rereadTurn = isComplete ? (kept.rereadTurn ?? turn) + 1 : kept.rereadTurn;
      return { ...kept, runs: [run, ...kept.runs].slice(0, mostRuns), rereadTurn };
    };
    try {
      await this.change((sets) => sets.map(note));
    } finally {
      // Also where the history has no room: the run has ended all the same.
      await this.dismissUnfinished(setId);
    }
  }

  /** A run is written down only while it is claimed: so it was cut off if it stood there before and after nobody did. */
  private async unfinishedOf(setId: string, runs: readonly BackupRun[]): Promise<UnfinishedRun | null> {
    const before = await this.readUnfinished(setId);
    if (before === null || runs.some(({ startedMs }) => startedMs === before.startedMs)) return null;
    if (await this.leniently(() => this.store.isRunning(setId), false)) return null;
    const after = await this.readUnfinished(setId);
    return after?.startedMs === before.startedMs ? after : null;
  }

  private async readUnfinished(setId: string): Promise<UnfinishedRun | null> {
    const stored = await this.leniently(() => this.store.load(runKey(setId)), null);
    return stored === null ? null : this.opened(stored, (plain) => decodeUnfinished(plain, setId));
  }

  private async read(): Promise<KeptSet[]> {
    const unread = Symbol();
    const stored = await this.leniently<Bytes | null | symbol>(() => this.store.load(setsKey), unread);
    this.isDamaged = typeof stored === "symbol";
    return stored === null || typeof stored === "symbol" ? [] : this.setsIn(stored);
  }

  private async setsIn(stored: Bytes): Promise<KeptSet[]> {
    const sets = await this.opened(stored, decodeSets);
    this.isDamaged = sets === null;
    return sets ?? [];
  }

  /** Throws QuotaError "quota-exceeded", HoldallError "storage-refused" where the browser keeps nothing. */
  private async change(edit: (sets: readonly KeptSet[]) => readonly KeptSet[]): Promise<void> {
    await this.inTime(() =>
      this.store.update(setsKey, async (stored) => {
        const edited = edit(stored === null ? [] : await this.setsIn(stored));
        return edited.length === 0 ? null : this.repository.sealRecord(encodeSets(edited));
      }),
    );
  }

  /** Null for what somebody else has written, or nobody any more can read. */
  private async opened<Value>(sealed: Bytes, decode: (plain: Bytes) => Value): Promise<Value | null> {
    try {
      return decode(await this.repository.openRecord(sealed));
    } catch (error) {
      if (!(error instanceof HoldallError) || error.code === "closed") throw error;
      return null;
    }
  }

  private leniently<Value>(work: () => Promise<Value>, otherwise: Value): Promise<Value> {
    return orElse(work, otherwise, undefined, this.clock);
  }

  /** Storage that does not answer is storage that refuses. */
  private async inTime(work: () => Promise<void>): Promise<void> {
    let failure: unknown = new HoldallError("storage-refused", { reason: "no answer" });
    const attempt = async () => {
      try {
        await work();
      } catch (error) {
        failure = refusalOf(error);
        throw error;
      }
    };
    if (!(await this.leniently(() => attempt().then(() => true), false))) throw failure;
  }
}

function runKey(setId: string): string {
  return `run/${setId}`;
}

function checkedSet(set: BackupSet): BackupSet {
  try {
    return backupSetOf(set);
  } catch (error) {
    if (!(error instanceof HoldallError)) throw error;
    throw new HoldallError("set-refused", error.context, { cause: error });
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof HoldallError || isAbort(error)) return error;
  const reason = error instanceof Error ? error.name : "unknown";
  if (reason === "QuotaExceededError") return new QuotaError("quota-exceeded", { reason }, { cause: error });
  return new HoldallError("storage-refused", { reason }, { cause: error });
}
