import type { RpcPort } from "./rpc.ts";

export type SpawnedWorker = RpcPort & { terminate(): void };

/** A worker's first message: its script has been loaded, and starts workers of its own next. */
export const loadedMessage = "holdall-loaded";
/** Its second: its script has run. */
export const startedMessage = "holdall-started";

/** Starts a worker from one place, as often as it is called. */
export type WorkerPlace = () => SpawnedWorker;

/** Much longer than starting some workers takes on the slowest of machines. */
const stallMs = 5000;
const mostStarts = 4;

/**
 * A worker that starts from the first place that has its script. What is posted before it runs waits, and nothing is lost
 * with a place that fails. When no place is left, the last one's "error" is passed on: to an RPC connection a worker
 * that did not load.
 *
 * [Note: workers that stall] On a busy machine `new Worker()` in a worker of Firefox (153 ESR) does not return, three to
 * eight times of a hundred, and nothing else happens there any more. So a worker starts its own workers before anything
 * is asked of it, and one that has been loaded and does not get through that is ended and started again.
 */
export class StartingWorker implements SpawnedWorker {
  private worker: SpawnedWorker | null = null;
  private isRunning = false;
  private isTerminated = false;
  private waiting: { message: unknown; transfer: Transferable[] }[] = [];
  private readonly listeners: { type: string; listener: (event: Event) => void }[] = [];

  /** Is asked for a next place only when the worker of the one before could not be loaded. */
  constructor(private readonly places: AsyncIterator<WorkerPlace>) {
    void this.startNext(new Event("error"));
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

  private async startNext(lastError: Event): Promise<void> {
    const next = await this.places.next();
    if (this.isTerminated) return;
    if (next.done) this.giveUp(lastError);
    else this.startAt(next.value, mostStarts);
  }

  private startAt(place: WorkerPlace, startsLeft: number): void {
    const worker = place();
    let stall: ReturnType<typeof setTimeout> | undefined;
    const settle = () => {
      clearTimeout(stall);
      worker.removeEventListener("message", onMessage);
      worker.removeEventListener("error", onError);
    };
    const onMessage = (event: Event) => {
      const { data } = event as MessageEvent<unknown>;
      if (data === loadedMessage && startsLeft > 1) stall = setTimeout(onStall, stallMs);
      if (data !== startedMessage) return;
      settle();
      this.run(worker);
    };
    const onError = (event: Event) => {
      settle();
      worker.terminate();
      void this.startNext(event);
    };
    const onStall = () => {
      settle();
      worker.terminate();
      if (!this.isTerminated) this.startAt(place, startsLeft - 1);
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
