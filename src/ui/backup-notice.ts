import type { BackupJob } from "./state/jobs.svelte.ts";
import { errorText } from "./text/errors.ts";
import { noticeText as text } from "./text/run.ts";

interface Notice {
  title: string;
  text: string;
}

/**
 * What is told to somebody who looks elsewhere when a backup has ended, or asks something; null if there is nothing to
 * tell. It names no folder and no file: notices stay in the system's lists.
 */
export function backupNotice({ job, steering }: BackupJob): Notice | null {
  const { outcome } = job;
  if (outcome.state === "running") return steering.question === null ? null : text.asking;
  if (outcome.state === "cancelled") return null;
  if (outcome.state === "failed") {
    return { title: text.failed, text: errorText(outcome.failure.code, outcome.failure.context).title };
  }
  return { title: text.done, text: text.result(outcome.result) };
}
