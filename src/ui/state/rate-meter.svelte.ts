interface Sample {
  timeMs: number;
  value: number;
}

const windowMs = 60_000;
const recentMs = 10_000;

/** How fast a growing number grows: now (over the last seconds) and as a line of the last minute. */
export class RateMeter {
  #samples = $state.raw<readonly Sample[]>([]);
  /** Units per second over the last ten seconds; 0 before there is anything to tell. */
  readonly perSecond = $derived(rateOf(this.#samples, recentMs));
  /** Units per second for each of the last seconds, oldest first. */
  readonly line = $derived(this.#samples.slice(1).map((sample, at) => rateBetween(this.#samples[at], sample)));

  /** Called about once a second, also while the value stands still: then the rate sinks. */
  add(timeMs: number, value: number): void {
    const kept = this.#samples.filter((sample) => sample.timeMs >= timeMs - windowMs);
    this.#samples = [...kept, { timeMs, value }];
  }

  /** Milliseconds until `rest` more units at the present rate; null while nobody can know. */
  timeFor(rest: number): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.timeMs - first.timeMs < 3000) return null;
    if (this.perSecond <= 0) return null;
    return (rest / this.perSecond) * 1000;
  }
}

function rateOf(samples: readonly Sample[], lengthMs: number): number {
  const last = samples.at(-1);
  if (last === undefined) return 0;
  const first = samples.find((sample) => sample.timeMs >= last.timeMs - lengthMs);
  return rateBetween(first, last);
}

function rateBetween(first: Sample | undefined, last: Sample): number {
  if (first === undefined || last.timeMs <= first.timeMs) return 0;
  return Math.max(0, ((last.value - first.value) * 1000) / (last.timeMs - first.timeMs));
}
