import type { ErrorContext } from "../core/base/errors.ts";
import type { LockInfo } from "../workers/repository-api.ts";
import { locksText as text } from "./text/locks.ts";

const minuteMs = 60_000;
/** restic's own age from which "restic unlock" removes a lock. */
const deadAfterMs = 30 * minuteMs;

/** The lock that an error "locked" is about; null if it does not tell. */
export function lockOfFailure(context: ErrorContext): LockInfo | null {
  const { lock, hostname, username, pid, time, exclusive } = context;
  if (typeof lock !== "string") return null;
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return {
    id: lock,
    hostname: typeof hostname === "string" ? hostname : "",
    username: typeof username === "string" ? username : "",
    pid: typeof pid === "number" ? pid : null,
    timeMs: Number.isNaN(timeMs) ? null : timeMs,
    exclusive: exclusive === true,
    holder: "somebody",
  };
}

/** "anna on nas", as far as it is known. */
export function lockOwner({ hostname, username }: LockInfo): string {
  if (hostname === "") return text.unknownHost;
  return username === "" ? hostname : `${username} on ${hostname}`;
}

export function lockKind(lock: LockInfo): string {
  if (lock.timeMs === null) return text.unreadable;
  return lock.exclusive ? text.exclusive : text.shared;
}

/** What a lock of this kind keeps others from. */
export function lockMeaning(lock: LockInfo): string {
  if (lock.timeMs === null) return text.unreadableMeaning;
  return lock.exclusive ? text.exclusiveMeaning : text.sharedMeaning;
}

/** When the holder last said that it lives: locks are renewed every five minutes. */
export function lockSeen({ timeMs }: LockInfo, nowMs: number): string {
  if (timeMs === null) return text.seenNever;
  // A page looks at its clock once a minute only, and clocks differ a little.
  return timeMs > nowMs + 2 * minuteMs ? text.seenAhead : text.seenAgo(Math.max(0, nowMs - timeMs));
}

/** Milliseconds without a sign of life, if they are so many that its holder must be gone; else null. */
export function deadForMs({ holder, timeMs }: LockInfo, nowMs: number): number | null {
  if (holder === "here" || holder === "other-tab" || timeMs === null) return null;
  return nowMs - timeMs > deadAfterMs ? nowMs - timeMs : null;
}

/** "own": of a tab that is gone, without any risk. "ask": only after a word about the risk. */
export function lockRemoval({ holder }: LockInfo): "own" | "ask" | "never" {
  if (holder === "left-behind") return "own";
  return holder === "somebody" ? "ask" : "never";
}
