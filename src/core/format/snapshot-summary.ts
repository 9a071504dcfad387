import { FieldNames } from "../base/field-names.ts";
import { encodeRawFields, type RawField } from "../base/go-json.ts";
import type { JsonReader } from "../base/go-json-reader.ts";
import { zeroTime } from "../base/rfc3339.ts";
import { readFields } from "./stored-object.ts";

/** What a backup did, as restic keeps it in the snapshot since 0.17. Counts and bytes are safe integers. */
export interface SnapshotSummary {
  /** RFC 3339. */
  backupStart: string;
  /** RFC 3339. */
  backupEnd: string;
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  dirsNew: number;
  dirsChanged: number;
  dirsUnmodified: number;
  dataBlobs: number;
  treeBlobs: number;
  /** Plain bytes of the new blobs. */
  dataAddedBytes: number;
  /** Stored bytes of the new blobs. */
  dataAddedPackedBytes: number;
  totalFilesProcessed: number;
  totalBytesProcessed: number;
  unknownFields: readonly RawField[];
}

type CountName = Exclude<keyof SnapshotSummary, "backupStart" | "backupEnd" | "unknownFields">;

/** What each count is stored as, in the order in which restic writes them. */
const counts = {
  files_new: "filesNew",
  files_changed: "filesChanged",
  files_unmodified: "filesUnmodified",
  dirs_new: "dirsNew",
  dirs_changed: "dirsChanged",
  dirs_unmodified: "dirsUnmodified",
  data_blobs: "dataBlobs",
  tree_blobs: "treeBlobs",
  data_added: "dataAddedBytes",
  data_added_packed: "dataAddedPackedBytes",
  total_files_processed: "totalFilesProcessed",
  total_bytes_processed: "totalBytesProcessed",
} as const satisfies Record<string, CountName>;

type StoredCount = keyof typeof counts;
const storedCounts = Object.keys(counts) as StoredCount[];
const names = new FieldNames<StoredCount | "backup_start" | "backup_end">([
  "backup_start",
  "backup_end",
  ...storedCounts,
]);

/** The summary as a JSON object. */
export function encodeSummary(summary: SnapshotSummary): string {
  const numbers = storedCounts.map((stored) => `,"${stored}":${summary[counts[stored]]}`).join("");
  const times = `"backup_start":"${summary.backupStart}","backup_end":"${summary.backupEnd}"`;
  return `{${times}${numbers}${encodeRawFields(summary.unknownFields)}}`;
}

/** Reads a summary; absent counts are 0. */
export function decodeSummary(reader: JsonReader): SnapshotSummary {
  const summary = emptySummary();
  const unknownFields = readFields(reader, names, (name) => {
    if (name === "backup_start") summary.backupStart = reader.readTime();
    else if (name === "backup_end") summary.backupEnd = reader.readTime();
    else summary[counts[name]] = reader.readSafeInteger();
  });
  return { ...summary, unknownFields };
}

/** A summary of nothing, for a backup to fill in. */
export function emptySummary(): SnapshotSummary {
  return {
    backupStart: zeroTime,
    backupEnd: zeroTime,
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 0,
    dirsChanged: 0,
    dirsUnmodified: 0,
    dataBlobs: 0,
    treeBlobs: 0,
    dataAddedBytes: 0,
    dataAddedPackedBytes: 0,
    totalFilesProcessed: 0,
    totalBytesProcessed: 0,
    unknownFields: [],
  };
}
