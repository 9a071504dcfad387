import { isAbort, LockedError } from "../core/base/errors.ts";
import { isClaimHeld } from "./web-claim.ts";

/**
 * Becomes the one writer of a repository in this browser; other tabs may read. Resolves with what ends it; a closed tab's
 * claim ends by itself. Throws LockedError "writer-elsewhere" if another tab writes.
 */
export function claimWriter(repositoryId: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`holdall-writer-${repositoryId}`, { ifAvailable: true }, (claim) => {
        if (claim === null) throw new LockedError("writer-elsewhere", { repository: repositoryId });
        const lower = raiseSign(repositoryId);
        return new Promise<void>((release) =>
          resolve(() => {
            release();
            lower();
          }),
        );
      })
      .catch(reject);
  });
}

/** Whether a tab of this browser writes to the repository. */
export function hasWriter(repositoryId: string): Promise<boolean> {
  return isClaimHeld(signName(repositoryId));
}

/** Resolves when no tab writes, however the writer has ended. Rejects with the signal's reason. */
export async function untilWriterEnds(repositoryId: string, signal: AbortSignal): Promise<void> {
  const options = { mode: "shared", signal } as const;
  for (;;) {
    try {
      await navigator.locks.request(signName(repositoryId), options, () => undefined);
      return;
    } catch (error) {
      // Taken by the next writer at that very moment.
      if (signal.aborted || !isAbort(error)) throw error;
    }
  }
}

/**
 * [Note: the writer's sign] Who waits for a writer's end queues for a claim. On the writer's own claim such a queue would
 * refuse the next writer, so a second one stands beside it for others to wait on. The writer steals it: a tab that was
 * granted it and then frozen must hold up nobody.
 */
function raiseSign(repositoryId: string): () => void {
  let lower = () => {};
  const lowered = new Promise<void>((resolve) => {
    lower = resolve;
  });
  navigator.locks.request(signName(repositoryId), { steal: true }, () => lowered).catch(() => {});
  return lower;
}

function signName(repositoryId: string): string {
  return `holdall-writing-${repositoryId}`;
}
