interface IdleLockOptions {
  /** Locks after so many minutes without a sign of life; null: never. */
  minutes(): number | null;
  /** True while a job runs, which counts as life. */
  isBusy(): boolean;
  lock(): void;
  now?(): number;
}

const warningMs = 30_000;
const signsOfLife = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/** Locks an open repository that nobody uses, by the clock on the wall: time that the computer slept counts. */
export class IdleLock {
  /** So many seconds are left; null while there is no hurry. */
  secondsLeft = $state<number | null>(null);
  #lastLifeMs: number;
  readonly #now: () => number;

  constructor(private readonly options: IdleLockOptions) {
    this.#now = options.now ?? Date.now;
    this.#lastLifeMs = this.#now();
  }

  /** Watches until the returned function is called. */
  watch(): () => void {
    this.#lastLifeMs = this.#now();
    const ending = new AbortController();
    const live = () => this.live();
    const tick = () => this.tick();
    for (const sign of signsOfLife) {
      addEventListener(sign, live, { signal: ending.signal, passive: true, capture: true });
    }
    document.addEventListener("visibilitychange", tick, { signal: ending.signal });
    const timer = setInterval(tick, 1000);
    return () => {
      ending.abort();
      clearInterval(timer);
      this.secondsLeft = null;
    };
  }

  /** A sign of life. One that comes too late (the lid was just opened) locks instead of prolonging. */
  live(): void {
    this.tick();
    if (this.#leftMs() <= 0) return;
    this.#lastLifeMs = this.#now();
    this.secondsLeft = null;
  }

  tick(): void {
    if (this.options.isBusy()) this.#lastLifeMs = this.#now();
    const leftMs = this.#leftMs();
    this.secondsLeft = leftMs > 0 && leftMs <= warningMs ? Math.ceil(leftMs / 1000) : null;
    if (leftMs <= 0) this.options.lock();
  }

  #leftMs(): number {
    const minutes = this.options.minutes();
    return minutes === null ? Number.POSITIVE_INFINITY : this.#lastLifeMs + minutes * 60_000 - this.#now();
  }
}
