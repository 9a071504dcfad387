import type { RetryOptions } from "../core/backend/with-retry.ts";

/** A page that waits for the network looks dead: its reader is told after the second attempt. */
const attemptsForPages = 2;

/**
 * How long failures are waited out, which `retry` says at every moment: while a job runs until the user cancels, since
 * hours of work hang on it; else not long.
 */
export class Patience {
  readonly retry: RetryOptions;
  private jobs = 0;

  constructor(onWaiting: NonNullable<RetryOptions["onWaiting"]>) {
    this.retry = { attempts: attemptsForPages, onWaiting };
  }

  /** Runs a job, during which nothing that is repeated is given up. */
  async during<Result>(job: () => Promise<Result>): Promise<Result> {
    this.jobs++;
    delete this.retry.attempts;
    try {
      return await job();
    } finally {
      this.jobs--;
      if (this.jobs === 0) this.retry.attempts = attemptsForPages;
    }
  }
}
