import { type Failure, failureOf, isAborted } from "../failure.ts";

export type Loaded<T> = { state: "loading" } | { state: "ready"; value: T } | { state: "failed"; failure: Failure };

/** One thing that is fetched and shown. Asking again drops the older answer, so the last question wins. */
export class Loader<T> {
  current = $state.raw<Loaded<T>>({ state: "loading" });
  #asking: AbortController | null = null;

  /** Never rejects; what went wrong is in `current`. True if this question was answered and not overtaken. */
  async load(ask: (signal: AbortSignal) => Promise<T>): Promise<boolean> {
    this.#asking?.abort();
    const asking = new AbortController();
    this.#asking = asking;
    this.current = { state: "loading" };
    try {
      const value = await ask(asking.signal);
      if (this.#asking !== asking) return false;
      this.current = { state: "ready", value };
      return true;
    } catch (error) {
      if (this.#asking !== asking || isAborted(error)) return false;
      this.current = { state: "failed", failure: failureOf(error) };
      return false;
    }
  }

  /** Ends what is being asked; its answer is dropped. */
  stop(): void {
    this.#asking?.abort();
    this.#asking = null;
  }
}
