import { type Bytes, discardBytes, equalConstantTime, randomBytes } from "../base/bytes.ts";
import { FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
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

/**
 * WebCrypto is asked for at most this much at once: engines copy and allocate for every call, and what stays in the
 * processor's cache is twice as fast as a whole blob.
 */
const segmentLength = 256 * 1024;

const blockLength = 16;

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
    await this.eachSegment(iv, ciphertext, (segment, offset) => plain.set(segment, offset));
    return plain;
  }

  /**
   * Verifies and decrypts like `open`, with the same errors, but only compares: true if the content is `plain`. It takes no
   * memory of the content's length. Neither may change until the promise settles.
   */
  async opensTo(sealed: Bytes, plain: Bytes): Promise<boolean> {
    const { iv, ciphertext } = await this.verified(sealed);
    let isEqual = ciphertext.length === plain.length;
    await this.eachSegment(iv, ciphertext, (segment, offset) => {
      isEqual &&= this.kernel.equal(segment, plain.subarray(offset, offset + segment.length));
    });
    return isEqual;
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
      this.eachSegment(iv, plain, (segment, offset) => ciphertext.set(segment, offset)),
    ]);
    sealed.set(this.mac(oneTime, ciphertext), ivLength + plain.length);
  }

  /** The parts of sealed bytes whose MAC is right. */
  private async verified(sealed: Bytes): Promise<{ iv: Bytes; ciphertext: Bytes }> {
    this.checkUsable();
    if (sealed.length < sealOverhead) throw new FormatError("sealed-data-short", { length: sealed.length });
    const iv = sealed.subarray(0, ivLength);
    if (iv.every((byte) => byte === 0)) throw new FormatError("sealed-data-short", { reason: "the IV is zero" });
    const ciphertext = sealed.subarray(ivLength, sealed.length - macLength);
    const mac = this.mac(await this.oneTimeKey(iv), ciphertext);
    if (!equalConstantTime(mac, sealed.subarray(sealed.length - macLength))) throw new IntegrityError("mac-mismatch");
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
    const zeros = new Uint8Array(blockLength);
    return new Uint8Array(await crypto.subtle.encrypt(counterFrom(iv), this.key.macK, zeros));
  }

  /** Gives the input, xored with the key stream, segment by segment as each is done: encrypts and decrypts. */
  private async eachSegment(iv: Bytes, input: Bytes, take: (segment: Bytes, offset: number) => void): Promise<void> {
    const segments: Promise<void>[] = [];
    for (let offset = 0; offset < input.length; offset += segmentLength) {
      segments.push(
        this.applyToSegment(iv, input, offset).then((applied) => {
          take(applied, offset);
          // At once, so that the next one gets the same memory.
          discardBytes(applied);
        }),
      );
    }
    await Promise.all(segments);
  }

  private async applyToSegment(iv: Bytes, input: Bytes, offset: number): Promise<Bytes> {
    const counter = counterFrom(offset === 0 ? iv : advanceCounter(iv, offset / blockLength));
    const segment = input.subarray(offset, offset + segmentLength);
    return new Uint8Array(await crypto.subtle.encrypt(counter, this.key.encrypt, segment));
  }
}

function counterFrom(counter: Bytes): AesCtrParams {
  return { name: "AES-CTR", counter, length: 128 };
}

/** The counter some blocks on: a big-endian number of 128 bits, wrapping to zero. */
function advanceCounter(counter: Bytes, blocks: number): Bytes {
  const advanced = counter.slice();
  let carry = blocks;
  for (let i = advanced.length - 1; i >= 0 && carry > 0; i--) {
    carry += advanced[i] ?? 0;
    advanced[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
  return advanced;
}
