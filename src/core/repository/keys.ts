import type { Backend, ListedFile } from "../backend/backend.ts";
import { loadVerified } from "../backend/verified-load.ts";
import { type Bytes, randomBytes } from "../base/bytes.ts";
import {
  BackendError,
  FormatError,
  type HoldallError,
  IntegrityError,
  UnsupportedError,
  WrongPasswordError,
} from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { formatTime } from "../base/rfc3339.ts";
import { Cipher, importMasterKey, type MasterKey, wipeMasterKey } from "../codec/cipher.ts";
import {
  calibrateKdf,
  checkKdfParameters,
  deriveUserKey,
  estimateKdfCost,
  type KdfCost,
  type KdfParameters,
} from "../codec/kdf.ts";
import type { Kernel } from "../codec/kernel.ts";
import type { MixBlocks } from "../codec/scrypt.ts";
import {
  decodeKeyFile,
  decodeMasterKey,
  encodeKeyFile,
  encodeMasterKey,
  type KeyFile,
  longestKeyFileBytes,
  saltLength,
} from "../format/key-file.ts";

export interface OpenKeyOptions {
  password: string;
  /** The key that worked last: tried before the others are even loaded. */
  keyHint?: Id | null;
  signal: AbortSignal;
  /**
   * True if the key, which is lent, is this repository's. A key file of another repository with the same password would
   * otherwise shut this one.
   */
  accepts?: (master: MasterKey) => Promise<boolean>;
  /** Derives faster. */
  mixBlocks?: MixBlocks | null;
  /** No derivation is begun later than this many milliseconds after the first. */
  budgetMs?: number;
  /** Milliseconds on a clock that never goes back. */
  now?: () => number;
}

export interface OpenedKey {
  keyId: Id;
  file: KeyFile;
  /** The repository's key. Its receiver wipes it. */
  master: MasterKey;
  /** Files seen in keys/ that are no usable keys. */
  unusableKeys: number;
}

/** Enough for a hundred key files of what restic makes. */
const defaultBudgetMs = 120_000;

/** More key files than any repository has; what is beyond them is not looked at. */
const mostKeyFiles = 1000;

/**
 * Finds the key file that the password opens: first the one that worked last, then the cheapest, so that whatever else
 * lies in keys/ costs little time. Files that are no usable keys are counted and passed over, where restic gives up.
 * Throws WrongPasswordError "wrong-password" with the counts in its context; IntegrityError "config-damaged" if the
 * password opens keys that are not accepted, and no other; UnsupportedError "kdf-too-expensive" if keys
 * are left out only because of their cost; BackendErrors, unless one file alone is gone.
 */
export async function openKey(backend: Backend, kernel: Kernel, options: OpenKeyOptions): Promise<OpenedKey> {
  return new KeySearch(backend, kernel, options).run();
}

interface Candidate {
  id: Id;
  file: KeyFile;
}

/** One search with its counts; used once. */
class KeySearch {
  private readonly now: () => number;
  private readonly deadline: number;
  private readonly counts = { tried: 0, unusable: 0, tooExpensive: 0, leftOut: 0, foreign: 0 };

  constructor(
    private readonly backend: Backend,
    private readonly kernel: Kernel,
    private readonly options: OpenKeyOptions,
  ) {
    this.now = options.now ?? (() => performance.now());
    this.deadline = this.now() + (options.budgetMs ?? defaultBudgetMs);
  }

  async run(): Promise<OpenedKey> {
    const listed = await this.backend.list("key", this.options.signal);
    const hinted = listed.filter((file) => file.id === this.options.keyHint);
    const others = listed.filter((file) => file.id !== this.options.keyHint);
    const opened = (await this.tryAll(hinted)) ?? (await this.tryAll(others));
    if (opened === null) throw this.failure();
    return { ...opened, unusableKeys: this.counts.unusable + this.counts.tooExpensive };
  }

  private async tryAll(listed: readonly ListedFile[]): Promise<Omit<OpenedKey, "unusableKeys"> | null> {
    const candidates = await this.loadAll(listed);
    candidates.sort((a, b) => estimateKdfCost(a.file.kdf) - estimateKdfCost(b.file.kdf));
    for (const candidate of candidates) {
      this.options.signal.throwIfAborted();
      const master = this.now() > this.deadline ? "left out" : await this.try(candidate.file);
      if (master === "left out") this.counts.leftOut++;
      else if (master !== null && (await this.isAccepted(master))) {
        return { keyId: candidate.id, file: candidate.file, master };
      }
    }
    return null;
  }

  private async loadAll(listed: readonly ListedFile[]): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    this.counts.leftOut += Math.max(0, listed.length - mostKeyFiles);
    const queue = listed.slice(0, mostKeyFiles).values();
    const loadNext = async () => {
      for (const listedFile of queue) {
        const file = await this.unlessUnusable(() => this.load(listedFile));
        if (file !== null) candidates.push({ id: listedFile.id, file });
      }
    };
    await Promise.all(Array.from({ length: this.backend.connections }, loadNext));
    return candidates;
  }

  private async load({ id, length }: ListedFile): Promise<KeyFile> {
    if (length > longestKeyFileBytes) throw new FormatError("key-malformed", { id, length });
    const file = decodeKeyFile(await loadVerified(this.backend, { type: "key", id }, this.options.signal));
    checkKdfParameters(file.kdf);
    return file;
  }

  /** The master key, or null if the password is not this key's, or if the key is not usable after all. */
  private async try(file: KeyFile): Promise<MasterKey | null> {
    this.counts.tried++;
    const { password, mixBlocks } = this.options;
    return this.unlessUnusable(() => openMasterKey(file, password, this.kernel, mixBlocks));
  }

  /** A key that is not accepted is counted and wiped. */
  private async isAccepted(master: MasterKey): Promise<boolean> {
    if ((await this.options.accepts?.(master)) ?? true) return true;
    this.counts.foreign++;
    wipeMasterKey(master);
    return false;
  }

  /** Null instead of the errors that only say that this file is no usable key, which are counted. */
  private async unlessUnusable<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof UnsupportedError && error.code === "kdf-too-expensive") this.counts.tooExpensive++;
      else if (isUnusable(error)) this.counts.unusable++;
      else throw error;
      return null;
    }
  }

  private failure(): HoldallError {
    const { tried, unusable, tooExpensive, leftOut, foreign } = this.counts;
    const context = { triedKeys: tried, unusableKeys: unusable, tooExpensiveKeys: tooExpensive, leftOutKeys: leftOut };
    if (foreign > 0) return new IntegrityError("config-damaged", { ...context, foreignKeys: foreign });
    if (tried === 0 && tooExpensive > 0) return new UnsupportedError("kdf-too-expensive", context);
    return new WrongPasswordError("wrong-password", context);
  }
}

function isUnusable(error: unknown): boolean {
  if (error instanceof FormatError || error instanceof IntegrityError) return true;
  if (error instanceof UnsupportedError) return error.code === "kdf-unsupported";
  return error instanceof BackendError && error.code === "not-found";
}

/**
 * The master key in one key file, or null if the password does not open it. The caller wipes it. Throws FormatError
 * "key-malformed", UnsupportedError "kdf-too-expensive" and the like if the file is no usable key.
 */
export async function openMasterKey(
  file: KeyFile,
  password: string,
  kernel: Kernel,
  mixBlocks: MixBlocks | null = null,
): Promise<MasterKey | null> {
  const plain = await openUnderPassword(file, password, kernel, mixBlocks);
  if (plain === null) return null;
  try {
    return await checkedMasterKey(plain);
  } finally {
    plain.fill(0);
  }
}

/** The plain bytes that the file seals, or null if the password does not open it. The caller wipes them. */
async function openUnderPassword(
  file: KeyFile,
  password: string,
  kernel: Kernel,
  mixBlocks: MixBlocks | null,
): Promise<Bytes | null> {
  const userKey = await deriveUserKey(password, file.kdf, mixBlocks);
  return withUserKey(userKey, kernel, async (cipher) => {
    try {
      return await cipher.open(file.sealedMaster);
    } catch (error) {
      if (error instanceof IntegrityError) return null;
      throw error;
    }
  });
}

/** The key, if it is one that can be used. */
async function checkedMasterKey(plain: Bytes): Promise<MasterKey> {
  const master = decodeMasterKey(plain);
  try {
    (await importMasterKey(master)).macR.fill(0);
    return master;
  } catch (error) {
    wipeMasterKey(master);
    throw error;
  }
}

/** The key is wiped. */
async function withUserKey<T>(userKey: MasterKey, kernel: Kernel, work: (cipher: Cipher) => Promise<T>): Promise<T> {
  const key = await importMasterKey(userKey).finally(() => wipeMasterKey(userKey));
  const cipher = new Cipher(key, kernel);
  key.macR.fill(0);
  try {
    return await work(cipher);
  } finally {
    cipher.wipe();
  }
}

export interface NewKeyOptions {
  /** For people who list keys. */
  hostname: string;
  /** What a derivation costs; measured on this machine if absent. */
  kdf?: KdfCost;
  /** When the key is made, in milliseconds since 1970. */
  createdMs?: number;
}

/**
 * The bytes of a new key file, under which the password opens the master key, which is lent. The file's name is the hash
 * of the bytes.
 */
export async function createKeyFile(
  password: string,
  master: MasterKey,
  kernel: Kernel,
  options: NewKeyOptions,
): Promise<Bytes> {
  const cost = options.kdf ?? (await calibrateKdf());
  const kdf: KdfParameters = { N: cost.N, r: cost.r, p: cost.p, salt: randomBytes(saltLength) };
  const plain = encodeMasterKey(master);
  const seal = async () => withUserKey(await deriveUserKey(password, kdf), kernel, (cipher) => cipher.seal(plain));
  const sealedMaster = await seal().finally(() => plain.fill(0));
  const created = formatTime(options.createdMs ?? Date.now());
  return encodeKeyFile({ created, username: "", hostname: options.hostname, kdf, sealedMaster });
}
