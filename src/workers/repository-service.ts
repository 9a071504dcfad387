import { findParent } from "../core/archiver/parent.ts";
import { type ErrorCode, HoldallError } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import type { FileSink, LockJournal, SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import type { Repository } from "../core/repository/repository.ts";
import { ArchiveJob } from "./archive-job.ts";
import { BackupJob } from "./backup-job.ts";
import { previewBackup } from "./backup-preview.ts";
import type { BackupSets } from "./backup-sets.ts";
import { failedFile } from "./failed-file.ts";
import { FileJob } from "./file-job.ts";
import { type PreviewRequest, previewFile } from "./file-preview.ts";
import { listFolder } from "./folder-listing.ts";
import { FolderMeter } from "./folder-sizes.ts";
import { HeldLocks } from "./held-locks.ts";
import { countInvisible } from "./invisible-entries.ts";
import { listLocks } from "./lock-list.ts";
import { dropOffline, keepOffline, offlineState } from "./offline-snapshots.ts";
import { Patience } from "./patience.ts";
import { withProgress } from "./progress-sampler.ts";
import type {
  ArchivePlan,
  ArchiveRequest,
  BackupPreview,
  BackupProgress,
  BackupRequest,
  BackupResult,
  BackupSet,
  BackupSetInfo,
  BackupSteering,
  CallContext,
  FailedFile,
  FolderListing,
  FolderPick,
  FolderSizes,
  LockInfo,
  NodePath,
  OfflineProgress,
  OfflineState,
  OpenProgress,
  OpenRequest,
  ParentInfo,
  Preview,
  ProbeResult,
  RepositoryApi,
  RepositoryInfo,
  RepositoryLocation,
  RestorePlanInfo,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
  SetStorageInfo,
  SnapshotList,
  VerifyUploadProgress,
  VerifyUploadResult,
  WriterState,
} from "./repository-api.ts";
import { RepositoryTabs } from "./repository-tabs.ts";
import { RestoreJob } from "./restore-job.ts";
import type { Served } from "./rpc.ts";
import { createSession, openSession, type Session, type SessionOptions, type SessionPorts, setsOf } from "./session.ts";
import { runSet } from "./set-run.ts";
import { snapshotInfo } from "./snapshot-info.ts";
import { type StreamWriter, writeToPort } from "./stream-port.ts";
import { ToldLocks } from "./told-locks.ts";
import { checkUpload } from "./upload-check.ts";
import { WaitingTime } from "./waiting-time.ts";
import { idOf } from "./wire-id.ts";

/** What the service needs of the platform it runs on. */
export interface RepositoryServicePorts extends SessionPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
  sinkOf(target: FileSystemDirectoryHandle): FileSink;
  programVersion: string;
}

type Context<Progress = never> = Required<CallContext<Progress>>;
type Work<Result> = (repository: Repository, signal: AbortSignal, session: LivingSession) => Promise<Result>;

/** A session with what goes on around it: sets and other tabs. */
interface LivingSession extends Session {
  sets: BackupSets;
  tabs: RepositoryTabs;
}

interface OpenedSession {
  session: LivingSession;
  patience: Patience;
  closing: AbortController;
}

/** The contract, served: at most one open repository, all jobs of which end when it is closed. */
export class RepositoryService implements Served<RepositoryApi> {
  private opened: OpenedSession | null = null;
  /** The last failure that is waited out, and when the next attempt will have begun. */
  private lastWait: { code: ErrorCode; untilMs: number } | null = null;
  private readonly waitingTime = new WaitingTime();
  /** The backup that runs: at most one, since it has claimed to be the writer. */
  private backupJob: BackupJob | null = null;
  private readonly locks = new HeldLocks();
  private readonly jobs = new Set<Promise<unknown>>();
  private readonly meters = new WeakMap<Repository, FolderMeter>();

  constructor(private readonly ports: RepositoryServicePorts) {}

  async probe({ location }: { location: RepositoryLocation }, { signal }: Context): Promise<ProbeResult> {
    const backend = this.ports.connect(location, this.patience().retry);
    const length = await backend.stat({ type: "config" }, signal);
    return { state: length ? "repository" : "empty" };
  }

  open(request: OpenRequest, context: Context<OpenProgress>): Promise<RepositoryInfo> {
    return this.enter(request, context, (options) => openSession(this.ports, request, options));
  }

  create(request: OpenRequest & { formatVersion: 1 | 2 }, context: Context<OpenProgress>): Promise<RepositoryInfo> {
    return this.enter(request, context, (options) => createSession(this.ports, request, options));
  }

  listSnapshots(_: Record<never, never>, { signal }: Context): Promise<SnapshotList> {
    return this.run(signal, async (repository, running, session) => {
      const { snapshots, unreadable } = await repository.listSnapshots(running);
      const infos = snapshots.map(snapshotInfo).sort((a, b) => b.timeMs - a.timeMs);
      const failed = unreadable.map(({ id, error }) => unreadableSnapshot(id, error));
      return { snapshots: infos, unreadable: failed, missingSnapshots: session.missingSnapshots() };
    });
  }

  listFolder({ snapshot, path }: { snapshot: string; path: NodePath }, { signal }: Context): Promise<FolderListing> {
    return this.run(signal, async (repository, running) => {
      const { tree } = await repository.loadSnapshot(idOf(snapshot), running);
      return listFolder(repository.trees, tree, path, running);
    });
  }

  inspectParent(
    { hostname, rootNames }: { hostname: string; rootNames: string[] },
    { signal }: Context,
  ): Promise<ParentInfo> {
    return this.run(signal, async (repository, running) => {
      const { snapshots } = await repository.listSnapshots(running);
      const paths = rootNames.map((name) => `/${name}`);
      const parent = findParent(snapshots, { hostname, paths, timeMs: this.now() });
      if (parent === null) return { parent: null, invisibleEntries: 0 };
      const roots = rootNames.map(rawNameOf);
      const invisibleEntries = await countInvisible(repository.trees, parent.snapshot.tree, roots, running);
      return { parent: snapshotInfo(parent), invisibleEntries };
    });
  }

  previewBackup(
    request: Parameters<RepositoryApi["previewBackup"]>[0],
    { signal, onProgress }: Context<BackupPreview>,
  ): Promise<BackupPreview> {
    return this.run(signal, (_, running) => previewBackup(this.ports, request, running, onProgress));
  }

  async steerBackup(steering: BackupSteering): Promise<void> {
    this.backupJob?.steer(steering);
  }

  verifyUpload(
    { extent }: { extent: "sample" | "all" },
    { signal, onProgress }: Context<VerifyUploadProgress>,
  ): Promise<VerifyUploadResult> {
    const waiting = () => this.waiting;
    const work = needingServer((repository, running) =>
      checkUpload(repository.checkUpload(extent), running, { onProgress, waiting }),
    );
    return this.runJob(signal, work);
  }

  listSets(_: Record<never, never>, { signal }: Context): Promise<BackupSetInfo[]> {
    return this.run(signal, (_repository, _signal, { sets }) => sets.list());
  }

  saveSet({ set }: { set: BackupSet }, { signal }: Context): Promise<void> {
    return this.run(signal, (_repository, _signal, { sets }) => sets.save(set));
  }

  removeSet({ id }: { id: string }, { signal }: Context): Promise<void> {
    return this.run(signal, (_repository, _signal, { sets }) => sets.remove(id));
  }

  dismissUnfinished({ setId }: { setId: string }, { signal }: Context): Promise<void> {
    return this.run(signal, (_repository, _signal, { sets }) => sets.dismissUnfinished(setId));
  }

  setStorage(_: Record<never, never>, { signal }: Context): Promise<SetStorageInfo> {
    return this.run(signal, (_repository, _signal, { sets }) => sets.storage());
  }

  watchWriter(_: Record<never, never>, { signal, onProgress }: Context<WriterState>): Promise<void> {
    return this.run(signal, (_repository, running, { tabs }) => tabs.watch(onProgress, running));
  }

  listLocks(_: Record<never, never>, { signal }: Context): Promise<LockInfo[]> {
    return this.run(signal, listLocks);
  }

  removeLock({ id }: { id: string }, { signal }: Context): Promise<void> {
    return this.run(signal, (repository, running) => repository.removeLock(idOf(id), running));
  }

  backup(request: BackupRequest, { signal, onProgress }: Context<BackupProgress>): Promise<BackupResult> {
    const work = needingServer((repository, running, session) =>
      session.tabs.asWriter(async () => {
        const job = await this.createBackupJob(repository, request, session.sets);
        const progress = () => job.progress(this.waiting);
        const run = () => withProgress(progress, onProgress, () => this.runSteered(job, running));
        return this.accompanied(session, { request, progress, signal: running }, run);
      }),
    );
    return this.runJob(signal, work);
  }

  saveFile(
    { port, ...place }: { snapshot: string; path: NodePath; port: MessagePort },
    { signal, onProgress }: Context<RestoreProgress>,
  ): Promise<{ length: number }> {
    return this.intoPort(port, signal, async (writer, repository, running) => {
      const job = new FileJob(repository, place);
      return this.reported(job, onProgress, () => job.save(writer, running));
    });
  }

  measureFolders(
    { snapshot, path }: { snapshot: string; path: NodePath },
    { signal, onProgress }: Context<FolderSizes>,
  ): Promise<FolderSizes> {
    return this.run(signal, async (repository, running) => {
      const { tree } = await repository.loadSnapshot(idOf(snapshot), running);
      const found: FolderSizes = { sizes: [], complete: false };
      const measuring = () => this.meterOf(repository).measure(tree, path, found, running);
      await withProgress(() => found, onProgress, measuring);
      return found;
    });
  }

  preview(request: PreviewRequest, { signal }: Context): Promise<Preview> {
    return this.run(
      signal,
      needingServer((repository, running) => previewFile(repository, request, running)),
    );
  }

  planArchive(request: ArchiveRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<ArchivePlan> {
    const work = needingServer(async (repository, running) => {
      const job = new ArchiveJob(repository, request);
      return this.reported(job, onProgress, () => job.plan(running));
    });
    return this.run(signal, work);
  }

  saveArchive(
    { port, ...request }: ArchiveRequest & { port: MessagePort },
    { signal, onProgress }: Context<RestoreProgress>,
  ): Promise<RestoreResult> {
    return this.intoPort(port, signal, async (writer, repository, running) => {
      const job = new ArchiveJob(repository, request);
      return this.reported(job, onProgress, () => job.save(writer, running));
    });
  }

  planRestore(request: RestoreRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestorePlanInfo> {
    const work = needingServer(async (repository, running) => {
      const job = new RestoreJob(repository, request, this.ports.sinkOf);
      return this.reported(job, onProgress, () => job.lookAhead(running));
    });
    return this.run(signal, work);
  }

  restore(request: RestoreRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestoreResult> {
    const work = needingServer(async (repository, running) => {
      const job = new RestoreJob(repository, request, this.ports.sinkOf);
      return this.reported(job, onProgress, () => job.run(running));
    });
    return this.runJob(signal, work);
  }

  keepOffline(
    { snapshot }: { snapshot: string },
    { signal, onProgress }: Context<OfflineProgress>,
  ): Promise<OfflineState> {
    return this.runJob(signal, (repository, running) => keepOffline(repository, idOf(snapshot), running, onProgress));
  }

  dropOffline({ snapshot }: { snapshot: string }, { signal }: Context): Promise<OfflineState> {
    return this.run(signal, (repository) => dropOffline(repository, idOf(snapshot)));
  }

  offlineState(_: Record<never, never>, { signal }: Context): Promise<OfflineState> {
    return this.run(signal, offlineState);
  }

  watchLocks(_: Record<never, never>, { signal, onProgress }: Context<string[]>): Promise<void> {
    return this.locks.watch(onProgress, signal);
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    opened?.closing.abort(new HoldallError("closed"));
    await Promise.allSettled(this.jobs);
    opened?.session.tabs.close();
    await opened?.session.repository.copy?.settle();
    opened?.session.repository.close();
  }

  /** A backup that other tabs hear of, and its set's history. */
  private accompanied(
    { sets, tabs }: LivingSession,
    job: { request: BackupRequest; progress: () => BackupProgress; signal: AbortSignal },
    run: () => Promise<BackupResult>,
  ): Promise<BackupResult> {
    const { request, progress, signal } = job;
    const { setId, dryRun } = request;
    if (setId === null || dryRun) return tabs.telling(progress, run);
    const { clock } = this.ports;
    return tabs.telling(progress, () => runSet({ sets, setId, progress, signal, clock }, run));
  }

  private async enter(
    request: OpenRequest,
    { signal, onProgress }: Context<OpenProgress>,
    open: (options: SessionOptions) => Promise<Session>,
  ): Promise<RepositoryInfo> {
    await this.close();
    const patience = this.patience();
    const told = new ToldLocks();
    const watchJournal = (journal: LockJournal) => this.locks.watching(told.joining(journal));
    const session = await open({ retry: patience.retry, watchJournal, signal, onProgress });
    const sets = setsOf(this.ports, request, session.repository);
    const tabs = this.tabsOf(session.repository, told);
    this.opened = { session: { ...session, sets, tabs }, patience, closing: new AbortController() };
    return session.info;
  }

  private tabsOf(repository: Repository, told: ToldLocks): RepositoryTabs {
    const { tabs, clock } = this.ports;
    return new RepositoryTabs({ repositoryId: repository.config.id, repository, tabs, held: this.locks, told, clock });
  }

  private patience(): Patience {
    return new Patience(({ error, delayMs }) => {
      this.lastWait = { code: error.code, untilMs: this.now() + delayMs };
      this.waitingTime.begin(this.now(), delayMs);
    });
  }

  /** Serves a call of the open repository; close() aborts it and waits for its end. */
  private run<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result> {
    const { opened } = this;
    if (opened === null) return Promise.reject(new HoldallError("closed"));
    const { session, closing } = opened;
    const job = work(session.repository, AbortSignal.any([signal, closing.signal]), session);
    this.jobs.add(job);
    return job.finally(() => this.jobs.delete(job));
  }

  /** Serves a call that may take long: until it ends, failures of the network are waited out. */
  private runJob<Result>(signal: AbortSignal, work: Work<Result>): Promise<Result> {
    const patience = this.opened?.patience ?? this.patience();
    return this.run(signal, (...call) => patience.during(() => work(...call)));
  }

  /** Serves a job that streams into a port: what reads there fails if the job does, and ends the job if it stops reading. */
  private intoPort<Result>(
    port: MessagePort,
    signal: AbortSignal,
    work: (writer: StreamWriter, repository: Repository, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const writer = writeToPort(port);
    const writing = needingServer((repository, running) => work(writer, repository, running));
    const job = this.runJob(AbortSignal.any([signal, writer.signal]), writing);
    return job.catch((error: unknown) => {
      writer.abort(error);
      throw error;
    });
  }

  /** A set counts its runs, so that each reads its share of the unchanged files anew; without one, the day decides. */
  private async createBackupJob(
    repository: Repository,
    request: BackupRequest,
    sets: Pick<BackupSets, "rereadTurn">,
  ): Promise<BackupJob> {
    const { sourceFolderOf, programVersion } = this.ports;
    const now = () => this.now();
    const waitedMs = () => this.waitingTime.until(this.now());
    const { setId } = request;
    const rereadTurn = setId === null ? daysSince1970(this.now()) : await sets.rereadTurn(setId);
    const ports = { sourceFolderOf, programVersion, now, waitedMs, rereadTurn };
    return new BackupJob(repository, request, ports);
  }

  private async runSteered(job: BackupJob, signal: AbortSignal): Promise<BackupResult> {
    this.backupJob = job;
    try {
      return await job.run(signal);
    } finally {
      this.backupJob = null;
    }
  }

  private meterOf(repository: Repository): FolderMeter {
    const meter = this.meters.get(repository) ?? new FolderMeter(repository.trees);
    this.meters.set(repository, meter);
    return meter;
  }

  private reported<Result>(
    job: { progress(waiting: ErrorCode | null): RestoreProgress },
    onProgress: (progress: RestoreProgress) => void,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return withProgress(() => job.progress(this.waiting), onProgress, work);
  }

  private get waiting(): ErrorCode | null {
    return this.lastWait !== null && this.now() < this.lastWait.untilMs ? this.lastWait.code : null;
  }

  private now(): number {
    return this.ports.clock?.now() ?? Date.now();
  }
}

/** Work with what no device keeps: contents of files, or a place to write. */
function needingServer<Result>(work: Work<Result>): Work<Result> {
  return async (...call) => {
    if (call[2].info.offline) throw new HoldallError("opened-offline");
    return work(...call);
  };
}

/** The turn of a run that no set counts: a daily one reads every file in as many days as there are turns. */
function daysSince1970(nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / 86_400_000));
}

function unreadableSnapshot(id: Id, error: unknown): FailedFile {
  return { ...failedFile({ path: [], error }), path: `snapshots/${id}` };
}
