import type { RawName } from "../base/raw-name.ts";
import { Semaphore } from "../base/semaphore.ts";

/** A folder lists far fewer entries than its parent did: a disk that is not mounted, or a browser that lost entries. */
export interface ShrunkFolder {
  kind: "shrunk";
  /** Raw names from the root name of the source downwards. */
  path: readonly RawName[];
  before: number;
  now: number;
}

export type Question = ShrunkFolder & { id: number };
export type Answer = "believe" | "stop";

interface Waiter {
  admit(): void;
}

/**
 * How the user drives a run that is under way: pauses it, lets it go on, answers what it asks. The run passes a gate
 * before each thing that it begins; the gate is closed while the run is paused or a question is open.
 */
export class Steering {
  private isPaused = false;
  private open: { question: Question; resolve(answer: Answer): void } | null = null;
  private lastQuestion = 0;
  private readonly asking = new Semaphore(1);
  private readonly waiting = new Set<Waiter>();

  get paused(): boolean {
    return this.isPaused;
  }

  /** What is being asked just now. */
  get question(): Question | null {
    return this.open?.question ?? null;
  }

  /** True while passGate() would wait: looked at first where an await for each item would cost. */
  get isGateClosed(): boolean {
    return this.isPaused || this.open !== null;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.admitWaiting();
  }

  /** Waits until the run may go on. Rejects with the signal's reason as soon as it aborts, also while paused. */
  async passGate(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    while (this.isGateClosed) await this.untilOpened(signal);
  }

  /** Asks the user and waits for the answer; one question at a time. Rejects with the signal's reason. */
  ask(about: ShrunkFolder, signal: AbortSignal): Promise<Answer> {
    return this.asking.with(1, signal, async () => {
      try {
        return await this.answerTo({ ...about, id: ++this.lastQuestion }, signal);
      } finally {
        this.open = null;
        this.admitWaiting();
      }
    });
  }

  /** Answers a question; what is no longer asked is answered already. */
  answer(id: number, answer: Answer): void {
    if (this.open?.question.id === id) this.open.resolve(answer);
  }

  private answerTo(question: Question, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const leave = () => reject(signal.reason);
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      this.open = {
        question,
        resolve: (answer) => {
          signal.removeEventListener("abort", leave);
          resolve(answer);
        },
      };
    });
  }

  private admitWaiting(): void {
    if (this.isGateClosed) return;
    for (const waiter of [...this.waiting]) waiter.admit();
  }

  private untilOpened(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(waiter);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        admit: () => {
          this.waiting.delete(waiter);
          signal.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.waiting.add(waiter);
    });
  }
}
