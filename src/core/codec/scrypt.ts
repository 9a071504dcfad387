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
  const key = await importPassword(password);
  const blocks = await stretch(key, salt, 128 * r * p);
  const mixed = await mix(blocks, { N, r, p }).finally(() => blocks.fill(0));
  if (mixed === null) return null;
  return stretch(key, mixed, 64).finally(() => mixed.fill(0));
}

/** HMAC fills a key up with zeros, so none is the same as one zero; not every browser takes none. */
function importPassword(password: Bytes): Promise<CryptoKey> {
  const bytes = password.length === 0 ? new Uint8Array(1) : password;
  return crypto.subtle.importKey("raw", bytes, "PBKDF2", false, ["deriveBits"]);
}

/** PBKDF2 with HMAC-SHA-256 and one iteration. */
async function stretch(key: CryptoKey, salt: Bytes, length: number): Promise<Bytes> {
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt, iterations: 1 };
  return new Uint8Array(await crypto.subtle.deriveBits(algorithm, key, length * 8));
}
