import type { Backend } from "../core/backend/backend.ts";
import { OfflineCopy } from "../core/backend/offline-copy.ts";
import { withCache } from "../core/backend/with-cache.ts";
import type { RetryOptions } from "../core/backend/with-retry.ts";
import type { LockJournal, OfflineStore, PackSpool, SetStore } from "../core/base/ports.ts";
import { createRepository } from "../core/repository/create-repository.ts";
import { openRemembered, remember } from "../core/repository/open-remembered.ts";
import { type OpenedRepository, openRepository, type RepositoryPorts } from "../core/repository/open-repository.ts";
import type { Repository } from "../core/repository/repository.ts";
import { BackupSets } from "./backup-sets.ts";
import { memoryLockJournal } from "./memory-lock-journal.ts";
import { memorySetStore } from "./memory-set-store.ts";
import type { OpenProgress, OpenRequest, RepositoryInfo, RepositoryLocation, RestLocation } from "./repository-api.ts";
import { ServerProbe } from "./server-probe.ts";
import type { TabPorts } from "./tab-ports.ts";

/** What opening needs of the platform. */
export interface SessionPorts extends Omit<RepositoryPorts, "backend" | "copy" | "journal" | "spool"> {
  connect(location: RepositoryLocation, retry: RetryOptions): Backend;
  /** These are called only on a device that may keep something. */
  openJournal(): LockJournal;
  openOfflineStore(url: string): OfflineStore;
  openSetStore(repositoryId: string): SetStore;
  openPackSpool(): PackSpool;
  tabs: TabPorts;
}

export interface SessionOptions {
  retry: RetryOptions;
  /** Looks at what is written into the journal. */
  watchJournal(journal: LockJournal): LockJournal;
  signal: AbortSignal;
  onProgress(progress: OpenProgress): void;
}

/** An open repository and what the page is told of it. */
export interface Session {
  repository: Repository;
  info: RepositoryInfo;
  /** Snapshots that this device has seen and that somebody else has removed. */
  missingSnapshots(): number;
}

/** Opens the repository that is asked for, with the offline copy if something may be kept. */
export async function openSession(
  ports: SessionPorts,
  request: OpenRequest,
  options: SessionOptions,
): Promise<Session> {
  const { location, password } = request;
  const { retry, signal, onProgress } = options;
  const probe = new ServerProbe(location, ports.clock, signal);
  const onPhase = (phase: OpenProgress["phase"]) => onProgress({ phase });
  const onFound = (backend: Backend) => probe.begin(backend);
  const journal = journalOf(ports, request, options);
  const kept = keptPlace(ports, request);
  if (kept === null) {
    const backend = ports.connect(location, retry);
    const opened = await openRepository({ ...ports, backend, journal }, { password, signal, onPhase, onFound });
    return sessionOf(opened, backend, await probe.end());
  }
  const { rest, copy } = kept;
  const connect = (login: RestLocation["login"]) => ports.connect({ ...rest, login }, retry);
  const remembering = { ...ports, journal, copy, connect, spool: ports.openPackSpool() };
  const opened = await openRemembered(remembering, { password, signal, onPhase, onFound, login: rest.login });
  return sessionOf(opened, opened.backend, await probe.end());
}

/** Creates a repository and opens it. Whatever was kept of one that is no longer at this address is forgotten. */
export async function createSession(
  ports: SessionPorts,
  request: OpenRequest & { formatVersion: 1 | 2 },
  options: SessionOptions,
): Promise<Session> {
  const { location, password, formatVersion } = request;
  const { retry, signal } = options;
  const journal = journalOf(ports, request, options);
  const kept = keptPlace(ports, request);
  const probe = new ServerProbe(location, ports.clock, signal);
  const backend = ports.connect(location, retry);
  const creation = { password, formatVersion, hostname: "browser", signal };
  if (kept === null) {
    const opened = await createRepository({ ...ports, backend, journal }, creation);
    probe.begin(backend);
    return sessionOf(opened, backend, await probe.end());
  }
  const { rest, copy } = kept;
  if ((await backend.stat({ type: "config" }, signal)) === null) await copy.clear();
  const cached = withCache(backend, copy, ports.clock);
  const spool = ports.openPackSpool();
  const opened = await createRepository({ ...ports, backend: cached, journal, copy, spool }, creation);
  probe.begin(backend);
  // So that its empty index is known offline.
  await opened.repository.refreshIndex(signal);
  await remember(copy, opened, rest.login);
  return sessionOf(opened, cached, await probe.end());
}

function sessionOf(
  opened: OpenedRepository,
  backend: Backend & Partial<ReturnType<typeof withCache>>,
  server: Pick<RepositoryInfo, "appendOnly" | "clockAheadMs">,
): Session {
  const { repository, unusableKeys, kernelBuild } = opened;
  const { id, formatVersion } = repository.config;
  const { location, isOffline: offline = false } = backend;
  const opening = { unusableKeys, kernelBuild, offline, ...server };
  const info = { id, location, formatVersion, keyId: repository.keyId, ...opening };
  return { repository, info, missingSnapshots: () => backend.missingSnapshots ?? 0 };
}

function journalOf(ports: SessionPorts, { keep }: OpenRequest, { watchJournal }: SessionOptions): LockJournal {
  return watchJournal(keep.kind === "nothing" ? memoryLockJournal(ports.tabs.lockClaims) : ports.openJournal());
}

/** The sets of an open repository: of this device, or of this session alone. */
export function setsOf(ports: SessionPorts, { keep }: OpenRequest, repository: Repository): BackupSets {
  const store = keep.kind === "nothing" ? memorySetStore() : ports.openSetStore(repository.config.id);
  return new BackupSets(repository, store, ports.clock);
}

/** A folder on this device is its own offline copy. */
function keptPlace(
  ports: SessionPorts,
  { keep, location }: OpenRequest,
): { rest: RestLocation; copy: OfflineCopy } | null {
  if (keep.kind === "nothing" || location.kind !== "rest") return null;
  const { clock } = ports;
  const store = ports.openOfflineStore(location.url);
  const { budgetBytes } = keep;
  return { rest: location, copy: new OfflineCopy(clock ? { store, budgetBytes, clock } : { store, budgetBytes }) };
}
