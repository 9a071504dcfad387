import { noRules } from "../../src/core/archiver/backup-rules.ts";
import type { BackupRun, BackupSet, BackupSetInfo } from "../../src/workers/repository-api.ts";

/** A set in which all that a test does not care about is plain. */
export function backupSet(changes: Partial<BackupSet> = {}): BackupSet {
  return {
    id: "0123456789abcdef0123456789abcdef",
    name: "Documents",
    hostname: "laptop-browser",
    sources: [{ id: "documents", rootName: "Documents", kind: "folder" }],
    tags: [],
    compression: "auto",
    rules: noRules,
    packSizeBytes: null,
    uploadLimit: null,
    skipIfUnchanged: false,
    rereadEvery: 30,
    reminderDays: null,
    runsOnChange: false,
    ...changes,
  };
}

/** A run that stored a snapshot and found nothing new. */
export function backupRun(changes: Partial<BackupRun> & { startedMs: number }): BackupRun {
  return {
    durationMs: 12_000,
    outcome: "stored",
    code: null,
    snapshot: null,
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 12_464,
    failures: 0,
    bytesRead: 0,
    bytesStored: 0,
    ...changes,
  };
}

export function backupSetInfo(set: Partial<BackupSet>, changes: Partial<BackupSetInfo> = {}): BackupSetInfo {
  return { set: backupSet(set), runs: [], unfinished: null, ...changes };
}
