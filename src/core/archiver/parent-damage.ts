import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import type { RawName } from "../base/raw-name.ts";
import type { BackupCounts } from "./backup-counts.ts";

/** True if a tree of the parent cannot be had, now or ever: a run goes on as if the parent had none there. */
export function isDamage(error: unknown): error is HoldallError {
  if (error instanceof IntegrityError || error instanceof FormatError) return true;
  // The pack is gone since it was looked for.
  return error instanceof HoldallError && error.code === "not-found";
}

/**
 * Names what a pick of loose files cannot be added to, since the server has lost it. Throws the error if it is of another
 * kind: what was picked earlier must not go because of a fault that may pass.
 */
export function losePick(error: HoldallError, path: readonly RawName[], counts: BackupCounts): void {
  if (error.code !== "blob-missing") throw error;
  counts.failed(path, error);
}
