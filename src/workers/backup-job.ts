import { Archiver, type ArchiverRepository } from "../core/archiver/archiver.ts";
import type { BackupOptions } from "../core/archiver/backup-options.ts";
import type { ErrorCode } from "../core/base/errors.ts";
import type { SourceFolder } from "../core/base/ports.ts";
import { rawNameOf } from "../core/base/raw-name.ts";
import { displayPath, failedFile } from "./failed-file.ts";
import type { BackupProgress, BackupRequest, BackupResult, FolderPick } from "./repository-api.ts";
import { snapshotInfo } from "./snapshot-info.ts";

export interface BackupJobPorts {
  sourceFolderOf(pick: FolderPick): SourceFolder;
  programVersion: string;
  now(): number;
}

/** One backup as the page asks for it and hears of it. */
export class BackupJob {
  private readonly archiver: Archiver;
  private readonly startMs: number;

  constructor(
    repository: ArchiverRepository,
    request: BackupRequest,
    private readonly ports: BackupJobPorts,
  ) {
    this.startMs = ports.now();
    this.archiver = new Archiver(repository, this.optionsOf(request), ports.now);
  }

  progress(waiting: ErrorCode | null): BackupProgress {
    const { phase, counts, totals } = this.archiver;
    const { filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesRead } = counts;
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
      paused: false,
      question: null,
      lockedBy: null,
    };
  }

  async run(signal: AbortSignal): Promise<BackupResult> {
    const { id, snapshot, totals } = await this.archiver.run(signal);
    const { counts } = this.archiver;
    const { filesNew, filesChanged, filesUnmodified, totalFiles, totalBytes, bytesRead } = counts;
    return {
      outcome: "stored",
      snapshot: snapshotInfo({ id, snapshot }),
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
      durationMs: this.ports.now() - this.startMs,
      clockBehind: this.archiver.clockBehind,
      failures: counts.failures.map(failedFile),
      rereadFiles: 0,
      hiddenChanges: 0,
      excluded: counts.excluded,
      lostPacks: 0,
      uploadedPacks: totals.packs,
      slow: [],
      waitedMs: 0,
    };
  }

  private optionsOf(request: BackupRequest): BackupOptions {
    const { sources, hostname, tags, compression, utcOffsetMinutes, rules } = request;
    const { sourceFolderOf, programVersion } = this.ports;
    return {
      sources: sources.map(({ rootName, folder }) => ({
        rootName: rawNameOf(rootName),
        folder: sourceFolderOf(folder),
      })),
      hostname,
      tags,
      compression,
      timeMs: this.startMs,
      utcOffsetMinutes,
      programVersion,
      rules,
    };
  }
}
