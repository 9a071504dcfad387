import type { HoldallError } from "../core/base/errors.ts";
import type { FolderStatsApi } from "./api/folder-stats.ts";
import type { RepositoryApi } from "./repository-api.ts";
import workerUrl from "./repository-worker.ts?worker&url";
import { connect, type Served, serve } from "./rpc.ts";
import { type SpawnedWorker, StartingWorker } from "./starting-worker.ts";
import { workerPlaces } from "./worker-places.ts";

export interface RepositoryClient {
  readonly api: RepositoryApi;
  /** Ends the worker, and with it its codec workers and all keys; pending and later calls reject with "closed". */
  terminate(): void;
  /** Resolves if the worker ends by itself, after which calls reject with "worker-died"; never after terminate(). */
  readonly onDied: Promise<HoldallError>;
}

/** Starts a repository worker: one for each repository that is open. It may ask the page for the stats of folders. */
export function openRepositoryClient(
  folderStats: Served<FolderStatsApi>,
  spawn: () => SpawnedWorker = spawnRepositoryWorker,
): RepositoryClient {
  const worker = spawn();
  let died: (error: HoldallError) => void = () => {};
  const onDied = new Promise<HoldallError>((resolve) => {
    died = resolve;
  });
  const service = serve<FolderStatsApi>(worker, folderStats);
  const connection = connect<RepositoryApi>(worker, (error) => {
    // After an uncaught error it may still be running, with keys in its memory.
    worker.terminate();
    died(error);
  });
  return {
    api: connection.api,
    onDied,
    terminate() {
      connection.close();
      service.close();
      worker.terminate();
    },
  };
}

function spawnRepositoryWorker(): SpawnedWorker {
  const start = (url: string) => new Worker(url, { type: "module", name: "holdall-repository" });
  return new StartingWorker(workerPlaces(new URL(workerUrl, location.href).href, start));
}
