import type { SpawnedWorker } from "./starting-worker.ts";

/**
 * Workers that are started before there is work for them (starting-worker.ts has why). One that cannot be started is
 * forgotten: whoever takes a worker then gets a new one, and its error.
 */
export class SpareWorkers {
  private readonly spares = new Map<SpawnedWorker, () => void>();

  constructor(
    count: number,
    private readonly spawn: () => SpawnedWorker,
  ) {
    for (let i = 0; i < count; i++) this.add(spawn());
  }

  /** A worker that nobody else has; from then on its taker's to end. */
  take(): SpawnedWorker {
    const [spare] = this.spares.keys();
    if (spare === undefined) return this.spawn();
    this.forget(spare);
    return spare;
  }

  /** Those that nobody has taken yet. */
  get untaken(): readonly SpawnedWorker[] {
    return [...this.spares.keys()];
  }

  private add(worker: SpawnedWorker): void {
    const onError = () => {
      this.forget(worker);
      worker.terminate();
    };
    worker.addEventListener("error", onError);
    this.spares.set(worker, onError);
  }

  private forget(worker: SpawnedWorker): void {
    const onError = this.spares.get(worker);
    if (onError) worker.removeEventListener("error", onError);
    this.spares.delete(worker);
  }
}
