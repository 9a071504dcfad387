import { createHash, timingSafeEqual } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { compare } from "bcryptjs";

/** Thrown for a password file that cannot be used; the message names the line. */
export class PasswordFileError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PasswordFileError";
  }
}

// Compared with when the user is unknown, so that an answer takes as long as for a known one. No password has this hash.
const nobody = `$2b$10$${".".repeat(53)}`;

/** An htpasswd file with bcrypt and {SHA} entries, read again whenever it changes on disk. */
export class PasswordFile {
  /** Grows with every reading: whoever remembers a good login forgets it then. */
  generation = 0;
  private hashes: ReadonlyMap<string, string> = new Map();
  private stamp = "";

  private constructor(private readonly path: string) {}

  /** Throws PasswordFileError for a file with other kinds of entries, and system errors. */
  static async open(path: string): Promise<PasswordFile> {
    const file = new PasswordFile(path);
    await file.refresh();
    return file;
  }

  async refresh(): Promise<void> {
    const stats = await stat(this.path, { bigint: true });
    const stamp = `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
    if (stamp === this.stamp) return;
    this.hashes = parsePasswordFile(await readFile(this.path, "utf8"));
    this.stamp = stamp;
    this.generation += 1;
  }

  async accepts(user: string, password: string): Promise<boolean> {
    const stored = this.hashes.get(user);
    if (stored?.startsWith("{SHA}")) return equalTexts(stored, sha1Entry(password));
    const matches = await compare(password, stored ?? nobody);
    return matches && stored !== undefined;
  }
}

/** User names to their stored hashes. */
export function parsePasswordFile(text: string): Map<string, string> {
  const hashes = new Map<string, string>();
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const hash = line.slice(colon + 1);
    if (colon < 1 || !isKnownHash(hash)) {
      throw new PasswordFileError(
        `line ${at + 1} of the password file is neither bcrypt nor {SHA}: make it with "htpasswd -B"`,
      );
    }
    hashes.set(line.slice(0, colon), hash);
  }
  return hashes;
}

function isKnownHash(hash: string): boolean {
  return /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(hash) || /^\{SHA\}[A-Za-z0-9+/]{27}=$/.test(hash);
}

function sha1Entry(password: string): string {
  return `{SHA}${createHash("sha1").update(password).digest("base64")}`;
}

function equalTexts(left: string, right: string): boolean {
  return left.length === right.length && timingSafeEqual(Buffer.from(left), Buffer.from(right));
}
