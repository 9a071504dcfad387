import { type Bytes, discardBytes, equalConstantTime, randomBytes } from "../base/bytes.ts";
import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import { applyKeyStream, applyToSegment, blockLength } from "./counter-mode.ts";
import { CounterRun, runsOf } from "./counter-run.ts";
import type { Kernel } from "./kernel.ts";

/** The raw key of a repository (the same in all its key files), or the key that a password is derived to. */
export interface MasterKey {
  /** 32 bytes: AES-256. */
  encrypt: Bytes;
  /** 16 bytes: AES-128, which makes the one-time part of a MAC's key. */
  macK: Bytes;
  /** 16 bytes: the constant part, as it was drawn; it is clamped when used, never when stored. */
  macR: Bytes;
}

/** A key ready for use. Structured-cloneable, so it can be posted to workers; the AES keys cannot be exported. */
export interface CipherKey {
  encrypt: CryptoKey;
  macK: CryptoKey;
  macR: Bytes;
}

const ivLength = 16;
const macLength = 16;

/** What sealing adds to the length of the plain bytes: the initial counter before and the MAC behind them. */
export const sealOverhead = ivLength + macLength;

/** Shorter texts are worked on together: the call of WebCrypto costs more than they do ([Note: one run of counters]). */
const leastAlone = 48 * 1024;

/** A text, and the bytes that it is, or is to be, sealed in: longer by just the overhead. */
export interface SealedText {
  plain: Bytes;
  sealed: Bytes;
}

/** A random key. The caller wipes it. */
export function generateMasterKey(): MasterKey {
  return { encrypt: randomBytes(32), macK: randomBytes(16), macR: randomBytes(16) };
}

/** Overwrites a key that is no longer needed. */
export function wipeMasterKey(key: MasterKey): void {
  key.encrypt.fill(0);
  key.macK.fill(0);
  key.macR.fill(0);
}

/**
 * Makes a key ready for use; the raw one can be wiped then. Throws FormatError "key-malformed" if a part has another
 * length or is all zero, which restic refuses too.
 */
export async function importMasterKey(key: MasterKey): Promise<CipherKey> {
  checkPart(key.encrypt, 32, "encrypt");
  checkPart(key.macK, 16, "mac.k");
  checkPart(key.macR, 16, "mac.r");
  const [encrypt, macK] = await Promise.all([
    crypto.subtle.importKey("raw", key.encrypt, "AES-CTR", false, ["encrypt", "decrypt"]),
    crypto.subtle.importKey("raw", key.macK, "AES-CTR", false, ["encrypt"]),
  ]);
  return { encrypt, macK, macR: key.macR.slice() };
}

function checkPart(part: Bytes, length: number, field: string): void {
  if (part.length !== length) throw new FormatError("key-malformed", { field, reason: "wrong length" });
  if (part.every((byte) => byte === 0)) throw new FormatError("key-malformed", { field, reason: "all zero" });
}

/**
 * Encrypts and authenticates: everything in a repository but key files is IV, ciphertext and MAC (repository format:
 * cryptography). AES-256-CTR, the whole IV being a counter of 128 bits, big-endian; Poly1305-AES over the ciphertext alone.
 */
export class Cipher {
  private readonly macR: Bytes;
  private isWiped = false;

  /** Keeps a copy of the key's raw part. The kernel may be shared. */
  constructor(
    private readonly key: CipherKey,
    private readonly kernel: Kernel,
  ) {
    this.macR = key.macR.slice();
  }

  /** Seals under a fresh random IV. `plain` must not change until the promise settles; the caller owns the result. */
  async seal(plain: Bytes): Promise<Bytes> {
    const sealed = new Uint8Array(plain.length + sealOverhead);
    await this.sealInto(sealed, plain);
    return sealed;
  }

  /** The same into bytes of the caller's, which must be longer than `plain` by just the overhead. */
  async sealInto(sealed: Bytes, plain: Bytes): Promise<void> {
    await this.sealUnderInto(randomBytes(ivLength), sealed, plain);
  }

  /**
   * Seals under a given IV, which must never have been used with this key before: with the same IV twice, both texts are
   * lost. For tests against published vectors; everything else calls seal.
   */
  async sealUnder(iv: Bytes, plain: Bytes): Promise<Bytes> {
    const sealed = new Uint8Array(plain.length + sealOverhead);
    await this.sealUnderInto(iv, sealed, plain);
    return sealed;
  }

  /**
   * Verifies and decrypts. Throws FormatError "sealed-data-short" if it cannot be sealed data, IntegrityError
   * "mac-mismatch" if it was altered or sealed with another key; nothing is decrypted then. `sealed` must not change until
   * the promise settles; the caller owns the result.
   */
  async open(sealed: Bytes): Promise<Bytes> {
    const { iv, ciphertext } = await this.verified(sealed);
    const plain = new Uint8Array(ciphertext.length);
    await applyKeyStream(this.key.encrypt, iv, ciphertext, (segment, offset) => plain.set(segment, offset));
    return plain;
  }

  /**
   * Verifies and decrypts like `open`, with the same errors, but only compares: true if the content is `plain`. It takes no
   * memory of the content's length. Neither may change until the promise settles.
   */
  async opensTo(sealed: Bytes, plain: Bytes): Promise<boolean> {
    const { iv, ciphertext } = await this.verified(sealed);
    let isEqual = ciphertext.length === plain.length;
    await applyKeyStream(this.key.encrypt, iv, ciphertext, (segment, offset) => {
      isEqual &&= this.kernel.equal(segment, plain.subarray(offset, offset + segment.length));
    });
    return isEqual;
  }

  /**
   * Verifies and decrypts like `open`, with the same errors, into the memory of `sealed`, which is used up then: the plain
   * bytes are a part of it. Takes no memory of the content's length.
   */
  async openInPlace(sealed: Bytes): Promise<Bytes> {
    const { iv, ciphertext } = await this.verified(sealed);
    await applyKeyStream(this.key.encrypt, iv, ciphertext, (segment, offset) => ciphertext.set(segment, offset));
    return ciphertext;
  }

  /** Seals many texts like `sealInto`, several short ones with one call of WebCrypto. */
  async sealEachInto(texts: readonly SealedText[]): Promise<void> {
    const { alone, runs } = arranged(texts);
    await Promise.all([
      ...alone.map(({ plain, sealed }) => this.sealInto(sealed, plain)),
      ...runs.map((run) => this.sealRun(run)),
    ]);
  }

  /** Verifies many texts like `opensTo`; false too for those that were altered. They must be given as they were sealed. */
  async opensEachTo(texts: readonly SealedText[]): Promise<boolean> {
    const { alone, runs } = arranged(texts);
    const opened = await Promise.all([
      ...alone.map(({ plain, sealed }) => this.opensTo(sealed, plain)),
      ...runs.map((run) => this.runOpens(run)),
    ]);
    return opened.every((isEqual) => isEqual);
  }

  /** Forgets the raw part of the key; later calls throw HoldallError "closed". May be called twice. */
  wipe(): void {
    this.isWiped = true;
    this.macR.fill(0);
  }

  private checkUsable(): void {
    if (this.isWiped) throw new HoldallError("closed");
  }

  private async sealUnderInto(iv: Bytes, sealed: Bytes, plain: Bytes): Promise<void> {
    this.checkUsable();
    if (sealed.length !== plain.length + sealOverhead) throw new RangeError("no room for just the sealed bytes");
    sealed.set(iv);
    const ciphertext = sealed.subarray(ivLength, ivLength + plain.length);
    const [oneTime] = await Promise.all([
      this.oneTimeKey(iv),
      applyKeyStream(this.key.encrypt, iv, plain, (segment, offset) => ciphertext.set(segment, offset)),
    ]);
    sealed.set(this.mac(oneTime, ciphertext), ivLength + plain.length);
  }

  private async sealRun(texts: readonly SealedText[]): Promise<void> {
    this.checkUsable();
    const plains = texts.map(({ plain }) => plain);
    const run = new CounterRun(
      randomBytes(ivLength),
      plains.map(({ length }) => length),
    );
    const [oneTime, applied] = await Promise.all([run.stream(this.key.macK), run.apply(this.key.encrypt, plains)]);
    for (const [i, { sealed }] of texts.entries()) {
      const ciphertext = run.part(applied, i);
      sealed.set(run.counter(i));
      sealed.set(ciphertext, ivLength);
      sealed.set(this.mac(run.part(oneTime, i, blockLength), ciphertext), ivLength + ciphertext.length);
    }
    discardBytes(oneTime);
    discardBytes(applied);
  }

  private async runOpens(texts: readonly SealedText[]): Promise<boolean> {
    this.checkUsable();
    const sealed = texts.map((text) => partsOf(text.sealed));
    const ciphertexts = sealed.map(({ ciphertext }) => ciphertext);
    const run = new CounterRun(
      sealed[0]?.iv ?? new Uint8Array(ivLength),
      ciphertexts.map(({ length }) => length),
    );
    if (!run.hasCounters(sealed.map(({ iv }) => iv))) return false;
    const [oneTime, applied] = await Promise.all([run.stream(this.key.macK), run.apply(this.key.encrypt, ciphertexts)]);
    const isOpened = texts.every(({ plain }, i) => {
      const { ciphertext, mac } = sealed[i] as SealedParts;
      const isSound = equalConstantTime(this.mac(run.part(oneTime, i, blockLength), ciphertext), mac);
      return isSound && this.kernel.equal(run.part(applied, i), plain);
    });
    discardBytes(oneTime);
    discardBytes(applied);
    return isOpened;
  }

  /** The parts of sealed bytes whose MAC is right. */
  private async verified(sealed: Bytes): Promise<{ iv: Bytes; ciphertext: Bytes }> {
    this.checkUsable();
    const { iv, ciphertext, mac } = partsOf(sealed);
    const computed = this.mac(await this.oneTimeKey(iv), ciphertext);
    if (!equalConstantTime(computed, mac)) throw new IntegrityError("mac-mismatch");
    return { iv, ciphertext };
  }

  private mac(oneTime: Bytes, ciphertext: Bytes): Bytes {
    this.checkUsable();
    return this.kernel.poly1305(this.macR, oneTime, ciphertext);
  }

  /**
   * The IV as one block of AES-128 under macK. WebCrypto has no plain AES, but the first block of CTR's key stream is just
   * that: the counter, encrypted.
   */
  private async oneTimeKey(iv: Bytes): Promise<Bytes> {
    return applyToSegment(this.key.macK, iv, new Uint8Array(blockLength));
  }
}

interface SealedParts {
  iv: Bytes;
  ciphertext: Bytes;
  mac: Bytes;
}

/** Views into sealed bytes. Throws FormatError "sealed-data-short". */
function partsOf(sealed: Bytes): SealedParts {
  if (sealed.length < sealOverhead) throw new FormatError("sealed-data-short", { length: sealed.length });
  const iv = sealed.subarray(0, ivLength);
  if (iv.every((byte) => byte === 0)) throw new FormatError("sealed-data-short", { reason: "the IV is zero" });
  const end = sealed.length - macLength;
  return { iv, ciphertext: sealed.subarray(ivLength, end), mac: sealed.subarray(end) };
}

/** Which texts are worked on one by one, and which together. */
function arranged(texts: readonly SealedText[]): { alone: SealedText[]; runs: SealedText[][] } {
  const isShort = ({ plain }: SealedText) => plain.length < leastAlone;
  const runs = runsOf(texts.filter(isShort), ({ plain }) => plain.length);
  return { alone: texts.filter((text) => !isShort(text)), runs: [...runs] };
}
