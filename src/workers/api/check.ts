import type { ErrorCode } from "../../core/base/errors.ts";
import type { FailedFile } from "./snapshot.ts";

export interface CheckDataProgress {
  packsDone: number;
  packsTotal: number;
  bytesDone: number;
  bytesTotal: number;
  /** What is wrong so far. */
  failures: number;
  /** Why nothing moves just now: a request is being repeated. Null while all is well. */
  waiting: ErrorCode | null;
}

export interface CheckDataResult {
  /** What was read: packs, their bytes, and the blobs that the index names in them. */
  packs: number;
  bytes: number;
  blobs: number;
  /** Packs that are stored and that no index names: no damage, only room. */
  unnamedPacks: number;
  unnamedBytes: number;
  /** All that is wrong; the path is the pack's, and the context names the blob if it is about one. */
  failures: FailedFile[];
}
