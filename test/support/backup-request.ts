import { noRules } from "../../src/core/archiver/backup-rules.ts";
import type { BackupProgress, BackupRequest, BackupResult } from "../../src/workers/repository-api.ts";
import { fakeSnapshot } from "./fake-repository-api.ts";

/** A backup in which all that a test does not care about is plain. */
export function backupRequest(changes: Partial<BackupRequest> = {}): BackupRequest {
  return {
    sources: [],
    hostname: "test-browser",
    tags: [],
    compression: "auto",
    utcOffsetMinutes: 0,
    rules: noRules,
    packSizeBytes: null,
    uploadLimit: null,
    skipIfUnchanged: false,
    dryRun: false,
    rereadEvery: null,
    setId: null,
    waitsForLock: false,
    ...changes,
  };
}

/** The progress of a backup in which nothing has happened yet. */
export function backupProgress(changes: Partial<BackupProgress> = {}): BackupProgress {
  return {
    phase: "preparing",
    filesDone: 0,
    filesFound: 0,
    bytesDone: 0,
    bytesFound: 0,
    foundAll: false,
    bytesRead: 0,
    bytesNew: 0,
    bytesUploaded: 0,
    currentPath: "",
    failures: 0,
    waiting: null,
    paused: false,
    question: null,
    lockedBy: null,
    ...changes,
  };
}

/** The result of a backup that found nothing new. */
export function backupResult(changes: Partial<BackupResult> = {}): BackupResult {
  return {
    outcome: "stored",
    snapshot: fakeSnapshot({ timeMs: Date.UTC(2026, 0, 1) }),
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 0,
    bytesRead: 0,
    bytesNew: 0,
    bytesUploaded: 0,
    dataBlobs: 0,
    treeBlobs: 0,
    totalFiles: 0,
    totalBytes: 0,
    durationMs: 0,
    clockBehind: false,
    failures: [],
    rereadFiles: 0,
    hiddenChanges: 0,
    excluded: 0,
    lostPacks: 0,
    uploadedPacks: 0,
    slow: [],
    waitedMs: 0,
    ...changes,
  };
}
