import type {
  ArchiveRequest,
  BackupProgress,
  BackupRequest,
  BackupResult,
  CheckDataProgress,
  CheckDataResult,
  NodePath,
  OfflineProgress,
  OfflineState,
  RepositoryApi,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
  VerifyUploadProgress,
  VerifyUploadResult,
} from "../../workers/repository-api.ts";
import type { Ports } from "../ports.ts";
import { Job } from "./job.svelte.ts";
import { Steering } from "./steering.svelte.ts";

/** What a job is called, and how restic would do it. */
export interface JobLabel {
  /** What it works on, in words. */
  subject: string;
  /** The line for restic; null where there is none. */
  command: string | null;
}

interface JobHead extends JobLabel {
  id: number;
}
export type BackupJob = JobHead & {
  kind: "backup";
  job: Job<BackupProgress, BackupResult>;
  request: BackupRequest;
  steering: Steering;
  onEnd: (result: BackupResult) => void;
};
export type RestoreJob = JobHead & { kind: "restore"; snapshot: string; job: Job<RestoreProgress, RestoreResult> };
export type DownloadJob = JobHead & { kind: "download"; job: Job<RestoreProgress, void> };
export type ArchiveJob = JobHead & { kind: "archive"; job: Job<RestoreProgress, RestoreResult> };
export type OfflineJob = JobHead & { kind: "offline"; snapshot: string; job: Job<OfflineProgress, OfflineState> };
/** Looks at what a backup uploaded; `backup` is that job's id. */
export type VerifyJob = JobHead & {
  kind: "verify";
  backup: number;
  job: Job<VerifyUploadProgress, VerifyUploadResult>;
};
/** Reads all that a snapshot holds and keeps nothing. */
export type TrialJob = JobHead & { kind: "trial"; snapshot: string; job: Job<RestoreProgress, RestoreResult> };
/** Reads everything that is stored. */
export type CheckJob = JobHead & { kind: "check"; job: Job<CheckDataProgress, CheckDataResult> };
export type TransferJob = RestoreJob | DownloadJob | ArchiveJob | TrialJob;
export type AnyJob = BackupJob | TransferJob | OfflineJob | VerifyJob | CheckJob;

/** The long operations of one open repository. */
export class Jobs {
  list = $state.raw<readonly AnyJob[]>([]);
  /** Ids of finished jobs that the tray still shows. */
  #shown = $state.raw<ReadonlySet<number>>(new Set());
  readonly running = $derived(this.list.filter((entry) => entry.job.running));
  readonly inTray = $derived(this.list.filter((entry) => entry.job.running || this.#shown.has(entry.id)));
  readonly check = $derived(this.list.find((entry): entry is CheckJob => entry.kind === "check" && entry.job.running));
  readonly backup = $derived(
    this.list.find((entry): entry is BackupJob => entry.kind === "backup" && entry.job.running),
  );
  /** True while a job does something; a paused backup does not. */
  readonly moving = $derived(this.running.some((entry) => entry.kind !== "backup" || !entry.steering.paused));
  #nextId = 1;
  #clock: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly api: RepositoryApi,
    private readonly ports: Pick<Ports, "saveDownload">,
  ) {}

  /** `onEnd` is told the result, if there is one. */
  startBackup(request: BackupRequest, label: JobLabel, onEnd: (result: BackupResult) => void = () => {}): BackupJob {
    const job = new Job<BackupProgress, BackupResult>({
      run: (context) => this.api.backup(request, context),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesUploaded,
    });
    void job.finished.then(() => {
      if (job.outcome.state === "done") onEnd(job.outcome.result);
    });
    const steering = new Steering(this.api, job);
    return this.#add({ kind: "backup", id: this.#nextId++, ...label, job, request, steering, onEnd });
  }

  /** The same backup once more. */
  startAgain(entry: BackupJob, changes: Partial<BackupRequest> = {}): BackupJob {
    const { subject, command, request, onEnd } = entry;
    return this.startBackup({ ...request, ...changes }, { subject, command }, onEnd);
  }

  /** Fetches what this backup uploaded, and compares it. */
  startVerify(backup: BackupJob, extent: "sample" | "all"): VerifyJob {
    const job = new Job<VerifyUploadProgress, VerifyUploadResult>({
      run: (context) => this.api.verifyUpload({ extent }, context),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesDone,
    });
    const { id, subject } = backup;
    return this.#add({ kind: "verify", id: this.#nextId++, subject, command: null, backup: id, job });
  }

  /** What was last found out about the upload of this backup. */
  verifying(backup: number): VerifyJob | undefined {
    return this.list.findLast((entry): entry is VerifyJob => entry.kind === "verify" && entry.backup === backup);
  }

  /** The worker knows what the last backup uploaded, and of none before. */
  isLastBackup(id: number): boolean {
    return this.list.findLast((entry) => entry.kind === "backup")?.id === id;
  }

  startRestore(request: RestoreRequest, label: JobLabel): RestoreJob {
    const job = transfer<RestoreResult>((context) => this.api.restore(request, context));
    return this.#add({ kind: "restore", id: this.#nextId++, ...label, snapshot: request.snapshot, job });
  }

  /** Reads the whole snapshot as a restore does. */
  startTrial(snapshot: string, label: JobLabel): TrialJob {
    const job = transfer<RestoreResult>((context) => this.api.tryRestore({ snapshot, paths: [[]] }, context));
    return this.#add({ kind: "trial", id: this.#nextId++, ...label, snapshot, job });
  }

  startCheck(label: JobLabel): CheckJob {
    const job = new Job<CheckDataProgress, CheckDataResult>({
      run: (context) => this.api.checkData({}, context),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesDone,
    });
    return this.#add({ kind: "check", id: this.#nextId++, ...label, job });
  }

  startDownload(
    file: { snapshot: string; path: NodePath; name: string; sizeBytes: number },
    command: string,
  ): DownloadJob {
    const { snapshot, path, name, sizeBytes } = file;
    const job = transfer<void>((context) =>
      this.ports.saveDownload({
        name,
        sizeBytes,
        start: (port) => this.api.saveFile({ snapshot, path, port }, context),
        signal: context.signal,
      }),
    );
    return this.#add({ kind: "download", id: this.#nextId++, subject: name, command, job });
  }

  /** `archive` is what planArchive said of this request: the length is promised to the browser before the first byte. */
  startArchive(request: ArchiveRequest, archive: { name: string; archiveBytes: number }, command: string): ArchiveJob {
    const { name, archiveBytes } = archive;
    const job = transfer<RestoreResult>(async (context) => {
      let result: Promise<RestoreResult> | null = null;
      const start = (port: MessagePort) => {
        result = this.api.saveArchive({ ...request, port }, context);
        return result;
      };
      await this.ports.saveDownload({ name, sizeBytes: archiveBytes, start, signal: context.signal });
      if (result === null) throw new Error("the download ended before it was started");
      return result;
    });
    return this.#add({ kind: "archive", id: this.#nextId++, subject: name, command, job });
  }

  startKeepOffline(snapshot: string, label: JobLabel): OfflineJob {
    const job = new Job<OfflineProgress, OfflineState>({
      run: (context) => this.api.keepOffline({ snapshot }, context),
      bytesDone: (progress) => progress.bytes,
      bytesMoved: (progress) => progress.bytes,
    });
    return this.#add({ kind: "offline", id: this.#nextId++, ...label, snapshot, job });
  }

  find(id: number): AnyJob | undefined {
    return this.list.find((entry) => entry.id === id);
  }

  /** Takes a finished job out of the tray; its page stays. */
  dismiss(id: number): void {
    this.#shown = new Set([...this.#shown].filter((shown) => shown !== id));
  }

  #add<T extends AnyJob>(entry: T): T {
    this.list = [...this.list, entry];
    this.#shown = new Set([...this.#shown, entry.id]);
    this.#clock ??= setInterval(() => this.#tick(), 1000);
    return entry;
  }

  #tick(): void {
    for (const entry of this.running) entry.job.tick(performance.now());
    if (this.running.length > 0 || this.#clock === null) return;
    clearInterval(this.#clock);
    this.#clock = null;
  }
}

function transfer<Result>(
  run: ConstructorParameters<typeof Job<RestoreProgress, Result>>[0]["run"],
): Job<RestoreProgress, Result> {
  return new Job<RestoreProgress, Result>({
    run,
    bytesDone: (progress) => progress.bytesDone,
    bytesMoved: (progress) => progress.bytesDone,
  });
}
