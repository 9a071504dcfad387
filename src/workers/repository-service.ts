import { findParent } from "../core/archiver/parent.ts";
import type { Id } from "../core/base/id.ts";
import type { FileSink, LockJournal, SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import type { Repository } from "../core/repository/repository.ts";
import { ArchiveJob } from "./archive-job.ts";
import { BackupJob } from "./backup-job.ts";
import { previewBackup } from "./backup-preview.ts";
import type { BackupSets } from "./backup-sets.ts";
import { CheckJob } from "./check-job.ts";
import { failedFile } from "./failed-file.ts";
import { FileJob } from "./file-job.ts";
import { type PreviewRequest, previewFile } from "./file-preview.ts";
import { listFolder } from "./folder-listing.ts";
import { FolderMeter } from "./folder-sizes.ts";
import { HeldLocks } from "./held-locks.ts";
import { countInvisible } from "./invisible-entries.ts";
import { listLocks } from "./lock-list.ts";
import { dropOffline, keepOffline, offlineState } from "./offline-snapshots.ts";
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
  CheckDataProgress,
  CheckDataResult,
  FailedFile,
  FolderListing,
  FolderPick,
  FolderSizes,
  IndexInfo,
  IndexProgress,
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
  TrialRequest,
  VerifyUploadProgress,
  VerifyUploadResult,
  WriterState,
} from "./repository-api.ts";
import { RepositoryTabs } from "./repository-tabs.ts";
import { RestoreJob } from "./restore-job.ts";
import type { Served } from "./rpc.ts";
import { createSession, openSession, type Session, type SessionOptions, type SessionPorts, setsOf } from "./session.ts";
import { type LivingSession, needingServer, SessionJobs } from "./session-jobs.ts";
import { runSet } from "./set-run.ts";
import { snapshotInfo } from "./snapshot-info.ts";
import { ToldLocks } from "./told-locks.ts";
import { checkUpload } from "./upload-check.ts";
import { idOf } from "./wire-id.ts";

/** What the service needs of the platform it runs on. */
export interface RepositoryServicePorts extends SessionPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
  sinkOf(target: FileSystemDirectoryHandle): FileSink;
  programVersion: string;
}

type Context<Progress = never> = Required<CallContext<Progress>>;
/** The contract, served: at most one open repository, all jobs of which end when it is closed. */
export class RepositoryService implements Served<RepositoryApi> {
  /** The backup that runs: at most one, since it has claimed to be the writer. */
  private backupJob: BackupJob | null = null;
  private readonly locks = new HeldLocks();
  private readonly jobs: SessionJobs;
  private readonly meters = new WeakMap<Repository, FolderMeter>();

  constructor(private readonly ports: RepositoryServicePorts) {
    this.jobs = new SessionJobs(() => this.now());
  }

  async probe({ location }: { location: RepositoryLocation }, { signal }: Context): Promise<ProbeResult> {
    const backend = this.ports.connect(location, this.jobs.patience().retry);
    const length = await backend.stat({ type: "config" }, signal);
    return { state: length ? "repository" : "empty" };
  }

  open(request: OpenRequest, context: Context<OpenProgress>): Promise<RepositoryInfo> {
    return this.enter(request, context, (options) => openSession(this.ports, request, options));
  }

  create(request: OpenRequest & { formatVersion: 1 | 2 }, context: Context<OpenProgress>): Promise<RepositoryInfo> {
    return this.enter(request, context, (options) => createSession(this.ports, request, options));
  }

  awaitIndex(_: Record<never, never>, { signal, onProgress }: Context<IndexProgress>): Promise<IndexInfo> {
    return this.jobs.run(signal, (repository, running) =>
      withProgress(
        () => repository.indexProgress,
        onProgress,
        async () => {
          const { size: blobs, packCount: packs } = await repository.indexed(running);
          return { blobs, packs };
        },
      ),
    );
  }

  async listSnapshots(_: Record<never, never>, { signal }: Context): Promise<SnapshotList> {
    const list = await this.jobs.run(signal, async (repository, running, session) => {
      const { snapshots, unreadable } = await repository.listSnapshots(running);
      const infos = snapshots.map(snapshotInfo).sort((a, b) => b.timeMs - a.timeMs);
      const failed = unreadable.map(({ id, error }) => unreadableSnapshot(id, error));
      return { snapshots: infos, unreadable: failed, missingSnapshots: session.missingSnapshots() };
    });
    void this.loadIndex();
    return list;
  }

  listFolder({ snapshot, path }: { snapshot: string; path: NodePath }, { signal }: Context): Promise<FolderListing> {
    return this.jobs.run(signal, async (repository, running) => {
      const { tree } = await repository.loadSnapshot(idOf(snapshot), running);
      return listFolder(repository.trees, tree, path, running);
    });
  }

  inspectParent(
    { hostname, rootNames }: { hostname: string; rootNames: string[] },
    { signal }: Context,
  ): Promise<ParentInfo> {
    return this.jobs.run(signal, async (repository, running) => {
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
    return this.jobs.run(signal, (_, running) => previewBackup(this.ports, request, running, onProgress));
  }

  async steerBackup(steering: BackupSteering): Promise<void> {
    this.backupJob?.steer(steering);
  }

  verifyUpload(
    { extent }: { extent: "sample" | "all" },
    { signal, onProgress }: Context<VerifyUploadProgress>,
  ): Promise<VerifyUploadResult> {
    const waiting = () => this.jobs.waiting;
    const work = needingServer((repository, running) =>
      checkUpload(repository.checkUpload(extent), running, { onProgress, waiting }),
    );
    return this.jobs.runLong(signal, work);
  }

  listSets(_: Record<never, never>, { signal }: Context): Promise<BackupSetInfo[]> {
    return this.jobs.run(signal, (_repository, _signal, { sets }) => sets.list());
  }

  saveSet({ set }: { set: BackupSet }, { signal }: Context): Promise<void> {
    return this.jobs.run(signal, (_repository, _signal, { sets }) => sets.save(set));
  }

  removeSet({ id }: { id: string }, { signal }: Context): Promise<void> {
    return this.jobs.run(signal, (_repository, _signal, { sets }) => sets.remove(id));
  }

  dismissUnfinished({ setId }: { setId: string }, { signal }: Context): Promise<void> {
    return this.jobs.run(signal, (_repository, _signal, { sets }) => sets.dismissUnfinished(setId));
  }

  setStorage(_: Record<never, never>, { signal }: Context): Promise<SetStorageInfo> {
    return this.jobs.run(signal, (_repository, _signal, { sets }) => sets.storage());
  }

  watchWriter(_: Record<never, never>, { signal, onProgress }: Context<WriterState>): Promise<void> {
    return this.jobs.run(signal, (_repository, running, { tabs }) => tabs.watch(onProgress, running));
  }

  listLocks(_: Record<never, never>, { signal }: Context): Promise<LockInfo[]> {
    return this.jobs.run(signal, listLocks);
  }

  removeLock({ id }: { id: string }, { signal }: Context): Promise<void> {
    return this.jobs.run(signal, (repository, running) => repository.removeLock(idOf(id), running));
  }

  backup(request: BackupRequest, { signal, onProgress }: Context<BackupProgress>): Promise<BackupResult> {
    const work = needingServer((repository, running, session) =>
      session.tabs.asWriter(async () => {
        const job = await this.createBackupJob(repository, request, session.sets);
        const progress = () => job.progress(this.jobs.waiting);
        const run = () => withProgress(progress, onProgress, () => this.runSteered(job, running));
        return this.accompanied(session, { request, progress, signal: running }, run);
      }),
    );
    return this.jobs.runLong(signal, work);
  }

  saveFile(
    { port, ...place }: { snapshot: string; path: NodePath; port: MessagePort },
    { signal, onProgress }: Context<RestoreProgress>,
  ): Promise<{ length: number }> {
    return this.jobs.runIntoPort(port, signal, async (writer, repository, running) => {
      const job = new FileJob(repository, place);
      return this.jobs.reported(job, onProgress, () => job.save(writer, running));
    });
  }

  measureFolders(
    { snapshot, path }: { snapshot: string; path: NodePath },
    { signal, onProgress }: Context<FolderSizes>,
  ): Promise<FolderSizes> {
    return this.jobs.run(signal, async (repository, running) => {
      const { tree } = await repository.loadSnapshot(idOf(snapshot), running);
      const found: FolderSizes = { sizes: [], complete: false };
      const measuring = () => this.meterOf(repository).measure(tree, path, found, running);
      await withProgress(() => found, onProgress, measuring);
      return found;
    });
  }

  preview(request: PreviewRequest, { signal }: Context): Promise<Preview> {
    return this.jobs.run(
      signal,
      needingServer((repository, running) => previewFile(repository, request, running)),
    );
  }

  planArchive(request: ArchiveRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<ArchivePlan> {
    const work = needingServer(async (repository, running) => {
      const job = new ArchiveJob(repository, request);
      return this.jobs.reported(job, onProgress, () => job.plan(running));
    });
    return this.jobs.run(signal, work);
  }

  saveArchive(
    { port, ...request }: ArchiveRequest & { port: MessagePort },
    { signal, onProgress }: Context<RestoreProgress>,
  ): Promise<RestoreResult> {
    return this.jobs.runIntoPort(port, signal, async (writer, repository, running) => {
      const job = new ArchiveJob(repository, request);
      return this.jobs.reported(job, onProgress, () => job.save(writer, running));
    });
  }

  planRestore(request: RestoreRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestorePlanInfo> {
    const work = needingServer(async (repository, running) => {
      const job = RestoreJob.intoFolder(repository, request, this.ports.sinkOf(request.target));
      return this.jobs.reported(job, onProgress, () => job.lookAhead(running));
    });
    return this.jobs.run(signal, work);
  }

  restore(request: RestoreRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestoreResult> {
    const work = needingServer(async (repository, running) => {
      const job = RestoreJob.intoFolder(repository, request, this.ports.sinkOf(request.target));
      return this.jobs.reported(job, onProgress, () => job.run(running));
    });
    return this.jobs.runLong(signal, work);
  }

  tryRestore(request: TrialRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestoreResult> {
    const work = needingServer(async (repository, running) => {
      await repository.refreshIndex(running);
      const job = RestoreJob.trial(repository, request);
      return this.jobs.reported(job, onProgress, () => job.run(running));
    });
    return this.jobs.runLong(signal, work);
  }

  checkData(_: Record<never, never>, { signal, onProgress }: Context<CheckDataProgress>): Promise<CheckDataResult> {
    const work = needingServer(async (repository, running) => {
      const job = new CheckJob(repository);
      const progress = () => job.progress(this.jobs.waiting);
      return withProgress(progress, onProgress, () => job.run(running));
    });
    return this.jobs.runLong(signal, work);
  }

  keepOffline(
    { snapshot }: { snapshot: string },
    { signal, onProgress }: Context<OfflineProgress>,
  ): Promise<OfflineState> {
    return this.jobs.runLong(signal, (repository, running) =>
      keepOffline(repository, idOf(snapshot), running, onProgress),
    );
  }

  dropOffline({ snapshot }: { snapshot: string }, { signal }: Context): Promise<OfflineState> {
    return this.jobs.run(signal, (repository) => dropOffline(repository, idOf(snapshot)));
  }

  offlineState(_: Record<never, never>, { signal }: Context): Promise<OfflineState> {
    return this.jobs.run(signal, offlineState);
  }

  watchLocks(_: Record<never, never>, { signal, onProgress }: Context<string[]>): Promise<void> {
    return this.locks.watch(onProgress, signal);
  }

  close({ locksRemoved = false }: { locksRemoved?: boolean } = {}): Promise<void> {
    return this.jobs.close({ locksRemoved });
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
    const patience = this.jobs.patience();
    const told = new ToldLocks();
    const watchJournal = (journal: LockJournal) => this.locks.watching(told.joining(journal));
    const session = await open({ retry: patience.retry, watchJournal, signal, onProgress });
    const sets = setsOf(this.ports, request, session.repository);
    const tabs = this.tabsOf(session.repository, told);
    this.jobs.open({ ...session, sets, tabs }, patience);
    return session.info;
  }

  /**
   * Begins when the snapshots are listed, which it would only delay, and goes on behind the calls that need no index. One
   * that does tells what went wrong here.
   */
  private async loadIndex(): Promise<void> {
    const { signal } = new AbortController();
    const loading = this.jobs.run(signal, async (repository, running) => {
      await repository.indexed(running);
      await repository.copy?.settle();
    });
    await loading.catch(() => {});
  }

  private tabsOf(repository: Repository, told: ToldLocks): RepositoryTabs {
    const { tabs, clock } = this.ports;
    return new RepositoryTabs({ repositoryId: repository.config.id, repository, tabs, held: this.locks, told, clock });
  }

  /** A set counts its runs, so that each reads its share of the unchanged files anew; without one, the day decides. */
  private async createBackupJob(
    repository: Repository,
    request: BackupRequest,
    sets: Pick<BackupSets, "rereadTurn">,
  ): Promise<BackupJob> {
    const { sourceFolderOf, programVersion } = this.ports;
    const now = () => this.now();
    const waitedMs = () => this.jobs.waitedMs;
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

  private now(): number {
    return this.ports.clock?.now() ?? Date.now();
  }
}

/** The turn of a run that no set counts: a daily one reads every file in as many days as there are turns. */
function daysSince1970(nowMs: number): number {
  return Math.max(0, Math.floor(nowMs / 86_400_000));
}

function unreadableSnapshot(id: Id, error: unknown): FailedFile {
  return { ...failedFile({ path: [], error }), path: `snapshots/${id}` };
}
