import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import { decodeLockFile, type LockFile } from "../format/lock-file.ts";
import type { LockPorts } from "./lock-ports.ts";

/** "here": of this session; "other-tab": of another of this device; "left-behind": of one of this device that is gone. */
export type LockHolder = "here" | "other-tab" | "left-behind" | "somebody";

export interface StoredLock {
  id: Id;
  /** Null if it cannot be read. */
  lock: LockFile | null;
  holder: LockHolder;
}

const readAtOnce = 5;

/** All locks that are stored now, in no order. Empty files are left out: they lock nothing. */
export async function listLocks(ports: LockPorts, signal: AbortSignal): Promise<StoredLock[]> {
  const places = new Semaphore(readAtOnce);
  const listed = await ports.backend.list("lock", signal);
  const load = async (id: Id): Promise<StoredLock | null> => {
    const lock = await places.with(1, signal, () => readLock(ports, id, signal));
    return lock === "gone" ? null : { id, lock, holder: await holderOf(ports, id) };
  };
  const locks = await Promise.all(listed.filter(({ length }) => length > 0).map(({ id }) => load(id)));
  return locks.filter((lock) => lock !== null);
}

/** Removes a lock, whoever's it is; one that is gone counts as removed. */
export async function removeLock(ports: LockPorts, id: Id, signal: AbortSignal): Promise<void> {
  const { backend, journal, repositoryId } = ports;
  await backend.remove({ type: "lock", id }, signal);
  await journal.remove(repositoryId, id);
}

/** Who holds a lock, as far as this device knows. */
export async function holderOf(
  { journal, repositoryId, isOwn }: Pick<LockPorts, "journal" | "repositoryId" | "isOwn">,
  id: Id,
): Promise<LockHolder> {
  if (isOwn?.(id)) return "here";
  if (!(await journal.list(repositoryId)).includes(id)) return "somebody";
  return (await journal.isClaimed(id)) ? "other-tab" : "left-behind";
}

/** A page waits for this, so a lock that cannot be read is not read again and again as when one is taken. */
async function readLock({ files }: LockPorts, id: Id, signal: AbortSignal): Promise<LockFile | null | "gone"> {
  try {
    return decodeLockFile(await files.load("lock", id, signal));
  } catch (error) {
    if (error instanceof HoldallError && error.code === "not-found") return "gone";
    if (error instanceof IntegrityError || error instanceof FormatError) return null;
    throw error;
  }
}
