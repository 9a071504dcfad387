import type { Backend } from "../../src/core/backend/backend.ts";
import { connectRest } from "../../src/core/backend/connect-rest.ts";
import type { RetryOptions } from "../../src/core/backend/with-retry.ts";
import type { Clock } from "../../src/core/base/clock.ts";
import { HoldallError, isAbort } from "../../src/core/base/errors.ts";
import type { LockJournal, SourceFolder } from "../../src/core/base/ports.ts";
import type { BackupProgress, BackupRequest, BackupResult } from "../../src/workers/repository-api.ts";
import { RepositoryService } from "../../src/workers/repository-service.ts";
import { backupRequest } from "../support/backup-request.ts";
import { nodeKernels } from "../support/kernels.ts";
import { MemoryOfflineStore } from "../support/memory-offline-store.ts";
import { MemoryPackSpool } from "../support/memory-pack-spool.ts";
import { MemorySetStores } from "../support/memory-set-stores.ts";
import { MemoryBrowser } from "../support/memory-tabs.ts";
import { FaultClock, hastyClock } from "./fault-clock.ts";
import { connections, hostname, packSizeBytes, password, rootName } from "./sizes.ts";

export interface EngineRun {
  /** "stored", another outcome, or the code of what the run failed with. */
  ended: string;
  result: BackupResult | null;
  error: unknown;
}

export interface EngineSettings {
  /** The repository, with a slash at the end. */
  url: string;
  source: SourceFolder;
  clock?: FaultClock;
  /** Stands before the server, as a defect does. */
  alter?: ((backend: Backend) => Backend) | undefined;
  request?: Partial<BackupRequest>;
}

/**
 * A device on which the repository worker's service runs in Node, over and over again: what a browser keeps from start to
 * start (the offline copy, the journal of locks) is kept, also when a run dies.
 */
export class EngineDevice {
  private readonly store = new MemoryOfflineStore();
  private readonly sets = new MemorySetStores();
  private readonly browser = new MemoryBrowser();
  private journal = new DeviceJournal();

  /** Opens the repository, backs up once and closes it. Whatever goes wrong is in the result. */
  async backUp(settings: EngineSettings): Promise<EngineRun> {
    return this.start(settings).ended;
  }

  start(settings: EngineSettings): StartedRun {
    const { url, source, clock = new FaultClock(), alter, request } = settings;
    const tab = this.browser.openTab();
    const service = this.service({ source, clock, tab, ...(alter ? { alter } : {}) });
    const run = new StartedRun(service, clock, () => {
      // What the dead run still does to its journal no longer happens.
      this.journal = this.journal.afterDeath();
      this.browser.kill(tab);
    });
    run.begin({ url, request: runRequest(request) });
    return run;
  }

  private service({ source, clock, alter, tab }: ServiceSettings) {
    const { journal, store } = this;
    return new RepositoryService({
      connect: (location, retry: RetryOptions) => {
        if (location.kind !== "rest") throw new RangeError("a REST server is wanted");
        const { url, login } = location;
        const backend = connectRest({ url, login, connections, clock }, Object.assign(retry, { clock: hastyClock }));
        return alter?.(backend) ?? backend;
      },
      kernels: nodeKernels,
      clock,
      openJournal: () => journal,
      openOfflineStore: () => store,
      sourceFolderOf: () => source,
      sinkOf: () => {
        throw new RangeError("nothing is restored here");
      },
      openPackSpool: () => new MemoryPackSpool(),
      openSetStore: (repositoryId) => this.sets.open(repositoryId),
      tabs: tab,
      programVersion: "holdall faults",
    });
  }
}

interface ServiceSettings extends Pick<EngineSettings, "source" | "alter"> {
  clock: Clock;
  tab: ReturnType<MemoryBrowser["openTab"]>;
}

/** One run of a device: opening, backup, closing. */
export class StartedRun {
  ended: Promise<EngineRun> = Promise.resolve({ ended: "not begun", result: null, error: null });
  private isDead = false;

  constructor(
    private readonly service: RepositoryService,
    private readonly clock: FaultClock,
    private readonly onDeath: () => void,
  ) {}

  begin(settings: { url: string; request: BackupRequest }): void {
    this.ended = this.work(settings);
  }

  /**
   * From now on the run is dead: the caller has cut it off from the server first, so nothing of it reaches anything any
   * more. What it still tries in vain ends by itself.
   */
  die(): void {
    this.isDead = true;
    this.onDeath();
    const over = () => clearInterval(hurry);
    const hurry = setInterval(() => this.clock.skip(60_000), 20);
    hurry.unref();
    this.service.close().then(over, over);
  }

  private async work({ url, request }: { url: string; request: BackupRequest }): Promise<EngineRun> {
    const { signal } = new AbortController();
    const quiet = { signal, onProgress: () => {} };
    const location = { kind: "rest", url, login: null, connections } as const;
    try {
      await this.service.open({ location, password, keep: { kind: "device", budgetBytes: 1 << 24 } }, quiet);
      const result = await this.service.backup(request, { signal, onProgress: (progress) => this.answer(progress) });
      return { ended: result.outcome, result, error: null };
    } catch (error) {
      return { ended: endOf(error), result: null, error };
    } finally {
      if (!this.isDead) await this.service.close();
    }
  }

  /** Whatever the run asks, it is believed: what a folder lost is the fault's own doing. */
  private answer({ question }: BackupProgress): void {
    if (question === null) return;
    this.service.steerBackup({ question: question.id, answer: "believe" }).catch(() => {});
  }
}

function runRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
  return backupRequest({
    sources: [{ rootName, folder: { kind: "files", files: [], emptyFolders: [] }, addsToParent: false }],
    hostname,
    packSizeBytes,
    ...changes,
  });
}

function endOf(error: unknown): string {
  if (error instanceof HoldallError) return error.code;
  return isAbort(error) ? "aborted" : `bug: ${String(error)}`;
}

/** A browser's journal of locks: the ids are kept, the claims die with their holder. */
class DeviceJournal implements LockJournal {
  private readonly claims = new Set<string>();

  constructor(private readonly ids = new Set<string>()) {}

  /** As it is found when the holder of all claims has died. */
  afterDeath(): DeviceJournal {
    return new DeviceJournal(new Set(this.ids));
  }

  async add(_: string, lockId: string): Promise<void> {
    this.ids.add(lockId);
  }

  async remove(_: string, lockId: string): Promise<void> {
    this.ids.delete(lockId);
  }

  async list(): Promise<string[]> {
    return [...this.ids];
  }

  async claim(lockId: string): Promise<() => void> {
    this.claims.add(lockId);
    return () => this.claims.delete(lockId);
  }

  async isClaimed(lockId: string): Promise<boolean> {
    return this.claims.has(lockId);
  }
}
