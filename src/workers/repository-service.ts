import { findParent } from "../core/archiver/parent.ts";
import type { Backend } from "../core/backend/backend.ts";
import type { RetryOptions } from "../core/backend/with-retry.ts";
import { type ErrorCode, HoldallError, UnsupportedError } from "../core/base/errors.ts";
import { type Id, parseId } from "../core/base/id.ts";
import type { FileSink, SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import { createRepository } from "../core/repository/create-repository.ts";
import { type OpenedRepository, openRepository, type RepositoryPorts } from "../core/repository/open-repository.ts";
import type { Repository } from "../core/repository/repository.ts";
import { portableNames } from "../core/restorer/name-policy.ts";
import { openFile, Restorer } from "../core/restorer/restorer.ts";
import { BackupJob } from "./backup-job.ts";
import { displayPath, failedFile } from "./failed-file.ts";
import { listFolder, nodeTypeOf } from "./folder-listing.ts";
import { HeldLocks } from "./held-locks.ts";
import { countInvisible } from "./invisible-entries.ts";
import { withProgress } from "./progress-sampler.ts";
import type {
  BackupProgress,
  BackupRequest,
  BackupResult,
  CallContext,
  FailedFile,
  FolderListing,
  FolderPick,
  NodePath,
  OpenProgress,
  OpenRequest,
  ParentInfo,
  ProbeResult,
  RepositoryApi,
  RepositoryInfo,
  RepositoryLocation,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
  SnapshotList,
} from "./repository-api.ts";
import type { Served } from "./rpc.ts";
import { snapshotInfo } from "./snapshot-info.ts";
import { writeToPort } from "./stream-port.ts";

/** What the service needs of the platform it runs on. */
export interface RepositoryServicePorts extends Omit<RepositoryPorts, "backend"> {
  connect(location: RepositoryLocation, retry: RetryOptions): Backend;
  sourceFolderOf(pick: FolderPick): SourceFolder;
  sinkOf(target: FileSystemDirectoryHandle): FileSink;
  /** Becomes the one writer of this repository on this device until released. Throws LockedError "writer-elsewhere". */
  claimWriter(repositoryId: string): Promise<() => void>;
  programVersion: string;
}

type Context<Progress = never> = Required<CallContext<Progress>>;

/** An address that cannot be reached must be told soon; later the same failure is waited out. */
const attemptsWhileOpening = 2;

/** The contract, served: at most one open repository, all jobs of which end when it is closed. */
export class RepositoryService implements Served<RepositoryApi> {
  private opened: { repository: Repository; closing: AbortController } | null = null;
  /** The last failure that is waited out, and when the next attempt will have begun. */
  private lastWait: { code: ErrorCode; untilMs: number } | null = null;
  private readonly locks = new HeldLocks();
  private readonly jobs = new Set<Promise<unknown>>();

  constructor(private readonly ports: RepositoryServicePorts) {}

  async probe({ location }: { location: RepositoryLocation }, { signal }: Context): Promise<ProbeResult> {
    const backend = this.ports.connect(location, { attempts: attemptsWhileOpening });
    const length = await backend.stat({ type: "config" }, signal);
    return { state: length ? "repository" : "empty" };
  }

  async open(
    { location, password }: OpenRequest,
    { signal, onProgress }: Context<OpenProgress>,
  ): Promise<RepositoryInfo> {
    const onPhase = (phase: OpenProgress["phase"], done: number, total: number) => onProgress({ phase, done, total });
    return this.enter(location, (ports) => openRepository(ports, { password, signal, onPhase }));
  }

  async create(
    { location, password, formatVersion }: OpenRequest & { formatVersion: 1 | 2 },
    { signal }: Context<OpenProgress>,
  ): Promise<RepositoryInfo> {
    return this.enter(location, (ports) =>
      createRepository(ports, { password, formatVersion, hostname: "browser", signal }),
    );
  }

  listSnapshots(_: Record<never, never>, { signal }: Context): Promise<SnapshotList> {
    return this.run(signal, async (repository, running) => {
      const { snapshots, unreadable } = await repository.listSnapshots(running);
      const infos = snapshots.map(snapshotInfo).sort((a, b) => b.timeMs - a.timeMs);
      const failed = unreadable.map(({ id, error }) => unreadableSnapshot(id, error));
      return { snapshots: infos, unreadable: failed, missingSnapshots: 0 };
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
      const parent = findParent(snapshots, { hostname, paths, timeMs: Date.now() });
      if (parent === null) return { parent: null, invisibleEntries: 0 };
      const roots = rootNames.map(rawNameOf);
      const invisibleEntries = await countInvisible(repository.trees, parent.snapshot.tree, roots, running);
      return { parent: snapshotInfo(parent), invisibleEntries };
    });
  }

  backup(request: BackupRequest, { signal, onProgress }: Context<BackupProgress>): Promise<BackupResult> {
    return this.run(signal, async (repository, running) => {
      const release = await this.ports.claimWriter(repository.config.id);
      try {
        const { sourceFolderOf, programVersion } = this.ports;
        const job = new BackupJob(repository, request, { sourceFolderOf, programVersion, now: () => this.now() });
        const progress = () => job.progress(this.waiting);
        return await withProgress(progress, onProgress, () => job.run(running));
      } finally {
        release();
      }
    });
  }

  saveFile(
    { snapshot, path, port }: { snapshot: string; path: NodePath; port: MessagePort },
    { signal, onProgress }: Context<RestoreProgress>,
  ): Promise<{ length: number }> {
    const writer = writeToPort(port);
    return this.run(AbortSignal.any([signal, writer.signal]), async (repository, running) => {
      const { length, chunks } = await openFile(repository, idOf(snapshot), path, running);
      let bytesDone = 0;
      const progress = () => fileProgress(bytesDone, length, this.waiting);
      return withProgress(progress, onProgress, async () => {
        for await (const chunk of chunks) {
          const chunkLength = chunk.length;
          await writer.write(chunk);
          bytesDone += chunkLength;
        }
        await writer.close();
        return { length };
      });
    }).catch((error: unknown) => {
      writer.abort(error);
      throw error;
    });
  }

  restore(request: RestoreRequest, { signal, onProgress }: Context<RestoreProgress>): Promise<RestoreResult> {
    return this.run(signal, async (repository, running) => {
      const { paths, overwrite, target } = request;
      const options = {
        paths,
        overwrite: overwrite !== "never",
        snapshot: idOf(request.snapshot),
        sink: this.ports.sinkOf(target),
      };
      const restorer = new Restorer(repository, { ...options, names: portableNames });
      await withProgress(
        () => restoreProgress(restorer, this.waiting),
        onProgress,
        () => restorer.run(running),
      );
      return restoreResult(restorer);
    });
  }

  measureFolders = later("measureFolders");
  preview = later("preview");
  planArchive = later("planArchive");
  saveArchive = later("saveArchive");
  planRestore = later("planRestore");
  keepOffline = later("keepOffline");
  dropOffline = later("dropOffline");
  offlineState = later("offlineState");

  watchLocks(_: Record<never, never>, { signal, onProgress }: Context<string[]>): Promise<void> {
    return this.locks.watch(onProgress, signal);
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    opened?.closing.abort(new HoldallError("closed"));
    await Promise.allSettled(this.jobs);
    opened?.repository.close();
  }

  private async enter(
    location: RepositoryLocation,
    open: (ports: RepositoryPorts) => Promise<OpenedRepository>,
  ): Promise<RepositoryInfo> {
    await this.close();
    const retry: RetryOptions = {
      attempts: attemptsWhileOpening,
      onWaiting: ({ error, delayMs }) => {
        this.lastWait = { code: error.code, untilMs: this.now() + delayMs };
      },
    };
    const backend = this.ports.connect(location, retry);
    const journal = this.locks.watching(this.ports.journal);
    const { repository, unusableKeys, kernelBuild } = await open({ ...this.ports, backend, journal });
    delete retry.attempts; // from here on only the user ends the trying
    this.opened = { repository, closing: new AbortController() };
    const { id, formatVersion } = repository.config;
    return {
      id,
      location: backend.location,
      formatVersion,
      keyId: repository.keyId,
      unusableKeys,
      kernelBuild,
      offline: false,
    };
  }

  /** Runs a job on the open repository; close() aborts it and waits for its end. */
  private run<Result>(
    signal: AbortSignal,
    work: (repository: Repository, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { opened } = this;
    if (opened === null) return Promise.reject(new HoldallError("closed"));
    const job = work(opened.repository, AbortSignal.any([signal, opened.closing.signal]));
    this.jobs.add(job);
    return job.finally(() => this.jobs.delete(job));
  }

  private get waiting(): ErrorCode | null {
    return this.lastWait !== null && this.now() < this.lastWait.untilMs ? this.lastWait.code : null;
  }

  private now(): number {
    return this.ports.clock?.now() ?? Date.now();
  }
}

function later(feature: string): () => Promise<never> {
  return () => Promise.reject(new UnsupportedError("feature-missing", { feature }));
}

function idOf(text: string): Id {
  const id = parseId(text);
  if (id === null) throw new HoldallError("id-malformed", { id: text.slice(0, 80) });
  return id;
}

function unreadableSnapshot(id: Id, error: unknown): FailedFile {
  return { ...failedFile({ path: [], error }), path: `snapshots/${id}` };
}

function fileProgress(bytesDone: number, bytesTotal: number, waiting: ErrorCode | null): RestoreProgress {
  const filesDone = bytesDone === bytesTotal ? 1 : 0;
  return { phase: "restoring", filesDone, filesTotal: 1, bytesDone, bytesTotal, failures: 0, waiting };
}

function restoreProgress({ phase, counts, plan, failures }: Restorer, waiting: ErrorCode | null): RestoreProgress {
  const { filesDone, bytesDone } = counts;
  const filesTotal = plan?.files.length ?? 0;
  return {
    phase,
    filesDone,
    filesTotal,
    bytesDone,
    bytesTotal: plan?.totalBytes ?? 0,
    failures: failures.length,
    waiting,
  };
}

function restoreResult({ counts, plan, failures }: Restorer): RestoreResult {
  const renamed = (plan?.renamed ?? []).map(({ path, target }) => ({
    path: displayPath(path),
    writtenAs: target.join("/"),
  }));
  const skipped = (plan?.skipped ?? []).map(({ path, type }) => ({ path: displayPath(path), type: nodeTypeOf(type) }));
  return {
    files: counts.filesDone,
    unchanged: 0,
    folders: counts.foldersDone,
    bytes: counts.bytesDone,
    bytesWritten: counts.bytesDone,
    renamed,
    skipped,
    failures: failures.map(failedFile),
  };
}
