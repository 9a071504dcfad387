import { timeMs } from "../core/base/rfc3339.ts";
import type { StoredSnapshot } from "../core/repository/repository.ts";
import type { SnapshotInfo, SnapshotSummaryInfo } from "./repository-api.ts";

/** A snapshot as the page shows it. */
export function snapshotInfo({ id, snapshot }: StoredSnapshot): SnapshotInfo {
  return {
    id,
    time: snapshot.time,
    timeMs: timeMs(snapshot.time) ?? 0,
    hostname: snapshot.hostname,
    username: snapshot.username,
    paths: [...snapshot.paths],
    tags: [...snapshot.tags],
    programVersion: snapshot.programVersion,
    excludes: [...snapshot.excludes],
    parent: snapshot.parent,
    summary: summaryInfo(snapshot.summary),
  };
}

function summaryInfo(summary: StoredSnapshot["snapshot"]["summary"]): SnapshotSummaryInfo | null {
  if (summary === null) return null;
  const { filesNew, filesChanged, filesUnmodified, dataAddedBytes, dataAddedPackedBytes } = summary;
  return {
    filesNew,
    filesChanged,
    filesUnmodified,
    dataAddedBytes,
    dataAddedPackedBytes,
    totalFiles: summary.totalFilesProcessed,
    totalBytes: summary.totalBytesProcessed,
  };
}
