import { createHmac, randomBytes } from "node:crypto";
import type { PasswordFile } from "./password-file.ts";

const rememberedMilliseconds = 60_000;

interface Remembered {
  readonly user: string;
  readonly until: number;
  readonly generation: number;
}

/**
 * Tells who an Authorization header belongs to. bcrypt is slow on purpose and every request carries the header, so a
 * good one is remembered for a minute, as an HMAC under a key of this process, and requests that come at once share
 * one comparison.
 */
export class LoginGate {
  private readonly key = randomBytes(32);
  private readonly remembered = new Map<string, Remembered>();
  private readonly running = new Map<string, Promise<string | undefined>>();

  constructor(
    private readonly passwords: PasswordFile,
    private readonly now: () => number = Date.now,
  ) {}

  /** The user, or undefined if nobody is logged in so. */
  async userOf(header: string | undefined): Promise<string | undefined> {
    const login = parseBasic(header);
    if (header === undefined || login === undefined) return undefined;
    await this.passwords.refresh();
    const tag = createHmac("sha256", this.key).update(header).digest("base64");
    const known = this.remembered.get(tag);
    if (known !== undefined && known.until > this.now() && known.generation === this.passwords.generation) {
      return known.user;
    }
    const task = this.running.get(tag) ?? this.compare(tag, login);
    this.running.set(tag, task);
    try {
      return await task;
    } finally {
      this.running.delete(tag);
    }
  }

  private async compare(tag: string, login: Login): Promise<string | undefined> {
    const generation = this.passwords.generation;
    if (!(await this.passwords.accepts(login.user, login.password))) return undefined;
    this.forgetOld();
    this.remembered.set(tag, { user: login.user, until: this.now() + rememberedMilliseconds, generation });
    return login.user;
  }

  private forgetOld(): void {
    for (const [tag, known] of this.remembered) if (known.until <= this.now()) this.remembered.delete(tag);
  }
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
