import type { ErrorCode } from "../core/base/errors.ts";
import { Archive } from "../core/restorer/archive.ts";
import type { RestorerRepository } from "../core/restorer/restorer.ts";
import { failedFile } from "./failed-file.ts";
import type { ArchivePlan, ArchiveRequest, RestoreProgress, RestoreResult } from "./repository-api.ts";
import { planLines } from "./restore-job.ts";
import type { StreamWriter } from "./stream-port.ts";
import { idOf } from "./wire-id.ts";

/** One archive as the page asks for it and hears of it: its plan, or the archive itself. */
export class ArchiveJob {
  private phase: RestoreProgress["phase"] = "planning";
  private readonly archive: Archive;

  constructor(repository: RestorerRepository, { snapshot, paths, format }: ArchiveRequest) {
    this.archive = new Archive(repository, { snapshot: idOf(snapshot), paths, format });
  }

  progress(waiting: ErrorCode | null): RestoreProgress {
    const { plan, counts } = this.archive;
    return {
      phase: this.phase,
      filesDone: counts.filesDone,
      filesTotal: plan?.files.length ?? 0,
      bytesDone: counts.bytesDone,
      bytesTotal: plan?.totalBytes ?? 0,
      failures: plan?.failures.length ?? 0,
      waiting,
    };
  }

  async plan(signal: AbortSignal): Promise<ArchivePlan> {
    const { plan, length } = await this.archive.prepare(signal);
    return {
      files: plan.files.length,
      folders: plan.folders.length,
      bytes: plan.totalBytes,
      archiveBytes: length,
      renamed: plan.renamed.length,
      skipped: plan.skipped.length,
      failures: plan.failures.map(failedFile),
    };
  }

  /** Writes the archive; whoever made the writer aborts it if this throws. */
  async save(writer: StreamWriter, signal: AbortSignal): Promise<RestoreResult> {
    const { plan } = await this.archive.prepare(signal);
    this.phase = "restoring";
    for await (const piece of this.archive.pieces(signal)) await writer.write(piece);
    await writer.close();
    return {
      files: plan.files.length,
      unchanged: 0,
      kept: 0,
      folders: plan.folders.length,
      bytes: plan.totalBytes,
      bytesWritten: plan.totalBytes,
      ...planLines(plan),
      failures: plan.failures.map(failedFile),
    };
  }
}
