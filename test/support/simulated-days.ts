import type { Clock } from "../../src/core/base/clock.ts";
import { impatientClock } from "./memory-repository.ts";

const dayMs = 24 * 60 * 60_000;

/** Days that pass at a word, for this program and, as far as it can see, for the server: both clocks agree. */
export class SimulatedDays {
  private nowMs: number;

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  readonly clock: Clock = {
    now: () => this.nowMs++,
    after: impatientClock.after,
  };

  /** Answers carry the day that is simulated, as those of a server would that lives on it. */
  readonly fetch: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    const headers = new Headers(answer.headers);
    headers.set("Date", this.date.toUTCString());
    const { status, statusText } = answer;
    return new Response(answer.body, { status, statusText, headers });
  };

  get date(): Date {
    return new Date(this.nowMs);
  }

  /** As restic's --time takes it, in UTC. */
  get resticTime(): string {
    return this.date.toISOString().replace("T", " ").slice(0, 19);
  }

  pass(): void {
    this.nowMs += dayMs;
  }

  /** Some minutes later on the same day. */
  passMinutes(minutes: number): void {
    this.nowMs += minutes * 60_000;
  }
}
