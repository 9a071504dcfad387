import type { Backend } from "../backend/backend.ts";
import type { Clock } from "../base/clock.ts";
import type { LockJournal } from "../base/ports.ts";
import type { UnpackedFiles } from "./unpacked-files.ts";

/** Shared by those that add to a repository, exclusive for those that remove from it. Reading takes no lock. */
export type LockKind = "shared" | "exclusive";

/** What locks need of a repository. */
export interface LockPorts {
  backend: Pick<Backend, "list" | "stat" | "save" | "remove" | "clockAheadMs">;
  files: Pick<UnpackedFiles, "load" | "seal">;
  journal: LockJournal;
  /** The repository's id, under which the journal keeps its locks. */
  repositoryId: string;
  clock: Clock;
  /** Tells this session's locks from those of other tabs. */
  isOwn?(lockId: string): boolean;
}

/** Clocks that are this far apart would make others misjudge the age of a lock, and so its right to be there. */
export const largestClockSkewMs = 20 * 60_000;

/** Between writing a lock and looking again for others: whoever came at the same time is seen by then. */
export const settleMs = 200;
