import { type Clock, systemClock } from "../base/clock.ts";
import { BackendError, type ErrorContext } from "../base/errors.ts";
import { AnswerBody, type BodyWatch } from "./answer-body.ts";
import type { RestAnswer, RestMethod } from "./rest-answer.ts";
import { basicAuthorization, type RestLogin } from "./rest-location.ts";
import { ServerClock } from "./server-clock.ts";

export interface RestRequest {
  method: RestMethod;
  url: string;
  headers: Record<string, string>;
  /** Sent with its length and replayable. */
  body?: Blob;
  /** Goes into errors; names the file. */
  context: ErrorContext;
}

export interface TransportOptions {
  login: RestLogin | null;
  fetch?: typeof fetch;
  clock?: Clock;
}

/** A transfer without a byte for this long is dead. */
const stallMs = 5 * 60_000;
/** Uploads show no progress, so they get the time that a line of 128 kbit/s needs on top. */
const slowestUploadBytesPerMs = 16;
const changes: ReadonlySet<RestMethod> = new Set(["POST", "DELETE"]);
/** How long a request that is no longer wanted may take to end in good order, which saves its connection. */
const graceMs = 1000;

/**
 * Sends requests and sees to it that each answer is read to its end, whoever fails or leaves. Everything that a page
 * would add by itself is off, so that all requests share one pool of connections and carry nothing but what is given.
 */
export class RestTransport {
  readonly serverClock = new ServerClock();
  private readonly clock: Clock;
  private readonly fetch: typeof fetch;
  private readonly authorization: string | null;

  constructor(options: TransportOptions) {
    this.clock = options.clock ?? systemClock;
    this.fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.authorization = options.login === null ? null : basicAuthorization(options.login);
  }

  now(): number {
    return this.clock.now();
  }

  /**
   * Sends a request and gives the answer to `read`. Settles only when the exchange is over, so that whoever counts
   * requests counts right; a caller that aborts is kept waiting for a second at most.
   * Throws BackendError "network", "timeout", the signal's reason, and what `read` throws.
   */
  async exchange<T>(
    request: RestRequest,
    signal: AbortSignal,
    read: (answer: RestAnswer) => Promise<T> | T,
  ): Promise<T> {
    signal.throwIfAborted();
    const watch = new ExchangeWatch(request, this.clock, signal);
    const sentMs = this.clock.now();
    try {
      const response = await watch.settle(this.fetch(request.url, this.init(request, watch.transport)));
      // Proxies may give out answers that they kept, but none to these.
      if (changes.has(request.method)) this.serverClock.note(response.headers, sentMs, this.clock.now());
      const body = new AnswerBody(response, watch);
      try {
        watch.throwIfUnwanted();
        return await read({
          status: response.status,
          headers: response.headers,
          showsAllHeaders: response.type === "basic" || response.type === "default",
          body,
        });
      } finally {
        await body.drain();
      }
    } finally {
      watch.end();
    }
  }

  private init(request: RestRequest, signal: AbortSignal): RequestInit {
    const headers = new Headers(request.headers);
    if (this.authorization !== null) headers.set("Authorization", this.authorization);
    return {
      method: request.method,
      headers,
      body: request.body ?? null,
      signal,
      cache: "no-store",
      credentials: "omit",
      // "error" would look like a broken connection; "manual" shows that it is a redirect, and follows it no more than that.
      redirect: "manual",
      referrerPolicy: "no-referrer",
    };
  }
}

/** The life of one exchange: the caller's wish to leave, the stall timer, and the platform's failures in our words. */
class ExchangeWatch implements BodyWatch {
  private readonly controller = new AbortController();
  private readonly patienceMs: number;
  private lastByteMs: number;
  private cancelStall: () => void = () => {};
  private cancelGrace: () => void = () => {};
  private stalled = false;

  constructor(
    private readonly request: RestRequest,
    private readonly clock: Clock,
    private readonly signal: AbortSignal,
  ) {
    this.patienceMs = stallMs + (request.body?.size ?? 0) / slowestUploadBytesPerMs;
    this.lastByteMs = clock.now();
    this.armStall(this.patienceMs);
    signal.addEventListener("abort", this.leave);
  }

  get transport(): AbortSignal {
    return this.controller.signal;
  }

  async settle<T>(promise: Promise<T>): Promise<T> {
    try {
      const value = await promise;
      this.lastByteMs = this.clock.now();
      return value;
    } catch (cause) {
      if (this.signal.aborted) throw this.signal.reason;
      const code = this.stalled ? "timeout" : "network";
      throw new BackendError(code, { ...this.request.context, method: this.request.method }, { retry: "later", cause });
    }
  }

  throwIfUnwanted(): void {
    this.signal.throwIfAborted();
  }

  abort(): void {
    this.controller.abort();
  }

  end(): void {
    this.signal.removeEventListener("abort", this.leave);
    this.cancelStall();
    this.cancelGrace();
  }

  private readonly leave = () => {
    // An upload is cut at once: its body is the large half, and a file that nobody waits for should not come to be.
    if (this.request.body) this.abort();
    else this.cancelGrace = this.clock.after(graceMs, () => this.abort());
  };

  /** One timer for many chunks: when it fires, it looks how long ago the last byte came. */
  private armStall(ms: number): void {
    this.cancelStall = this.clock.after(ms, () => {
      const left = this.lastByteMs + this.patienceMs - this.clock.now();
      if (left > 0) return this.armStall(left);
      this.stalled = true;
      this.abort();
    });
  }
}
