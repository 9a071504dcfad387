/** An answer that took longer says too little about the time at which it was made. */
const longestExchangeMs = 10_000;

/**
 * How far this machine's clock is ahead of the server's, by the Date header of its answers. A Date has whole seconds and
 * was written at some moment of the exchange: of all differences that this allows, the one closest to none is told.
 */
export class ServerClock {
  private latestMs: number | null = null;

  /** By the latest answer; null if the server does not tell, or hides it from a page of another origin. */
  get aheadMs(): number | null {
    return this.latestMs;
  }

  /** Takes in an answer that nobody can have kept and given out again. */
  note(headers: Headers, sentMs: number, answeredMs: number): void {
    const serverMs = Date.parse(headers.get("date") ?? "");
    const tookMs = answeredMs - sentMs;
    if (Number.isNaN(serverMs) || headers.has("age") || tookMs < 0 || tookMs > longestExchangeMs) return;
    const least = sentMs - (serverMs + 1000);
    const most = answeredMs - serverMs;
    this.latestMs = Math.min(Math.max(0, least), most);
  }
}
