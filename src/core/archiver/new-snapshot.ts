import type { Id } from "../base/id.ts";
import type { Source } from "../base/ports.ts";
import { displayName } from "../base/raw-name.ts";
import { formatTime } from "../base/rfc3339.ts";
import type { Snapshot } from "../format/snapshot.ts";
import type { SavedTotals } from "../repository/blob-saver.ts";
import type { BackupCounts } from "./backup-counts.ts";
import type { BackupOptions } from "./backup-options.ts";

export interface FinishedRun {
  tree: Id;
  parent: Id | null;
  options: BackupOptions;
  /** The time that the snapshot gets, in milliseconds since 1970. */
  timeMs: number;
  counts: BackupCounts;
  totals: SavedTotals;
  /** Milliseconds since 1970. */
  endMs: number;
}

/** The snapshot that a finished run writes. */
export function newSnapshot({ tree, parent, options, timeMs, counts, totals, endMs }: FinishedRun): Snapshot {
  const { sources, hostname, tags, utcOffsetMinutes, programVersion, rules } = options;
  const start = formatTime(timeMs, utcOffsetMinutes);
  return {
    time: start,
    parent,
    tree,
    paths: pathsOf(sources),
    hostname,
    username: "",
    uid: 0,
    gid: 0,
    // Restic writes the patterns of --exclude alone, as they were given.
    excludes: [...(rules?.exclude ?? [])],
    tags,
    original: null,
    programVersion,
    summary: {
      backupStart: start,
      backupEnd: formatTime(endMs, utcOffsetMinutes),
      filesNew: counts.filesNew,
      filesChanged: counts.filesChanged,
      filesUnmodified: counts.filesUnmodified,
      dirsNew: counts.dirsNew,
      dirsChanged: counts.dirsChanged,
      dirsUnmodified: counts.dirsUnmodified,
      dataBlobs: totals.dataBlobs,
      treeBlobs: totals.treeBlobs,
      dataAddedBytes: totals.addedBytes,
      dataAddedPackedBytes: totals.addedPackedBytes,
      totalFilesProcessed: counts.totalFiles,
      totalBytesProcessed: counts.totalBytes,
      unknownFields: [],
    },
    unknownFields: [],
  };
}

/** One absolute path a source, sorted: what a later run finds its parent by. */
export function pathsOf(sources: readonly Source[]): string[] {
  return sources.map(({ rootName }) => `/${displayName(rootName)}`).sort();
}
