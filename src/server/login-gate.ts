import { createHmac, randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../core/base/clock.ts";
import { LoginBrake } from "./login-brake.ts";
import type { PasswordFile } from "./password-file.ts";

const freshMilliseconds = 60_000;
const trustedMilliseconds = 24 * 60 * 60_000;
const mostRemembered = 1_000;

interface Remembered {
  readonly user: string;
  readonly comparedAt: number;
  readonly generation: number;
}

/**
 * Tells who an Authorization header belongs to. bcrypt is slow on purpose and every request carries the header, so a
 * good one is remembered for a minute, as an HMAC under a key of this process, and requests that come at once share
 * one comparison. Failures are slowed down by address; a header that was good within a day never waits for that.
 */
export class LoginGate {
  private readonly key = randomBytes(32);
  private readonly remembered = new Map<string, Remembered>();
  private readonly running = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly passwords: PasswordFile,
    private readonly clock: Clock = systemClock,
    private readonly brake = new LoginBrake(clock),
  ) {}

  /** The user, or undefined if nobody is logged in so. Rejects with TooManyLogins. */
  async userOf(header: string | undefined, address: string): Promise<string | undefined> {
    const login = parseBasic(header);
    if (login === undefined) return undefined;
    await this.passwords.refresh();
    const tag = this.tagOf(login);
    const known = this.remembered.get(tag);
    const ageMilliseconds = this.clock.now() - (known?.comparedAt ?? 0);
    const isUnchanged = known?.generation === this.passwords.generation;
    if (known !== undefined && isUnchanged && isWithin(ageMilliseconds, freshMilliseconds)) return known.user;
    const isTrusted = known !== undefined && isWithin(ageMilliseconds, trustedMilliseconds);
    return this.shared(tag, () =>
      isTrusted ? this.compare(tag, login) : this.brake.attempt(address, () => this.compare(tag, login)),
    );
  }

  private async shared(tag: string, start: () => Promise<string | undefined>): Promise<string | undefined> {
    const task = this.running.get(tag) ?? start();
    this.running.set(tag, task);
    try {
      return await task;
    } finally {
      this.running.delete(tag);
    }
  }

  private async compare(tag: string, login: Login): Promise<string | undefined> {
    const generation = this.passwords.generation;
    const isGood = await this.passwords.accepts(login.user, login.password);
    // Taken out also if good, so that the oldest always stands first.
    this.remembered.delete(tag);
    if (!isGood) return undefined;
    const oldest = this.remembered.keys().next();
    if (this.remembered.size >= mostRemembered && !oldest.done) this.remembered.delete(oldest.value);
    this.remembered.set(tag, { user: login.user, comparedAt: this.clock.now(), generation });
    return login.user;
  }

  /** Of what the header says, not of how: one login has many spellings. */
  private tagOf({ user, password }: Login): string {
    return createHmac("sha256", this.key).update(`${user}:${password}`).digest("base64");
  }
}

function isWithin(ageMilliseconds: number, limitMilliseconds: number): boolean {
  return ageMilliseconds >= 0 && ageMilliseconds < limitMilliseconds;
}

interface Login {
  readonly user: string;
  readonly password: string;
}

/** User and password of a Basic header, in UTF-8. */
export function parseBasic(header: string | undefined): Login | undefined {
  const match = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "");
  if (match?.[1] === undefined) return undefined;
  const text = Buffer.from(match[1], "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
