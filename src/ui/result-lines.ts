import type { BackupResult, FailedFile, RestoreResult } from "../workers/repository-api.ts";
import { errorText } from "./text/errors.ts";
import { kindText } from "./text/files.ts";
import { resultText } from "./text/jobs.ts";
import { reportText, runText } from "./text/run.ts";

/** What a result has to list, as a text to copy or to keep. Names stand in it as they are, one thing a line. */
export function resultLines(result: Pick<RestoreResult, "failures" | "renamed" | "skipped">): string {
  const { failures, renamed, skipped } = result;
  return [
    section(resultText.failures(failures.length), failureLines(failures)),
    section(
      resultText.renamed(renamed.length),
      renamed.map(({ path, writtenAs }) => `${oneLine(path)}\t${resultText.writtenAs}\t${oneLine(writtenAs)}`),
    ),
    section(
      resultText.skipped(skipped.length),
      skipped.map(({ path, type }) => `${oneLine(path)}\t${kindText(type)}`),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** What a backup has to list, in the same way; `title` says which one it was. */
export function backupLines(title: string, { failures, slow }: Pick<BackupResult, "failures" | "slow">): string {
  return [
    `${oneLine(title)}\n`,
    section(runText.failures(failures.length), failureLines(failures)),
    section(
      reportText.slowTitle,
      slow.map(({ path, bytes, durationMs }) => `${oneLine(path)}\t${reportText.slowOf(bytes, durationMs)}`),
    ),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

export function failureLines(failures: readonly FailedFile[]): string[] {
  return failures.map(({ path, code, context }) => {
    const text = errorText(code, context);
    return `${oneLine(path)}\t${text.title}. ${text.happened}`;
  });
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

/** A name may hold line breaks and worse; a list must not. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
}
