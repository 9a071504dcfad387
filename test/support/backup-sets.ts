import { noRules } from "../../src/core/archiver/backup-rules.ts";
import type { BackupRun, BackupSet } from "../../src/workers/repository-api.ts";

export function backupSet(values: Partial<BackupSet> = {}): BackupSet {
  return {
    id: "set-1",
    name: "Letters",
    hostname: "maple-browser",
    sources: [{ id: "source-1", rootName: "Documents", kind: "folder" }],
    tags: ["home"],
    compression: "auto",
    rules: { ...noRules, exclude: ["*.tmp", "!keep.tmp"] },
    packSizeBytes: null,
    uploadLimit: null,
    skipIfUnchanged: true,
    rereadEvery: 30,
    reminderDays: 7,
    runsOnChange: false,
    ...values,
  };
}

export function backupRun(values: Partial<BackupRun> = {}): BackupRun {
  return {
    startedMs: 1000,
    durationMs: 2000,
    outcome: "stored",
    code: null,
    snapshot: "5".repeat(64),
    filesNew: 1,
    filesChanged: 2,
    filesUnmodified: 3,
    failures: 0,
    bytesRead: 10,
    bytesStored: 5,
    ...values,
  };
}
