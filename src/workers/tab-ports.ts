import type { LockJournal } from "../core/base/ports.ts";

/** What ties the tabs of one browser together. */
export interface TabPorts {
  /** Claims named after lock files, for a journal that is not in the browser's storage. */
  lockClaims: LockClaims;
  /** Becomes the one writer of this repository in this browser until released. Throws LockedError "writer-elsewhere". */
  claimWriter(repositoryId: string): Promise<() => void>;
  /** Whether somebody in this browser writes to the repository now. */
  hasWriter(repositoryId: string): Promise<boolean>;
  /** Resolves when nobody does, however the writer has ended. Rejects with the signal's reason. */
  untilWriterEnds(repositoryId: string, signal: AbortSignal): Promise<void>;
  openChannel(repositoryId: string, onMessage: (data: unknown) => void): TabChannel;
}

export type LockClaims = Pick<LockJournal, "claim" | "isClaimed">;

/** Reaches the other tabs in which the same repository is open, and not the one that posts. */
export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}
