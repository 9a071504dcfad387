import { createSHA256, pbkdf2 } from "hash-wasm";
import type { Bytes } from "../base/bytes.ts";

/** scrypt's parameters as a key file has them. Memory is 128·r·(N + p + 2) bytes, time grows with N·r·p. */
export interface KdfParameters {
  N: number;
  r: number;
  p: number;
  /** 64 bytes. */
  salt: Bytes;
}

/** The cost part of KdfParameters, as calibrateKdf in kdf.ts chooses it. */
export type KdfCost = Pick<KdfParameters, "N" | "r" | "p">;

/**
 * Mixes p blocks of 128·r bytes, which lie one behind the other and are lent, each for itself: scryptROMix. The caller owns
 * the result. Null where that cannot be done.
 */
export type MixBlocks = (blocks: Bytes, cost: KdfCost) => Promise<Bytes | null>;

/** scrypt (RFC 7914, section 6) to 64 bytes, which the caller owns, by others' mixing; null if they do not mix. */
export async function scryptBy(mix: MixBlocks, password: Bytes, parameters: KdfParameters): Promise<Bytes | null> {
  const { N, r, p, salt } = parameters;
  const blocks = await stretch(password, salt, 128 * r * p);
  const mixed = await mix(blocks, { N, r, p }).finally(() => blocks.fill(0));
  if (mixed === null) return null;
  return stretch(password, mixed, 64).finally(() => mixed.fill(0));
}

/** PBKDF2 with HMAC-SHA-256 and one iteration. Not WebCrypto's: Firefox gives no more than some hundred bytes of it. */
async function stretch(password: Bytes, salt: Bytes, length: number): Promise<Bytes> {
  const hashFunction = createSHA256();
  const stretched = await pbkdf2({
    password,
    salt,
    iterations: 1,
    hashLength: length,
    hashFunction,
    outputType: "binary",
  });
  return new Uint8Array(stretched);
}
