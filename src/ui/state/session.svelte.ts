import type { RecentPlace } from "../../platform/device-memory.ts";
import type { LockFarewell } from "../../platform/lock-farewell.ts";
import type {
  CallContext,
  OpenProgress,
  RepositoryApi,
  RepositoryInfo,
  RepositoryLocation,
} from "../../workers/repository-api.ts";
import { type Failure, failureOf, isUnreachable } from "../failure.ts";
import type { Ports, RepositoryClient, SourcePort } from "../ports.ts";
import { idMatches } from "../route.ts";
import type { RecoveryFacts } from "../text/recovery.ts";
import { BackupDesk } from "./backup-desk.svelte.ts";
import { Checks } from "./checks.ts";
import type { Device } from "./device.svelte.ts";
import { FilePreview } from "./file-preview.svelte.ts";
import { FolderTree } from "./folder-tree.svelte.ts";
import { FolderView } from "./folder-view.svelte.ts";
import { IndexLoad } from "./index-load.svelte.ts";
import { Jobs } from "./jobs.svelte.ts";
import { Locks } from "./locks.svelte.ts";
import { OfflineCopies } from "./offline-copies.svelte.ts";
import { OtherTab } from "./other-tab.svelte.ts";
import type { Router } from "./router.svelte.ts";
import { SaveForm } from "./save-form.svelte.ts";
import { Snapshots } from "./snapshots.svelte.ts";

/** All that lives as long as a repository is open, and goes when it is locked. */
export class OpenRepository {
  readonly snapshots: Snapshots;
  readonly index: IndexLoad;
  readonly folder: FolderView;
  readonly tree: FolderTree;
  readonly preview: FilePreview;
  readonly saving: SaveForm;
  readonly offlineCopies: OfflineCopies;
  readonly jobs: Jobs;
  readonly checks: Checks;
  readonly backup: BackupDesk;
  readonly locks: Locks;
  readonly otherTab: OtherTab;

  constructor(
    readonly info: RepositoryInfo,
    api: RepositoryApi,
    ports: Ports,
    sources: SourcePort,
  ) {
    this.snapshots = new Snapshots(api);
    this.index = new IndexLoad(api);
    this.folder = new FolderView(api);
    this.tree = new FolderTree(api);
    this.preview = new FilePreview(api);
    this.jobs = new Jobs(api, ports);
    this.checks = new Checks(this.jobs, info.location);
    this.saving = new SaveForm(api, this.jobs, ports, info.location);
    this.offlineCopies = new OfflineCopies(api, this.jobs, info.location);
    this.backup = new BackupDesk({ api, info, jobs: this.jobs, sources, onstored: () => void this.snapshots.reload() });
    this.locks = new Locks(api);
    this.otherTab = new OtherTab(api);
  }
}

type Connection = { state: "closed" } | { state: "open"; repository: OpenRepository };

/** Whether a repository is open. Locking ends its worker, and with it every key. */
export class Session {
  connection = $state.raw<Connection>({ state: "closed" });
  /** Why the repository closed by itself, until the next one opens. */
  lost = $state.raw<Failure | null>(null);
  locking = $state(false);
  /** Shown after a repository was created, until it is put away. */
  sheet = $state.raw<RecoveryFacts | null>(null);
  #client: RepositoryClient | null = null;
  /** Workers that are about to end, with what they know. */
  readonly #leaving = new Set<RepositoryClient>();
  #farewell: LockFarewell | null = null;

  constructor(
    private readonly ports: Ports,
    private readonly router: Router,
    private readonly device: Device,
  ) {}

  async open(location: RepositoryLocation, password: string, context: CallContext<OpenProgress>): Promise<void> {
    const client = this.#startClient();
    try {
      const info = await client.api.open({ location, password, keep: this.device.keep }, context);
      this.#enter(info, { client, location });
    } catch (error) {
      // A worker that started while the server was away came from the app's shell: the next try may have a better one.
      if (this.#client === client && isUnreachable(failureOf(error))) this.end();
      throw error;
    }
  }

  async create(
    location: RepositoryLocation,
    password: string,
    formatVersion: 1 | 2,
    context: CallContext<OpenProgress>,
  ): Promise<void> {
    const client = this.#startClient();
    const info = await client.api.create({ location, password, keep: this.device.keep, formatVersion }, context);
    this.#enter(info, { client, location });
    this.sheet = recoveryFactsOf(info, location);
  }

  /** Lets the worker remove its locks, for a moment at most, then ends it. */
  async lock(): Promise<void> {
    const client = this.#client;
    if (client === null || this.locking) return;
    this.locking = true;
    await closing(client, { locksRemoved: false });
    this.locking = false;
    if (this.#client === client) this.#client = null;
    this.#leaving.add(client);
    this.#endSoon(client);
    this.end();
    this.router.go({ page: "connect" });
  }

  /** The page is left, and perhaps shown again. To be followed by freeze() if it stands still from then on. */
  leave(): void {
    const client = this.#client;
    this.#client = null;
    this.#farewell?.say();
    this.end();
    if (client === null) return;
    this.#leaving.add(client);
    void closing(client, { locksRemoved: true }).then(() => this.#endSoon(client));
  }

  /** Ends what is on its way out, now: no timer will. */
  freeze(): void {
    for (const client of this.#leaving) client.terminate();
    this.#leaving.clear();
  }

  /** Ends a worker whose own workers have just ended. */
  #endSoon(client: RepositoryClient): void {
    setTimeout(() => {
      if (this.#leaving.delete(client)) client.terminate();
    }, settlingMs);
  }

  #startClient(): RepositoryClient {
    if (this.#client !== null) return this.#client;
    const client = this.ports.openRepositoryClient();
    this.#client = client;
    void client.onDied.then((error) => {
      if (this.#client !== client) return;
      if (this.connection.state === "open") this.lost = failureOf(error);
      this.end();
    });
    return client;
  }

  #enter(info: RepositoryInfo, opened: { client: RepositoryClient; location: RepositoryLocation }): void {
    const { client, location } = opened;
    const repository = new OpenRepository(
      info,
      client.api,
      this.ports,
      this.ports.openSources(info.id, () => this.device.mine),
    );
    this.lost = null;
    this.#farewell = this.ports.prepareFarewell(location, client.api);
    this.connection = { state: "open", repository };
    void this.device.remember(recentPlaceOf(location), info.id, Date.now());
    // Both at once would delay what is looked at first.
    void repository.snapshots.reload().then(() => repository.index.follow());
    void repository.offlineCopies.reload();
    void repository.backup.reload();
    const { route } = this.router;
    const linked = "repository" in route && route.page !== "job" && idMatches(route.repository, info.id);
    if (!linked) this.router.replace({ page: "snapshots", repository: info.id });
  }

  /** Ends the worker at once, and with it every key; what the page knew of the repository goes, too. */
  end(): void {
    this.#farewell?.end();
    this.#farewell = null;
    this.#client?.terminate();
    this.#client = null;
    this.sheet = null;
    this.connection = { state: "closed" };
    overwriteLastMatch();
  }
}

/** Engines keep the text that a regular expression was last tried on, and it may have been a name or a password. */
function overwriteLastMatch(): void {
  /^/.test("");
}

/** Lets the worker remove its locks and end its own workers, for a moment at most. */
async function closing(client: RepositoryClient, how: { locksRemoved: boolean }): Promise<void> {
  const closed = client.api.close(how).catch(() => undefined);
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closingMs))]);
}

const closingMs = 2000;
/**
 * A worker that is ended while workers of its own are ending stays for good in Chromium 156, with its memory: every tenth
 * to every third time. This long after the others had ended, none stayed.
 */
const settlingMs = 500;

function recentPlaceOf(location: RepositoryLocation): RecentPlace {
  if (location.kind === "folder") return { kind: "folder", handle: location.handle };
  return { kind: "rest", url: location.url };
}

function recoveryFactsOf(info: RepositoryInfo, location: RepositoryLocation): RecoveryFacts {
  const place =
    location.kind === "folder"
      ? { kind: "folder" as const, name: location.handle.name }
      : { kind: "rest" as const, url: info.location, hasLogin: location.login !== null };
  return { place, repositoryId: info.id, keyId: info.keyId, createdMs: Date.now() };
}
