import type {
  BackupProgress,
  CheckDataProgress,
  OfflineProgress,
  RestoreProgress,
  VerifyUploadProgress,
} from "../workers/repository-api.ts";
import type { AnyJob, BackupJob } from "./state/jobs.svelte.ts";
import { percentText, rateText } from "./text/amounts.ts";
import { checkText, trialText } from "./text/checks.ts";
import { jobsText } from "./text/jobs.ts";
import { runText, verifyText } from "./text/run.ts";

/** What a job is doing or did, in one line. */
export function jobTitle(entry: AnyJob): string {
  if (entry.kind === "backup") return runText[backupState(entry)](entry.subject);
  if (entry.kind === "check" && hasFoundDamage(entry)) return checkText.found(entry.subject);
  return jobTexts(entry)[entry.job.outcome.state](entry.subject);
}

/** True for a check, of whatever kind, that is done and has found something wrong. */
export function hasFoundDamage(entry: AnyJob): boolean {
  if (entry.kind !== "check" && entry.kind !== "verify" && entry.kind !== "trial") return false;
  const { outcome } = entry.job;
  return outcome.state === "done" && outcome.result.failures.length > 0;
}

/** The words for jobs of this kind. */
export function jobTexts(entry: Exclude<AnyJob, BackupJob>) {
  return {
    restore: jobsText.restore,
    download: jobsText.download,
    archive: jobsText.download,
    offline: jobsText.offline,
    verify: verifyText,
    trial: trialText,
    check: checkText,
  }[entry.kind];
}

type BackupState =
  | "running"
  | "paused"
  | "asking"
  | "locked"
  | "done"
  | "unchanged"
  | "dryRun"
  | "failed"
  | "cancelled";

/** Where a backup stands; what needs a person comes before what does not. */
export function backupState({ job, steering }: BackupJob): BackupState {
  const { outcome, progress } = job;
  if (outcome.state === "done") return doneStates[outcome.result.outcome];
  if (outcome.state !== "running") return outcome.state;
  if (steering.question !== null) return "asking";
  if (steering.paused) return "paused";
  return progress?.lockedBy ? "locked" : "running";
}

const doneStates = { stored: "done", unchanged: "unchanged", "dry-run": "dryRun" } as const;

/** How much of a job is behind us, 0 to 1; null while nobody can know. */
export function jobShare(entry: AnyJob): number | null {
  if (entry.kind === "offline") return null;
  if (entry.kind === "backup") return backupShare(entry.job.progress);
  if (entry.kind === "verify" || entry.kind === "check") return packsShare(entry.job.progress);
  return transferShare(entry.job.progress);
}

/** Share, amounts, rate and time left, as far as they are known. */
export function jobFacts(entry: AnyJob): string[] {
  const share = jobShare(entry);
  const { perSecond } = entry.job.throughput;
  const facts = [
    share === null ? "" : percentText(share),
    amountOf(entry),
    perSecond > 0 ? rateText(perSecond) : "",
    timeLeft(entry),
  ];
  return facts.filter((fact) => fact !== "");
}

/** "about 2 minutes left"; "" while nobody can know. */
export function timeLeft(entry: AnyJob): string {
  if (entry.kind === "offline") return "";
  if (entry.kind === "backup" && backupState(entry) !== "running") return "";
  const { progress } = entry.job;
  if (progress === null) return "";
  const total = totalOf(progress);
  if (total === null || progress.bytesDone >= total) return "";
  const ms = entry.job.pace.timeFor(total - progress.bytesDone);
  return ms === null ? "" : runText.timeLeft(ms);
}

function totalOf(progress: BackupProgress | RestoreProgress | VerifyUploadProgress | CheckDataProgress): number | null {
  if ("foundAll" in progress) return progress.foundAll ? progress.bytesFound : null;
  if ("phase" in progress && progress.phase === "planning") return null;
  return progress.bytesTotal;
}

function amountOf(entry: AnyJob): string {
  if (entry.kind === "backup") return "";
  if (entry.kind === "offline") return offlineAmount(entry.job.progress);
  if (entry.kind === "verify") return verifyAmount(entry.job.progress);
  if (entry.kind === "check") return checkAmount(entry.job.progress);
  const { progress } = entry.job;
  if (progress === null || progress.phase === "planning") return jobsText.planning;
  const files = progress.filesTotal > 1 ? ` · ${jobsText.filesOf(progress.filesDone, progress.filesTotal)}` : "";
  return `${jobsText.bytesOf(progress.bytesDone, progress.bytesTotal)}${files}`;
}

function offlineAmount(progress: OfflineProgress | null): string {
  return progress === null ? "" : jobsText.offline.treesOf(progress.treesDone, progress.treesFound, progress.bytes);
}

function verifyAmount(progress: VerifyUploadProgress | null): string {
  if (progress === null) return "";
  return verifyText.packsOf(progress.packsDone, progress.packsTotal, progress.bytesDone);
}

/** Nothing is known of the packs before the index is. */
function checkAmount(progress: CheckDataProgress | null): string {
  if (progress === null || progress.packsTotal === 0) return jobsText.planning;
  const { bytesDone, bytesTotal, packsDone, packsTotal } = progress;
  return `${jobsText.bytesOf(bytesDone, bytesTotal)} · ${checkText.packsOf(packsDone, packsTotal)}`;
}

function packsShare(progress: VerifyUploadProgress | CheckDataProgress | null): number | null {
  return progress === null || progress.bytesTotal === 0 ? null : progress.bytesDone / progress.bytesTotal;
}

function transferShare(progress: RestoreProgress | null): number | null {
  if (progress === null || progress.phase === "planning") return null;
  if (progress.bytesTotal > 0) return progress.bytesDone / progress.bytesTotal;
  return progress.filesTotal > 0 ? progress.filesDone / progress.filesTotal : null;
}

/** Of a backup here or in another tab. */
export function backupShare(
  progress: Pick<BackupProgress, "foundAll" | "bytesDone" | "bytesFound" | "filesDone" | "filesFound"> | null,
): number | null {
  if (progress === null || !progress.foundAll) return null;
  if (progress.bytesFound > 0) return progress.bytesDone / progress.bytesFound;
  return progress.filesFound > 0 ? progress.filesDone / progress.filesFound : null;
}
