import { LockedError } from "../core/base/errors.ts";

/**
 * Becomes the one writer of a repository in this browser; other tabs may read. Resolves with what ends it; a closed tab's
 * claim ends by itself. Throws LockedError "writer-elsewhere" if another tab writes.
 */
export function claimWriter(repositoryId: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(`holdall-writer-${repositoryId}`, { ifAvailable: true }, (claim) => {
        if (claim === null) throw new LockedError("writer-elsewhere", { repository: repositoryId });
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}
