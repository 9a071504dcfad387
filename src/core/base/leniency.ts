import { type Clock, systemClock } from "./clock.ts";

/** A browser's storage answers within milliseconds or, when something is wrong with it, never. */
const patienceMs = 5000;

/**
 * The result of the work, or `otherwise` if it fails or does not end within five seconds: for what only saves time, such
 * as browser storage, and must never cost a user anything. `onGivenUp` is told the reason.
 */
export function orElse<T>(
  work: () => Promise<T>,
  otherwise: T,
  onGivenUp: (reason: "failed" | "late") => void = () => {},
  clock: Clock = systemClock,
): Promise<T> {
  return new Promise((resolve) => {
    let isOver = false;
    const end = (result: T, reason: "failed" | "late" | null) => {
      if (isOver) return;
      isOver = true;
      cancel();
      if (reason !== null) onGivenUp(reason);
      resolve(result);
    };
    const cancel = clock.after(patienceMs, () => end(otherwise, "late"));
    started(work).then(
      (result) => end(result, null),
      () => end(otherwise, "failed"),
    );
  });
}

/** What is thrown at once is a rejection too. */
async function started<T>(work: () => Promise<T>): Promise<T> {
  return work();
}
