import type { Backend } from "../backend/backend.ts";
import type { Bytes } from "../base/bytes.ts";
import { within } from "../base/clock.ts";
import { HoldallError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { encodeIndex } from "../format/index-file.ts";
import { packLengthOf } from "../format/pack-header.ts";
import type { SealedIndex } from "./index-saver.ts";
import { awaitLock, type Lock, type LockPorts } from "./lock.ts";
import type { UnpackedFiles } from "./unpacked-files.ts";

/** How long to try to put right what a lost lock left behind. */
const mendingMs = 60_000;

export interface LateFilesPorts extends LockPorts {
  backend: Backend;
  files: Pick<UnpackedFiles, "load" | "seal" | "save">;
}

/**
 * Stores index and snapshot files under locks, and puts right what comes too late.
 *
 * [Note: late files] A save that is repeated until it succeeds outlives a sleep of the machine, and a request that was on
 * its way can reach the server long after it was sent. By then others may have taken the lock for dead and have removed
 * the packs that the file names. So the lock is asked each time before the bytes go out, and once more when they are
 * stored: a lock that proves to have been there all the time kept everybody from removing anything, whenever the file
 * arrived. If the lock was lost in between, the file may be one that names what is gone, and nobody else knows. Then
 * - a snapshot is removed: nothing refers to it, and the next run makes another from what is there;
 * - an index is not simply removed, since others may have built on it in good faith. Under a new lock, which keeps a prune
 *   out, it is compared with the packs; only if it names some that are gone, an index of the others takes its place.
 * Packs need nothing of this: a pack that no index names harms nobody, and the index is asked about.
 */
export class LateFiles {
  constructor(private readonly ports: LateFilesPorts) {}

  /** Throws what the backend throws, and LockedError "lock-lost": nothing of the snapshot stays then, as far as the server lets us. */
  async saveSnapshot(id: Id, sealed: Bytes, locks: readonly Lock[], signal: AbortSignal): Promise<void> {
    const handle = { type: "snapshot", id } as const;
    const remove = (late: AbortSignal) => this.ports.backend.remove(handle, late);
    await this.save(handle, sealed, { locks, signal, putRight: remove });
  }

  async saveIndex({ id, sealed, packs }: SealedIndex, lock: Lock, signal: AbortSignal): Promise<void> {
    const putRight = (late: AbortSignal) => this.mendIndex({ id, sealed, packs }, late);
    await this.save({ type: "index", id }, sealed, { locks: [lock], signal, putRight });
  }

  private async save(
    handle: { type: "index" | "snapshot"; id: Id },
    sealed: Bytes,
    options: {
      locks: readonly Lock[];
      signal: AbortSignal;
      putRight(signal: AbortSignal): Promise<void>;
    },
  ): Promise<void> {
    const { locks, signal, putRight } = options;
    const ensureFresh = async () => {
      for (const lock of locks) await lock.ensureFresh();
    };
    let wasSent = false;
    const beforeSending = async () => {
      await ensureFresh();
      wasSent = true;
    };
    try {
      await this.ports.backend.save(handle, sealed, signal, beforeSending);
      await ensureFresh();
    } catch (error) {
      if (wasSent && locks.some((lock) => lock.signal.aborted && !lock.isGivenUp)) await this.attempt(putRight);
      throw error;
    }
  }

  /** The loss of the lock is what the caller hears of, whatever comes of this. */
  private async attempt(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    try {
      await within(this.ports.clock, mendingMs, work);
    } catch (error) {
      if (!(error instanceof HoldallError) && !isAbort(error)) throw error;
    }
  }

  private async mendIndex({ id, packs }: SealedIndex, signal: AbortSignal): Promise<void> {
    const { backend, files } = this.ports;
    await using _lock = await awaitLock(this.ports, "shared", signal, () => {});
    if ((await backend.stat({ type: "index", id }, signal)) === null) return;
    const stored = new Map((await backend.list("data", signal)).map((file) => [file.id, file.length]));
    const present = packs.filter((pack) => stored.get(pack.id) === packLengthOf(pack.blobs));
    if (present.length === packs.length) return;
    if (present.length > 0) await files.save("index", encodeIndex(present), signal);
    await backend.remove({ type: "index", id }, signal);
  }
}
