import type { ErrorCode } from "../core/base/errors.ts";
import type { FileSink } from "../core/base/ports.ts";
import { type NamePolicy, portableNames, verbatimNames } from "../core/restorer/name-policy.ts";
import type { RestorePlan } from "../core/restorer/restore-plan.ts";
import { Restorer, type RestorerRepository } from "../core/restorer/restorer.ts";
import { trialSink } from "../core/restorer/trial-sink.ts";
import { displayPath, failedFile } from "./failed-file.ts";
import { nodeTypeOf } from "./folder-listing.ts";
import type {
  RestorePlanInfo,
  RestoreProgress,
  RestoreRequest,
  RestoreResult,
  TrialRequest,
} from "./repository-api.ts";
import { idOf } from "./wire-id.ts";

/** One restore as the page asks for it and hears of it: a look ahead, the restore into a folder itself, or a trial. */
export class RestoreJob {
  private readonly restorer: Restorer;

  private constructor(
    repository: RestorerRepository,
    { snapshot, paths, overwrite }: Omit<RestoreRequest, "target">,
    { sink, names }: { sink: FileSink; names: NamePolicy },
  ) {
    this.restorer = new Restorer(repository, { snapshot: idOf(snapshot), paths, overwrite, sink, names });
  }

  static intoFolder(repository: RestorerRepository, request: RestoreRequest, sink: FileSink): RestoreJob {
    return new RestoreJob(repository, request, { sink, names: portableNames });
  }

  /** Everything is read and verified, in the same order, and nothing is kept. */
  static trial(repository: RestorerRepository, request: TrialRequest): RestoreJob {
    return new RestoreJob(repository, { ...request, overwrite: "always" }, { sink: trialSink, names: verbatimNames });
  }

  progress(waiting: ErrorCode | null): RestoreProgress {
    const { phase, counts, existing, plan, failures } = this.restorer;
    return {
      phase,
      filesDone: phase === "planning" ? existing.filesSeen : counts.filesDone + counts.filesKept,
      filesTotal: plan?.files.length ?? 0,
      bytesDone: counts.bytesDone,
      bytesTotal: plan?.totalBytes ?? 0,
      failures: failures.length,
      waiting,
    };
  }

  async lookAhead(signal: AbortSignal): Promise<RestorePlanInfo> {
    const plan = await this.restorer.lookAhead(signal);
    const { existing, failures } = this.restorer;
    return {
      files: plan.files.length,
      folders: plan.folders.length,
      bytes: plan.totalBytes,
      existing: existing.existing,
      existingBytes: existing.existingBytes,
      renamed: plan.renamed.length,
      skipped: plan.skipped.length,
      failures: failures.map(failedFile),
    };
  }

  async run(signal: AbortSignal): Promise<RestoreResult> {
    const plan = await this.restorer.run(signal);
    const { counts, failures } = this.restorer;
    return {
      files: counts.filesDone,
      unchanged: counts.filesUnchanged,
      kept: counts.filesKept,
      folders: counts.foldersDone,
      bytes: counts.bytesRestored,
      bytesWritten: counts.bytesWritten,
      ...planLines(plan),
      failures: failures.map(failedFile),
    };
  }
}

/** What a result says of names and of things that were left out. */
export function planLines(plan: RestorePlan): Pick<RestoreResult, "renamed" | "skipped"> {
  return {
    renamed: plan.renamed.map(({ path, target }) => ({ path: displayPath(path), writtenAs: target.join("/") })),
    skipped: plan.skipped.map(({ path, type }) => ({ path: displayPath(path), type: nodeTypeOf(type) })),
  };
}
