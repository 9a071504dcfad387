/**
 * How long requests were being repeated, in all. Waits of several requests at one time count once. A wait that ends early,
 * since the network is back, counts to its planned end.
 */
export class WaitingTime {
  private totalMs = 0;
  private untilMs = Number.NEGATIVE_INFINITY;

  /** A request begins to wait for its next attempt. */
  begin(nowMs: number, delayMs: number): void {
    const endMs = nowMs + delayMs;
    this.totalMs += Math.max(0, endMs - Math.max(nowMs, this.untilMs));
    this.untilMs = Math.max(this.untilMs, endMs);
  }

  /** What has passed of it by now. */
  until(nowMs: number): number {
    return this.totalMs - Math.max(0, this.untilMs - nowMs);
  }
}
