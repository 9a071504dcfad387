import type { Backend } from "../core/backend/backend.ts";
import { type Clock, sleep, systemClock } from "../core/base/clock.ts";
import { isAppendOnly } from "../core/repository/append-only.ts";
import type { RepositoryInfo, RepositoryLocation } from "./repository-api.ts";

/** How long an opening that is done otherwise waits for what the server is like. */
const patienceMs = 2000;

/** Finds out what a REST server is like while a repository on it is opened, beside what opening needs anyway. */
export class ServerProbe {
  private backend: Backend | null = null;
  private answer: Promise<boolean | null> = Promise.resolve(null);
  private readonly late = new AbortController();
  private readonly clock: Clock;

  constructor(
    private readonly location: RepositoryLocation,
    clock: Clock | undefined,
    private readonly signal: AbortSignal,
  ) {
    this.clock = clock ?? systemClock;
  }

  /** Asks a backend. One that is offline does not get asked, nor does a folder. */
  begin(backend: Backend): void {
    if (this.location.kind !== "rest") return;
    this.backend = backend;
    this.answer = isAppendOnly(backend, AbortSignal.any([this.signal, this.late.signal]));
    // Whoever fails to open the repository does not wait for it.
    this.answer.catch(() => {});
  }

  /** What is known by the end of the opening, or a little later. */
  async end(): Promise<Pick<RepositoryInfo, "appendOnly" | "clockAheadMs">> {
    const over = new AbortController();
    const tooLate = sleep(this.clock, patienceMs, AbortSignal.any([this.signal, over.signal])).then(
      () => this.late.abort(),
      () => {},
    );
    const appendOnly = await this.answer;
    over.abort();
    await tooLate;
    return { appendOnly, clockAheadMs: this.backend?.clockAheadMs?.() ?? null };
  }
}
