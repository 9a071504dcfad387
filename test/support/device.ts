import type { Backend, FileType } from "../../src/core/backend/backend.ts";
import { MemoryBackend } from "../../src/core/backend/memory.ts";
import { type RetryOptions, withRetry } from "../../src/core/backend/with-retry.ts";
import type { Clock } from "../../src/core/base/clock.ts";
import { type BackendCode, BackendError } from "../../src/core/base/errors.ts";
import type { SourceFolder } from "../../src/core/base/ports.ts";
import type { OpenRequest, RestLocation } from "../../src/workers/repository-api.ts";
import { RepositoryService } from "../../src/workers/repository-service.ts";
import { type ObservedBackend, observed } from "./failing-backend.ts";
import { nodeKernels } from "./kernels.ts";
import { MemoryFolder } from "./memory-folder.ts";
import { MemoryOfflineStore } from "./memory-offline-store.ts";
import { MemoryPackSpool } from "./memory-pack-spool.ts";
import { impatientClock, memoryJournal, password } from "./memory-repository.ts";
import { MemorySetStores } from "./memory-set-stores.ts";
import { MemoryBrowser } from "./memory-tabs.ts";

type Login = RestLocation["login"];

/** Where a repository is. */
export interface Place {
  readonly url: string;
  /** The right one, for who knows it. */
  readonly login: Login;
  /** One attempt an operation. */
  connect(login: Login): Backend;
}

/** A server in memory, which may want a login and may be out of reach. */
export class MemoryServer implements Place {
  readonly url = "https://nas.example/photos/";
  /** What every request fails with; null: none does. */
  failure: BackendCode | null = null;
  login: Login = null;
  /** The logins that came, one for each connection. */
  readonly logins: Login[] = [];
  readonly requests: ObservedBackend["operations"] = [];

  constructor(readonly files: MemoryBackend = new MemoryBackend()) {}

  connect(login: Login): Backend {
    this.logins.push(login);
    return observed(this.files, (operation) => {
      this.requests.push(operation);
      if (this.failure !== null) throw new BackendError(this.failure, {}, { retry: "later" });
      const isRight = login?.username === this.login?.username && login?.password === this.login?.password;
      if (this.login !== null && !isRight) throw new BackendError("login-rejected", { status: 401 });
      return "none";
    });
  }
}

/** Back-off takes no time here. */
const backOffClock: Clock = {
  now: () => Date.now(),
  after: (_ms, callback) => {
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  },
};

export const never = new AbortController().signal;
export const quiet = { signal: never, onProgress: () => {} };

/** A browser profile: the service of a worker, over and over again, with what stays in the browser between. */
export class Device<Server extends Place = MemoryServer> {
  /** How often something asked for storage of the browser. */
  storageUses = 0;
  source: SourceFolder = new MemoryFolder({});
  readonly browser = new MemoryBrowser();
  private readonly journal = memoryJournal();
  readonly sets = new MemorySetStores();

  constructor(
    readonly server: Server,
    readonly store = new MemoryOfflineStore(),
  ) {}

  /** The worker of a tab. */
  service(tab = this.browser.openTab()): RepositoryService {
    return new RepositoryService({
      connect: (location, retry: RetryOptions) => {
        const login = location.kind === "rest" ? location.login : null;
        return withRetry(this.server.connect(login), Object.assign(retry, { clock: backOffClock }));
      },
      kernels: nodeKernels,
      clock: impatientClock,
      openJournal: () => {
        this.storageUses++;
        return { ...this.journal, ...tab.lockClaims };
      },
      openOfflineStore: () => {
        this.storageUses++;
        return this.store;
      },
      sourceFolderOf: () => this.source,
      sinkOf: () => {
        throw new Error("nothing is restored here");
      },
      openPackSpool: () => new MemoryPackSpool(),
      openSetStore: (repositoryId) => {
        this.storageUses++;
        return this.sets.open(repositoryId);
      },
      tabs: tab,
      programVersion: "holdall test",
    });
  }

  request(changes: Partial<OpenRequest> & { login?: Login } = {}): OpenRequest {
    const { login = this.server.login, ...rest } = changes;
    const location = { kind: "rest", url: this.server.url, login, connections: null } as const;
    return { location, password, keep: { kind: "device", budgetBytes: 1 << 20 }, ...rest };
  }

  /** A service on the opened repository. */
  async open(changes: Parameters<Device["request"]>[0] = {}, tab = this.browser.openTab()): Promise<RepositoryService> {
    const service = this.service(tab);
    await service.open(this.request(changes), quiet);
    return service;
  }
}

/** A backend with the same files. */
export async function copyOf(files: MemoryBackend): Promise<MemoryBackend> {
  const copy = new MemoryBackend();
  const types: FileType[] = ["config", "key", "data", "index", "snapshot", "lock"];
  for (const type of types) {
    const handles = type === "config" ? [{ type }] : (await files.list(type, never)).map(({ id }) => ({ type, id }));
    for (const handle of handles) await copy.save(handle, await files.load(handle, never), never);
  }
  return copy;
}
