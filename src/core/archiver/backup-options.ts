import type { Id } from "../base/id.ts";
import type { Source } from "../base/ports.ts";
import type { CompressionMode } from "../codec/codec.ts";
import type { BackupRules } from "./backup-rules.ts";
import type { RereadTurn } from "./reread-turn.ts";
import type { Steering } from "./steering.ts";

/** What the user of a backup decides. */
export interface BackupOptions {
  /** At least one; their root names differ. */
  sources: readonly Source[];
  hostname: string;
  tags: readonly string[];
  compression: CompressionMode;
  /** Start of the run, in milliseconds since 1970. */
  timeMs: number;
  /** The user's offset, in minutes east of UTC. */
  utcOffsetMinutes: number;
  /** "holdall 1.0.0" */
  programVersion: string;
  /** The snapshot to continue instead of the one that is found. */
  parent?: Id | null;
  /** What is left out; nothing if absent. */
  rules?: BackupRules;
  /** Which of the files that seem unchanged are read anew; null or absent: only those that always are. */
  reread?: RereadTurn | null;
  /** Writes no snapshot if the root tree is the parent's. */
  skipIfUnchanged?: boolean;
  /** Walks, reads and counts as a backup does, but takes no lock and stores nothing. */
  dryRun?: boolean;
  /** Waits for a lock of somebody else to go, instead of failing. */
  waitsForLock?: boolean;
  /** Length of a pack at which it is stored; the repository's own if absent. */
  packTargetBytes?: number;
  /** Bytes a second that uploads may take; null or absent: no limit. */
  uploadLimit?: number | null;
  /** Pauses the run and answers for the user. Without it the run stops where it would ask. */
  steering?: Steering;
}
