import type { Id } from "../base/id.ts";
import type { Source } from "../base/ports.ts";
import type { CompressionMode } from "../codec/codec.ts";
import type { BackupRules } from "./backup-rules.ts";

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
  /** What is left out; nothing if there are none. */
  rules?: BackupRules;
  /** The snapshot to continue instead of the one that is found. */
  parent?: Id | null;
}
