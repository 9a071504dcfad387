import type { HoldallError } from "../core/base/errors.ts";
import type { RepositoryApi } from "./repository-api.ts";
import { connect, type RpcPort } from "./rpc.ts";

export interface RepositoryClient {
  readonly api: RepositoryApi;
  /** Ends the worker, and with it its codec workers and all keys; pending and later calls reject with "closed". */
  terminate(): void;
  /** Resolves if the worker ends by itself, after which calls reject with "worker-died"; never after terminate(). */
  readonly onDied: Promise<HoldallError>;
}

/** Starts a repository worker: one for each repository that is open. */
export function openRepositoryClient(spawn: () => SpawnedWorker = spawnRepositoryWorker): RepositoryClient {
  const worker = spawn();
  let died: (error: HoldallError) => void = () => {};
  const onDied = new Promise<HoldallError>((resolve) => {
    died = resolve;
  });
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
      worker.terminate();
    },
  };
}

type SpawnedWorker = RpcPort & { terminate(): void };

function spawnRepositoryWorker(): SpawnedWorker {
  return new Worker(new URL("./repository-worker.ts", import.meta.url), { type: "module", name: "holdall-repository" });
}
