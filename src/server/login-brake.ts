import { randomInt } from "node:crypto";
import { isIPv6 } from "node:net";
import { type Clock, systemClock } from "../core/base/clock.ts";

const freeFailures = 3;
const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 16_000;
const forgottenAfterMilliseconds = 15 * 60_000;
const mostWaiting = 32;
const mostAddresses = 10_000;

/** Thrown for an attempt that lost its place in the line of its address: it was not looked at. */
export class TooManyLogins extends Error {
  constructor(readonly retryAfterSeconds: number) {
    super("too many failed logins from this address; try again later");
    this.name = "TooManyLogins";
  }
}

interface Attempt {
  readonly make: () => Promise<void>;
  readonly refuse: (error: TooManyLogins) => void;
}

interface Caller {
  failures: number;
  lastFailureAt: number;
  isServed: boolean;
  readonly waiting: Attempt[];
}

/**
 * Slows down who guesses passwords: the attempts of one address come one after the other, and after three failures
 * with a pause that doubles up to 16 seconds.
 *
 * Many people can share one address, and behind a reverse proxy all do. So nobody is ever shut out: the pause has an
 * end, the next attempt is drawn by lot from those who wait, and one that comes to a full line takes the place of
 * another drawn by lot. An address that was quiet for a quarter of an hour is forgotten.
 */
export class LoginBrake {
  private readonly callers = new Map<string, Caller>();

  /** `draw(n)` gives a whole number from 0 to n - 1. */
  constructor(
    private readonly clock: Clock = systemClock,
    private readonly draw: (count: number) => number = randomInt,
  ) {}

  /** Makes an attempt when it is its turn; undefined is a failure. Rejects with TooManyLogins, or as the attempt does. */
  attempt<T>(address: string, make: () => Promise<T | undefined>): Promise<T | undefined> {
    const name = networkOf(address);
    const caller = this.callerOf(name);
    return new Promise((resolve, reject) => {
      if (caller.waiting.length >= mostWaiting) this.refuseOne(caller);
      const makeIt = async () => {
        const result = await make();
        if (result === undefined) this.noteFailure(caller);
        resolve(result);
      };
      caller.waiting.push({ make: () => makeIt().catch(reject), refuse: reject });
      if (!caller.isServed) void this.serve(name, caller);
    });
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.callers.size;
  }

  private async serve(name: string, caller: Caller): Promise<void> {
    caller.isServed = true;
    while (caller.waiting.length > 0) {
      const pause = caller.lastFailureAt + pauseAfter(caller.failures) - this.clock.now();
      // A clock that was set back must not make the pause longer.
      if (pause > 0) await this.sleep(Math.min(pause, longestPauseMilliseconds));
      await this.drawOne(caller)?.make();
    }
    caller.isServed = false;
    if (caller.failures === 0) this.callers.delete(name);
  }

  private refuseOne(caller: Caller): void {
    this.drawOne(caller)?.refuse(new TooManyLogins(longestPauseMilliseconds / 1000));
  }

  private drawOne(caller: Caller): Attempt | undefined {
    return caller.waiting.splice(this.draw(caller.waiting.length), 1)[0];
  }

  private noteFailure(caller: Caller): void {
    caller.failures += 1;
    caller.lastFailureAt = this.clock.now();
  }

  private callerOf(name: string): Caller {
    const known = this.callers.get(name);
    if (known !== undefined && (known.isServed || !this.isForgotten(known))) return known;
    const caller = { failures: 0, lastFailureAt: 0, isServed: false, waiting: [] };
    this.callers.delete(name);
    this.makeRoom();
    this.callers.set(name, caller);
    return caller;
  }

  /** The address that came first goes, unless somebody waits there: of these there are no more than connections. */
  private makeRoom(): void {
    if (this.callers.size < mostAddresses) return;
    for (const [name, caller] of this.callers) {
      if (caller.isServed) continue;
      this.callers.delete(name);
      return;
    }
  }

  private isForgotten(caller: Caller): boolean {
    return this.clock.now() - caller.lastFailureAt > forgottenAfterMilliseconds;
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }
}

function pauseAfter(failures: number): number {
  if (failures < freeFailures) return 0;
  return Math.min(firstPauseMilliseconds * 2 ** (failures - freeFailures), longestPauseMilliseconds);
}

/** Whoever has one IPv6 address has 2^64 of them; an IPv4 address is one, however it is written. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return plain;
  const [head = "", tail] = plain.split("%")[0]?.split("::") ?? [];
  const groups = head === "" ? [] : head.split(":");
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
  return [...groups, ...Array.from({ length: missing }, () => "0"), ...(tail ?? "").split(":")].slice(0, 4).join(":");
}
