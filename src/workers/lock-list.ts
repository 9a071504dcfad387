import type { LockedError } from "../core/base/errors.ts";
import { timeMs } from "../core/base/rfc3339.ts";
import type { Repository } from "../core/repository/repository.ts";
import type { LockHolder, StoredLock } from "../core/repository/stored-locks.ts";
import type { LockInfo } from "./repository-api.ts";

/** All locks of a repository, as the page shows them: the newest first, and last those that cannot be read. */
export async function listLocks(repository: Repository, signal: AbortSignal): Promise<LockInfo[]> {
  const locks = (await repository.listLocks(signal)).map(infoOf);
  return locks.sort((a, b) => (b.timeMs ?? 0) - (a.timeMs ?? 0));
}

/** The lock that a LockedError "locked" names, as the page shows it. */
export function lockInfoOf({ context }: LockedError): LockInfo {
  const text = (key: string) => String(context[key] ?? "");
  const { pid, exclusive } = context;
  return {
    id: text("lock"),
    hostname: text("hostname"),
    username: text("username"),
    pid: typeof pid === "number" ? pid : null,
    timeMs: timeMs(text("time")),
    exclusive: exclusive === true,
    holder: holders.find((holder) => holder === context["holder"]) ?? "somebody",
  };
}

const holders: readonly LockHolder[] = ["here", "other-tab", "left-behind", "somebody"];

function infoOf({ id, lock, holder }: StoredLock): LockInfo {
  if (lock === null) return { id, holder, hostname: "", username: "", pid: null, timeMs: null, exclusive: false };
  const { hostname, username, pid, exclusive } = lock;
  return { id, holder, hostname, username, pid, timeMs: timeMs(lock.time), exclusive };
}
