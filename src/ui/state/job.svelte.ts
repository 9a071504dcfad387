import type { CallContext } from "../../workers/repository-api.ts";
import { type Failure, failureOf, isAborted } from "../failure.ts";
import { RateMeter } from "./rate-meter.svelte.ts";

export type Outcome<Result> =
  | { state: "running" }
  | { state: "done"; result: Result }
  | { state: "failed"; failure: Failure }
  | { state: "cancelled" };

interface JobWork<Progress, Result> {
  run(context: Required<CallContext<Progress>>): Promise<Result>;
  /** Bytes that are behind us, of those that the whole has: for time left. */
  bytesDone(progress: Progress): number;
  /** Bytes that the network or disk moved: for the rate. */
  bytesMoved(progress: Progress): number;
}

/** One long operation, from its start to its outcome. It begins at once and survives navigation. */
export class Job<Progress, Result> {
  progress = $state.raw<Progress | null>(null);
  outcome = $state.raw<Outcome<Result>>({ state: "running" });
  cancelling = $state(false);
  readonly running = $derived(this.outcome.state === "running");
  readonly pace = new RateMeter();
  readonly throughput = new RateMeter();
  /** Settles when the outcome is known; never rejects. */
  readonly finished: Promise<void>;
  readonly #abort = new AbortController();
  readonly #work: JobWork<Progress, Result>;

  constructor(work: JobWork<Progress, Result>) {
    this.#work = work;
    this.finished = this.#follow();
  }

  cancel(): void {
    this.cancelling = true;
    this.#abort.abort();
  }

  /** Takes a sample of the rates. */
  tick(timeMs: number): void {
    if (this.progress === null) return;
    this.pace.add(timeMs, this.#work.bytesDone(this.progress));
    this.throughput.add(timeMs, this.#work.bytesMoved(this.progress));
  }

  async #follow(): Promise<void> {
    try {
      const onProgress = (progress: Progress) => {
        this.progress = progress;
      };
      const result = await this.#work.run({ signal: this.#abort.signal, onProgress });
      this.outcome = { state: "done", result };
    } catch (error) {
      this.outcome = isAborted(error) ? { state: "cancelled" } : { state: "failed", failure: failureOf(error) };
    }
  }
}
