import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Backend, NamedFileType } from "../../src/core/backend/backend.ts";
import { DirectoryBackend } from "../../src/core/backend/directory.ts";
import { MemoryBackend } from "../../src/core/backend/memory.ts";
import { OfflineCopy } from "../../src/core/backend/offline-copy.ts";
import { RestBackend } from "../../src/core/backend/rest.ts";
import { withCache } from "../../src/core/backend/with-cache.ts";
import { withLimit } from "../../src/core/backend/with-limit.ts";
import { withRetry } from "../../src/core/backend/with-retry.ts";
import type { Clock } from "../../src/core/base/clock.ts";
import { repositoryFolderOf } from "../../src/platform/repository-folder.ts";
import { observed } from "../support/failing-backend.ts";
import { MemoryOfflineStore } from "../support/memory-offline-store.ts";
import { NodeRepositoryFolder } from "../support/node-repository-folder.ts";
import { type RestFlavour, type RestTestServerOptions, startRestTestServer } from "../support/rest-test-server.ts";
import { MemoryFolder } from "../unit/platform/memory-folder.ts";
import { type BackendWorld, backendContract } from "./backend-contract.ts";

const folders: Record<NamedFileType, string> = {
  key: "keys",
  data: "data",
  index: "index",
  snapshot: "snapshots",
  lock: "locks",
};

/** Back-off takes no time here. */
const impatientClock: Clock = {
  now: () => Date.now(),
  after: (_ms, callback) => {
    const timer = setImmediate(callback);
    return () => clearImmediate(timer);
  },
};

function memory(decorate: (backend: Backend) => Backend = (backend) => backend) {
  return async (): Promise<BackendWorld> => ({ backend: decorate(new MemoryBackend()), close: async () => {} });
}

function rest(options: RestTestServerOptions, decorate: (backend: Backend) => Backend = (backend) => backend) {
  return async (): Promise<BackendWorld> => {
    const server = await startRestTestServer(options);
    return {
      backend: decorate(new RestBackend({ url: server.url, login: options.login ?? null })),
      plant: async (type, name, bytes) => void server.files.set(`${folders[type]}/${name}`, Buffer.from(bytes)),
      close: () => server.close(),
    };
  };
}

/** On the disk. */
function directory(decorate: (backend: Backend) => Backend = (backend) => backend) {
  return async (): Promise<BackendWorld> => {
    const root = await mkdtemp(join(tmpdir(), "holdall-directory-"));
    return {
      backend: decorate(new DirectoryBackend(new NodeRepositoryFolder(root))),
      plant: (type, name, bytes) => writeFile(join(root, folders[type], name), bytes),
      close: () => rm(root, { recursive: true }),
    };
  };
}

/** Through the browser's interfaces, with a folder in memory behind them. */
async function handles(): Promise<BackendWorld> {
  const root = new MemoryFolder("backup");
  return {
    backend: new DirectoryBackend(repositoryFolderOf(root)),
    plant: async (type, name, bytes) => {
      const folder = await root.getDirectoryHandle(folders[type]);
      await (await folder.getFileHandle(name, { create: true })).createWritable().then(async (stream) => {
        await stream.write({ type: "write", position: 0, data: bytes });
        await stream.close();
      });
    },
    close: async () => {},
  };
}

/** Every third operation fails: in turn before and after it happened. */
function unreliable(backend: Backend): Backend {
  return observed(backend, ({ step }) => (step % 3 !== 0 ? "none" : step % 2 === 0 ? "before" : "after"));
}

/** Every fifth answer is lost on its way back, every seventh is a server's bad moment. */
async function unreliableServer(flavour: RestFlavour): Promise<BackendWorld> {
  const server = await startRestTestServer({ flavour });
  let count = 0;
  server.fault = () => {
    count++;
    if (count % 5 === 0) return { afterwards: true };
    return count % 7 === 0 ? { status: 503, body: "busy\n" } : undefined;
  };
  const backend = withRetry(withLimit(new RestBackend({ url: server.url, login: null }), 2), { clock: impatientClock });
  return { backend, close: () => server.close() };
}

backendContract("memory", memory());
backendContract(
  "memory, one at a time",
  memory((backend) => withLimit(backend, 1)),
);
backendContract(
  "memory, unreliable, with retry",
  memory((backend) => withRetry(unreliable(backend), { clock: impatientClock })),
);
backendContract("rest-server", rest({ flavour: "rest-server" }));
backendContract("rest-server with a login", rest({ login: { username: "häns", password: "p:ss wörd" } }));
backendContract("rest-server of listings without lengths", rest({ flavour: "rest-server-v1" }));
backendContract("rclone", rest({ flavour: "rclone" }));
backendContract(
  "rest-server, one at a time, with retry",
  rest({}, (backend) => withRetry(withLimit(backend, 1))),
);
backendContract("rest-server, unreliable, with retry", () => unreliableServer("rest-server"));
backendContract("rclone, unreliable, with retry", () => unreliableServer("rclone"));
backendContract("directory", directory());
backendContract(
  "directory, one at a time",
  directory((backend) => withLimit(backend, 1)),
);
backendContract("directory by handles", handles);

const cached = (store = new MemoryOfflineStore(), budgetBytes = 1 << 20) =>
  memory((backend) => withCache(backend, new OfflineCopy({ store, budgetBytes })));

backendContract("memory, with an offline copy", (...world) => cached()(...world));
backendContract("memory, with an offline copy of hardly any room", (...world) =>
  cached(new MemoryOfflineStore(), 300)(...world),
);
backendContract("memory, with an offline copy that fails now and then", (...world) =>
  cached(
    new MemoryOfflineStore((step) => {
      if (step % 3 === 0) throw new Error("storage");
    }),
  )(...world),
);
