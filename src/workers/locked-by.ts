import type { LockedError } from "../core/base/errors.ts";
import { timeMs } from "../core/base/rfc3339.ts";
import type { LockInfo } from "./repository-api.ts";

/** The lock of somebody else that a LockedError tells of, as the page shows locks. */
export function lockedBy({ context }: LockedError): LockInfo {
  const { lock, hostname, username, pid, time, exclusive } = context;
  return {
    id: textOf(lock),
    hostname: textOf(hostname),
    username: textOf(username),
    pid: typeof pid === "number" && pid !== 0 ? pid : null,
    timeMs: timeMs(textOf(time)),
    exclusive: exclusive === true,
    holder: "somebody",
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
