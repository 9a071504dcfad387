import { Archiver, type ArchiverRepository, type BackupOutcome } from "../../src/core/archiver/archiver.ts";
import type { BackupCounts } from "../../src/core/archiver/backup-counts.ts";
import type { BackupOptions } from "../../src/core/archiver/backup-options.ts";
import type { Backend } from "../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../src/core/backend/memory.ts";
import { type Clock, systemClock } from "../../src/core/base/clock.ts";
import type { LockJournal, SourceFolder } from "../../src/core/base/ports.ts";
import { rawNameOf } from "../../src/core/base/raw-name.ts";
import { createRepository } from "../../src/core/repository/create-repository.ts";
import { openRepository } from "../../src/core/repository/open-repository.ts";
import type { Repository } from "../../src/core/repository/repository.ts";
import { nodeKernels } from "./kernels.ts";

/** The cheapest key that restic accepts, so that a test does not wait for scrypt. */
export const cheapKdf = { N: 2, r: 8, p: 1 };
export const password = "test password";

/** A journal in memory: one device, whose claims live as long as the test. */
export function memoryJournal(): LockJournal {
  const ids = new Map<string, Set<string>>();
  const claims = new Set<string>();
  const of = (repository: string) => ids.get(repository) ?? ids.set(repository, new Set()).get(repository);
  return {
    add: async (repository, lock) => void of(repository)?.add(lock),
    remove: async (repository, lock) => void of(repository)?.delete(lock),
    list: async (repository) => [...(of(repository) ?? [])],
    claim: async (lock) => {
      claims.add(lock);
      return () => claims.delete(lock);
    },
    isClaimed: async (lock) => claims.has(lock),
  };
}

export interface TestRepository {
  backend: Backend;
  repository: Repository;
}

/** A clock whose short waits are over at once: the locks' settling, not their refreshing. */
export const impatientClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => systemClock.after(ms < 1000 ? 0 : ms, callback),
};

const neverAborted = new AbortController().signal;

export async function createTestRepository(
  backend: Backend = new MemoryBackend(),
  formatVersion: 1 | 2 = 2,
): Promise<TestRepository> {
  const ports = { backend, kernels: nodeKernels, journal: memoryJournal(), clock: impatientClock };
  const options = { password, formatVersion, hostname: "test", kdf: cheapKdf, signal: neverAborted };
  return { backend, repository: (await createRepository(ports, options)).repository };
}

/** Opens it as another session; with a journal of its own unless given, as on another device. */
export async function openTestRepository(backend: Backend, journal = memoryJournal()): Promise<Repository> {
  const ports = { backend, kernels: nodeKernels, journal, clock: impatientClock };
  return (await openRepository(ports, { password, signal: neverAborted })).repository;
}

let lastTimeMs = Date.UTC(2026, 10, 1);

export type StoredBackup = Extract<BackupOutcome, { outcome: "stored" }> & { counts: BackupCounts };

/** A backup of one folder, called "Documents" unless said otherwise, a minute after the last one; it writes a snapshot. */
export async function backUp(
  repository: ArchiverRepository,
  folder: SourceFolder,
  changes: Partial<BackupOptions> = {},
  signal = neverAborted,
): Promise<StoredBackup> {
  const archiver = archiverOf(repository, folder, changes);
  const outcome = await archiver.run(signal);
  if (outcome.outcome !== "stored") throw new Error(`no snapshot: ${outcome.outcome}`);
  return { ...outcome, counts: archiver.counts };
}

/** The same backup, not begun. */
export function archiverOf(
  repository: ArchiverRepository,
  folder: SourceFolder,
  changes: Partial<BackupOptions> = {},
): Archiver {
  lastTimeMs += 60_000;
  return new Archiver(repository, {
    sources: [{ rootName: rawNameOf("Documents"), folder }],
    hostname: "test-browser",
    tags: [],
    compression: "auto",
    timeMs: lastTimeMs,
    utcOffsetMinutes: 0,
    programVersion: "holdall test",
    ...changes,
  });
}
