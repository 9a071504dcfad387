import { scrypt } from "hash-wasm";
import { type Bytes, utf8 } from "../base/bytes.ts";
import { FormatError, UnsupportedError } from "../base/errors.ts";
import type { MasterKey } from "./cipher.ts";
import { type KdfCost, type KdfParameters, type MixBlocks, scryptBy } from "./scrypt.ts";

export type { KdfCost, KdfParameters };

const saltLength = 64;

/** A tab must stay alive whatever a key file asks for. Room for a table of 1 GiB (N·r = 2^23) and what belongs to it. */
const memoryLimitBytes = 1024 ** 3 + 16 * 1024 ** 2;

/** About half a minute; what restic writes takes half a second. */
const workLimit = 2 ** 26;

const calibratedN = 32768;
const calibratedR = 8;
const calibratedMilliseconds = 500;
const minimumP = 3;
const maximumP = 32;

/**
 * Checks parameters from a key file before any work is done. Throws FormatError "key-malformed" if scrypt or restic does
 * not know such parameters, UnsupportedError "kdf-too-expensive" if they ask for more than a tab should give.
 */
export function checkKdfParameters({ N, r, p, salt }: KdfParameters): void {
  if (!Number.isSafeInteger(N) || N < 2 || N > 2 ** 40 || !Number.isInteger(Math.log2(N))) {
    throw malformed("N is no power of two above 1");
  }
  if (!Number.isSafeInteger(r) || r < 1) throw malformed("r is no positive integer");
  if (!Number.isSafeInteger(p) || p < 1) throw malformed("p is no positive integer");
  if (r * p >= 2 ** 30) throw malformed("r times p is too large");
  if (salt.length !== saltLength) throw malformed("the salt has not 64 bytes");
  if (128 * r * (N + p + 2) > memoryLimitBytes)
    throw new UnsupportedError("kdf-too-expensive", { N, r, p, reason: "memory" });
  if (estimateKdfCost({ N, r, p }) > workLimit)
    throw new UnsupportedError("kdf-too-expensive", { N, r, p, reason: "time" });
}

/** A number that grows as the time of one derivation does: for trying the cheapest of several key files first. */
export function estimateKdfCost({ N, r, p }: KdfCost): number {
  return N * r * p;
}

/**
 * Derives the key under which a key file's master key is sealed. The password counts by its UTF-8 bytes, without Unicode
 * normalisation, and may be empty. Throws as checkKdfParameters does, and UnsupportedError "kdf-too-expensive" too if this
 * machine has not the memory. The caller wipes the result. With `mix` most of the work is done there, if it can be.
 */
export async function deriveUserKey(
  password: string,
  parameters: KdfParameters,
  mix: MixBlocks | null = null,
): Promise<MasterKey> {
  checkKdfParameters(parameters);
  const secret = utf8(password);
  try {
    // What fails there says nothing of the key: the slower way decides.
    const derived = mix && (await scryptBy(mix, secret, parameters).catch(() => null));
    return splitKey(derived ?? (await deriveBytes(secret, parameters)));
  } catch (cause) {
    const { N, r, p } = parameters;
    throw new UnsupportedError("kdf-too-expensive", { N, r, p, reason: "memory" }, { cause });
  } finally {
    secret.fill(0);
  }
}

/**
 * The cost for a new key file: 32 MiB, and as many passes as take about half a second here, at least 3. `measurePass`
 * returns the milliseconds of one pass.
 */
export async function calibrateKdf(measurePass: () => Promise<number> = measureKdfPass): Promise<KdfCost> {
  const passes = Math.round(calibratedMilliseconds / (await measurePass()));
  return { N: calibratedN, r: calibratedR, p: Math.min(Math.max(passes, minimumP), maximumP) };
}

/** The faster of two passes: the first one also pays for compiling. */
async function measureKdfPass(): Promise<number> {
  const parameters = { N: calibratedN, r: calibratedR, p: 1, salt: new Uint8Array(saltLength) };
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run++) {
    const start = performance.now();
    await deriveBytes(new Uint8Array(16), parameters);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

async function deriveBytes(password: Bytes, { N, r, p, salt }: KdfParameters): Promise<Uint8Array> {
  return scrypt({
    password,
    salt,
    costFactor: N,
    blockSize: r,
    parallelism: p,
    hashLength: 64,
    outputType: "binary",
  });
}

function splitKey(derived: Uint8Array): MasterKey {
  const key = {
    encrypt: new Uint8Array(derived.subarray(0, 32)),
    macK: new Uint8Array(derived.subarray(32, 48)),
    macR: new Uint8Array(derived.subarray(48, 64)),
  };
  derived.fill(0);
  return key;
}

function malformed(reason: string): FormatError {
  return new FormatError("key-malformed", { reason });
}
