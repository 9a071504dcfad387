import type { BackupProgress, WriterProgress } from "./repository-api.ts";

/** What tabs of one browser tell each other of a repository that is open in them. Numbers and ids; no names. */
export type TabMessage =
  /** A tab that has just begun: whoever has something to tell tells it again. */
  | { kind: "ask" }
  /** The lock files that stand for a tab's jobs now. */
  | { kind: "locks"; from: string; ids: readonly string[] }
  /** Of the tab that writes. */
  | { kind: "progress"; progress: WriterProgress };

const mostLocks = 100;
const idPattern = /^[0-9a-f]{64}$/;
const phases = ["preparing", "saving", "finishing", "checking", "verifying"] as const;

/** What was posted; null for what another version of this page, or anybody else, has posted. */
export function tabMessageOf(data: unknown): TabMessage | null {
  if (!isRecord(data)) return null;
  const { kind, from, ids, progress } = data;
  if (kind === "ask") return { kind };
  if (kind === "locks" && typeof from === "string" && isLockList(ids)) return { kind, from, ids };
  const read = kind === "progress" ? progressOf(progress) : null;
  return read === null ? null : { kind: "progress", progress: read };
}

/** The numbers of a progress, without its names. */
export function writerProgressOf(progress: BackupProgress): WriterProgress {
  const { phase, filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesUploaded, paused } = progress;
  return { phase, filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesUploaded, paused };
}

function progressOf(data: unknown): WriterProgress | null {
  if (!isRecord(data)) return null;
  const { filesDone, filesFound, bytesDone, bytesFound, bytesUploaded, foundAll, paused } = data;
  const phase = phases.find((known) => known === data["phase"]);
  if (phase === undefined || typeof foundAll !== "boolean" || typeof paused !== "boolean") return null;
  if (!isCount(filesDone) || !isCount(filesFound) || !isCount(bytesDone) || !isCount(bytesFound)) return null;
  if (!isCount(bytesUploaded)) return null;
  return { phase, filesDone, filesFound, bytesDone, bytesFound, foundAll, bytesUploaded, paused };
}

function isLockList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= mostLocks && value.every((id) => idPattern.test(String(id)));
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
