import type { BackupProgress, OfflineProgress, RestoreProgress } from "../workers/repository-api.ts";
import type { AnyJob } from "./state/jobs.svelte.ts";
import { percentText, rateText } from "./text/amounts.ts";
import { runText } from "./text/backup.ts";
import { jobsText } from "./text/jobs.ts";

/** What a job is doing or did, in one line. */
export function jobTitle(entry: AnyJob): string {
  const texts = {
    backup: runText,
    restore: jobsText.restore,
    download: jobsText.download,
    archive: jobsText.download,
    offline: jobsText.offline,
  }[entry.kind];
  return texts[entry.job.outcome.state](entry.subject);
}

/** How much of a job is behind us, 0 to 1; null while nobody can know. */
export function jobShare(entry: AnyJob): number | null {
  if (entry.kind === "offline") return null;
  if (entry.kind === "backup") return backupShare(entry.job.progress);
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
  const { progress } = entry.job;
  if (progress === null) return "";
  const total = totalOf(progress);
  if (total === null || progress.bytesDone >= total) return "";
  const ms = entry.job.pace.timeFor(total - progress.bytesDone);
  return ms === null ? "" : runText.timeLeft(ms);
}

function totalOf(progress: BackupProgress | RestoreProgress): number | null {
  if ("bytesTotal" in progress) return progress.phase === "planning" ? null : progress.bytesTotal;
  return progress.foundAll ? progress.bytesFound : null;
}

function amountOf(entry: AnyJob): string {
  if (entry.kind === "backup") return "";
  if (entry.kind === "offline") return offlineAmount(entry.job.progress);
  const { progress } = entry.job;
  if (progress === null || progress.phase === "planning") return jobsText.planning;
  const files = progress.filesTotal > 1 ? ` · ${jobsText.filesOf(progress.filesDone, progress.filesTotal)}` : "";
  return `${jobsText.bytesOf(progress.bytesDone, progress.bytesTotal)}${files}`;
}

function offlineAmount(progress: OfflineProgress | null): string {
  return progress === null ? "" : jobsText.offline.treesOf(progress.treesDone, progress.treesFound, progress.bytes);
}

function transferShare(progress: RestoreProgress | null): number | null {
  if (progress === null || progress.phase === "planning") return null;
  if (progress.bytesTotal > 0) return progress.bytesDone / progress.bytesTotal;
  return progress.filesTotal > 0 ? progress.filesDone / progress.filesTotal : null;
}

function backupShare(progress: BackupProgress | null): number | null {
  if (progress === null || !progress.foundAll) return null;
  if (progress.bytesFound > 0) return progress.bytesDone / progress.bytesFound;
  return progress.filesFound > 0 ? progress.filesDone / progress.filesFound : null;
}
