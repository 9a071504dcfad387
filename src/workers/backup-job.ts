import { Archiver, type ArchiverRepository, type BackupOutcome } from "../core/archiver/archiver.ts";
import type { BackupOptions } from "../core/archiver/backup-options.ts";
import { Steering } from "../core/archiver/steering.ts";
import type { ErrorCode } from "../core/base/errors.ts";
import type { SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import { displayPath, failedFile } from "./failed-file.ts";
import { lockInfoOf } from "./lock-list.ts";
import type {
  BackupProgress,
  BackupQuestion,
  BackupRequest,
  BackupResult,
  BackupSteering,
  FolderPick,
} from "./repository-api.ts";
import { snapshotInfo } from "./snapshot-info.ts";

export interface BackupJobPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
  programVersion: string;
  now(): number;
  /** How long requests have been repeated since the repository was opened. */
  waitedMs(): number;
  /** The turn of this run among those that read a share of the unchanged files anew. */
  rereadTurn: number;
}

/** One backup as the page asks for it, steers it and hears of it. */
export class BackupJob {
  private readonly options: BackupOptions;
  private readonly archiver: Archiver;
  private readonly steering = new Steering();
  private readonly startMs: number;
  private readonly waitedBeforeMs: number;

  constructor(
    repository: ArchiverRepository,
    request: BackupRequest,
    private readonly ports: BackupJobPorts,
  ) {
    this.startMs = ports.now();
    this.waitedBeforeMs = ports.waitedMs();
    this.options = this.optionsOf(request);
    this.archiver = new Archiver(repository, this.options, ports.now);
  }

  steer(steering: BackupSteering): void {
    if ("question" in steering) this.steering.answer(steering.question, steering.answer);
    else if (steering.paused) this.steering.pause();
    else this.steering.resume();
  }

  progress(waiting: ErrorCode | null): BackupProgress {
    const { phase, counts, totals } = this.archiver;
    const { filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesRead } = counts;
    const { lockedBy: lock } = this.archiver;
    return {
      phase,
      filesDone,
      filesFound,
      bytesDone,
      bytesFound,
      foundAll,
      bytesRead,
      bytesNew: totals.addedBytes,
      bytesUploaded: totals.uploadedBytes,
      currentPath: displayPath(counts.currentPath),
      failures: counts.failures.length,
      waiting,
      paused: this.steering.paused,
      question: this.question,
      lockedBy: lock && lockInfoOf(lock),
    };
  }

  /** Runs once. */
  async run(signal: AbortSignal): Promise<BackupResult> {
    try {
      return this.resultOf(await this.archiver.run(signal));
    } finally {
      for (const { folder } of this.options.sources) folder.close?.();
    }
  }

  private resultOf(outcome: BackupOutcome): BackupResult {
    const { archiver, ports } = this;
    const { counts, clockBehind, lostPacks, slow } = archiver;
    const { filesNew, filesChanged, filesUnmodified, totalFiles, totalBytes, bytesRead } = counts;
    const { rereadFiles, hiddenChanges, excluded } = counts;
    const { totals } = outcome;
    return {
      outcome: outcome.outcome,
      snapshot: outcome.outcome === "stored" ? snapshotInfo(outcome) : null,
      filesNew,
      filesChanged,
      filesUnmodified,
      totalFiles,
      totalBytes,
      bytesRead,
      bytesNew: totals.addedBytes,
      bytesUploaded: totals.uploadedBytes,
      dataBlobs: totals.dataBlobs,
      treeBlobs: totals.treeBlobs,
      durationMs: ports.now() - this.startMs,
      clockBehind,
      failures: counts.failures.map(failedFile),
      rereadFiles,
      hiddenChanges,
      excluded,
      lostPacks,
      uploadedPacks: totals.packs,
      slow: slow.list.map(({ path, bytes, durationMs }) => ({ path: displayPath(path), bytes, durationMs })),
      waitedMs: ports.waitedMs() - this.waitedBeforeMs,
    };
  }

  private get question(): BackupQuestion | null {
    const { question } = this.steering;
    if (question === null) return null;
    const { id, kind, path, before, now } = question;
    return { id, kind, path: displayPath(path), entriesBefore: before, entriesNow: now };
  }

  private optionsOf(request: BackupRequest): BackupOptions {
    const { sourceFolderOf, programVersion, rereadTurn } = this.ports;
    const { hostname, tags, compression, utcOffsetMinutes, rules } = request;
    const { skipIfUnchanged, dryRun, waitsForLock, uploadLimit, rereadEvery, packSizeBytes } = request;
    return {
      sources: request.sources.map(({ rootName, folder, addsToParent }) => ({
        rootName: rawNameOf(rootName),
        folder: sourceFolderOf(folder),
        addsToParent,
      })),
      hostname,
      tags,
      compression,
      timeMs: this.startMs,
      utcOffsetMinutes,
      programVersion,
      rules,
      skipIfUnchanged,
      dryRun,
      waitsForLock,
      uploadLimit,
      ...(packSizeBytes === null ? {} : { packTargetBytes: packSizeBytes }),
      reread: rereadEvery === null ? null : { turn: rereadTurn, of: Math.max(1, Math.floor(rereadEvery)) },
      steering: this.steering,
    };
  }
}
