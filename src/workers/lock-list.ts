import { HoldallError } from "../core/base/errors.ts";
import type { Id } from "../core/base/id.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { LockInfo } from "./repository-api.ts";

/** All locks of a repository, as the page shows them. */
export async function listLocks(_repository: Repository, _signal: AbortSignal): Promise<LockInfo[]> {
  throw new HoldallError("feature-missing");
}

export async function removeLock(_repository: Repository, _id: Id, _signal: AbortSignal): Promise<void> {
  throw new HoldallError("feature-missing");
}
