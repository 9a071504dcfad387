import type { RpcPort } from "./rpc.ts";

export type SpawnedWorker = RpcPort & { terminate(): void };

/** A worker's first message: its script has been loaded and has run. */
export const startedMessage = "holdall-started";

/**
 * A worker that starts from the first place that has its script. What is posted before it runs waits, and nothing is lost
 * with a place that fails. When no place is left, the last one's "error" is passed on: to an RPC connection a worker
 * that did not load.
 */
export class StartingWorker implements SpawnedWorker {
  private worker: SpawnedWorker | null = null;
  private isRunning = false;
  private isTerminated = false;
  private waiting: { message: unknown; transfer: Transferable[] }[] = [];
  private readonly listeners: { type: string; listener: (event: Event) => void }[] = [];

  /** `places` starts one worker each, and is asked for a next one only when the one before could not be loaded. */
  constructor(places: AsyncIterator<SpawnedWorker>) {
    void this.startNext(places, new Event("error"));
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    if (this.isRunning) this.worker?.postMessage(message, transfer);
    else this.waiting.push({ message, transfer });
  }

  addEventListener(type: string, listener: (event: Event) => void): void {
    this.listeners.push({ type, listener });
    if (this.isRunning) this.worker?.addEventListener(type, listener);
  }

  removeEventListener(type: string, listener: (event: Event) => void): void {
    const found = this.listeners.findIndex((entry) => entry.type === type && entry.listener === listener);
    if (found >= 0) this.listeners.splice(found, 1);
    this.worker?.removeEventListener(type, listener);
  }

  terminate(): void {
    this.isTerminated = true;
    this.waiting = [];
    this.worker?.terminate();
  }

  private async startNext(places: AsyncIterator<SpawnedWorker>, lastError: Event): Promise<void> {
    const next = await places.next();
    if (this.isTerminated) {
      if (!next.done) next.value.terminate();
    } else if (next.done) this.giveUp(lastError);
    else this.tryPlace(places, next.value);
  }

  private tryPlace(places: AsyncIterator<SpawnedWorker>, worker: SpawnedWorker): void {
    const settle = () => {
      worker.removeEventListener("message", onMessage);
      worker.removeEventListener("error", onError);
    };
    const onMessage = (event: Event) => {
      if ((event as MessageEvent<unknown>).data !== startedMessage) return;
      settle();
      this.run(worker);
    };
    const onError = (event: Event) => {
      settle();
      worker.terminate();
      void this.startNext(places, event);
    };
    this.worker = worker;
    worker.addEventListener("message", onMessage);
    worker.addEventListener("error", onError);
    worker.start?.();
  }

  private run(worker: SpawnedWorker): void {
    this.isRunning = true;
    for (const { type, listener } of this.listeners) worker.addEventListener(type, listener);
    for (const { message, transfer } of this.waiting) worker.postMessage(message, transfer);
    this.waiting = [];
  }

  private giveUp(error: Event): void {
    this.waiting = [];
    for (const { listener } of this.listeners.filter(({ type }) => type === "error")) listener(error);
  }
}
