import type {
  BackupProgress,
  BackupRequest,
  BackupResult,
  NodePath,
  RepositoryApi,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
} from "../../workers/repository-api.ts";
import type { Ports } from "../ports.ts";
import { runText } from "../text/backup.ts";
import { jobsText } from "../text/jobs.ts";
import { Job } from "./job.svelte.ts";

interface JobHead {
  id: number;
  /** What it works on, in words. */
  subject: string;
}
export type BackupJob = JobHead & { kind: "backup"; job: Job<BackupProgress, BackupResult> };
export type RestoreJob = JobHead & { kind: "restore"; snapshot: string; job: Job<RestoreProgress, RestoreResult> };
export type DownloadJob = JobHead & { kind: "download"; job: Job<RestoreProgress, void> };
export type AnyJob = BackupJob | RestoreJob | DownloadJob;

/** The long operations of one open repository. */
export class Jobs {
  list = $state.raw<readonly AnyJob[]>([]);
  /** Ids of finished jobs that the tray still shows. */
  #shown = $state.raw<ReadonlySet<number>>(new Set());
  readonly running = $derived(this.list.filter((entry) => entry.job.running));
  readonly inTray = $derived(this.list.filter((entry) => entry.job.running || this.#shown.has(entry.id)));
  readonly backup = $derived(
    this.list.find((entry): entry is BackupJob => entry.kind === "backup" && entry.job.running),
  );
  #nextId = 1;
  #clock: ReturnType<typeof setInterval> | null = null;

  constructor(
    private readonly api: RepositoryApi,
    private readonly ports: Pick<Ports, "saveDownload">,
  ) {}

  startBackup(request: BackupRequest, subject: string): BackupJob {
    const job = new Job<BackupProgress, BackupResult>({
      run: (context) => this.api.backup(request, context),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesUploaded,
    });
    return this.#add({ kind: "backup", id: this.#nextId++, subject, job });
  }

  startRestore(request: RestoreRequest, subject: string): RestoreJob {
    const job = new Job<RestoreProgress, RestoreResult>({
      run: (context) => this.api.restore(request, context),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesDone,
    });
    return this.#add({ kind: "restore", id: this.#nextId++, subject, snapshot: request.snapshot, job });
  }

  startDownload(snapshot: string, path: NodePath, file: { name: string; sizeBytes: number }): DownloadJob {
    const job = new Job<RestoreProgress, void>({
      run: (context) =>
        this.ports.saveDownload({
          name: file.name,
          sizeBytes: file.sizeBytes,
          start: (port) => this.api.saveFile({ snapshot, path, port }, context),
          signal: context.signal,
        }),
      bytesDone: (progress) => progress.bytesDone,
      bytesMoved: (progress) => progress.bytesDone,
    });
    return this.#add({ kind: "download", id: this.#nextId++, subject: file.name, job });
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

/** What a job is doing or did, in one line. */
export function jobTitle(entry: AnyJob): string {
  const texts = { backup: runText, restore: jobsText.restore, download: jobsText.download }[entry.kind];
  return texts[entry.job.outcome.state](entry.subject);
}

/** How much of a job is behind us, 0 to 1; null while nobody can know. */
export function jobShare(entry: AnyJob): number | null {
  if (entry.kind === "backup") return backupShare(entry.job.progress);
  const progress = entry.job.progress;
  if (progress === null || progress.phase === "planning") return null;
  if (progress.bytesTotal > 0) return progress.bytesDone / progress.bytesTotal;
  return progress.filesTotal > 0 ? progress.filesDone / progress.filesTotal : null;
}

function backupShare(progress: BackupProgress | null): number | null {
  if (progress === null || !progress.foundAll) return null;
  if (progress.bytesFound > 0) return progress.bytesDone / progress.bytesFound;
  return progress.filesFound > 0 ? progress.filesDone / progress.filesFound : null;
}
