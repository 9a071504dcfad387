import type { Backend } from "../backend/backend.ts";
import { randomBytes } from "../base/bytes.ts";
import { HoldallError } from "../base/errors.ts";
import { hashId, type Id, idOfBytes } from "../base/id.ts";
import { generateMasterKey } from "../codec/cipher.ts";
import type { KdfCost } from "../codec/kdf.ts";
import { loadKernel } from "../codec/kernel.ts";
import { choosePolynomial, type Polynomial } from "../codec/polynomial.ts";
import { type Config, sealConfig } from "../format/config.ts";
import { decodeKeyFile } from "../format/key-file.ts";
import { createKeyFile } from "./keys.ts";
import { type OpenedRepository, type RepositoryPorts, unlock } from "./open-repository.ts";

export interface CreateOptions {
  password: string;
  formatVersion: 1 | 2;
  /** Stored in the key file, for people who list keys. */
  hostname: string;
  /** What one derivation of the key costs; measured on this machine if absent. */
  kdf?: KdfCost;
  /** To deduplicate with another repository across `restic copy`; random if absent. */
  polynomial?: Polynomial;
  signal: AbortSignal;
}

/**
 * Creates a repository and opens it. The config is written last: without it there is no repository, so a creation that is
 * cut off can be repeated. Throws "repository-exists" if a config, a key or a snapshot is there already.
 */
export async function createRepository(ports: RepositoryPorts, options: CreateOptions): Promise<OpenedRepository> {
  const { backend, kernels } = ports;
  const { signal, formatVersion } = options;
  await refuseExisting(backend, signal);
  await backend.create(signal);
  await refuseFiles(backend, signal);
  const master = generateMasterKey();
  const keyFile = await createKeyFile(options.password, master, await loadKernel(kernels), options);
  const keyId = await hashId(keyFile);
  await backend.save({ type: "key", id: keyId }, keyFile, signal);
  const config: Config = {
    formatVersion,
    id: idOfBytes(randomBytes(32)),
    chunkerPolynomial: options.polynomial ?? choosePolynomial(),
  };
  const unlocked = await unlock(ports, { keyId, master }, async (cipher) => {
    const sealed = await sealConfig(config, cipher);
    await saveConfig(backend, keyId, sealed, signal);
    return { config, sealed };
  });
  return { ...unlocked, key: { id: keyId, file: decodeKeyFile(keyFile) }, unusableKeys: 0 };
}

async function refuseExisting(backend: Backend, signal: AbortSignal): Promise<void> {
  if ((await backend.stat({ type: "config" }, signal)) !== null) throw exists(backend);
}

/** Keys or snapshots without a config: perhaps a repository whose config was lost, never to be written over. */
async function refuseFiles(backend: Backend, signal: AbortSignal): Promise<void> {
  for (const type of ["key", "snapshot"] as const) {
    if ((await backend.list(type, signal)).length > 0) throw exists(backend, type);
  }
}

/** If the config cannot be stored, the key is taken back: left alone it would forbid another try. */
async function saveConfig(
  backend: Backend,
  keyId: Id,
  sealed: Parameters<Backend["save"]>[1],
  signal: AbortSignal,
): Promise<void> {
  try {
    await backend.save({ type: "config" }, sealed, signal);
  } catch (error) {
    await backend.remove({ type: "key", id: keyId }, AbortSignal.timeout(10_000)).catch(() => {});
    throw error;
  }
}

function exists(backend: Backend, found = "config"): HoldallError {
  return new HoldallError("repository-exists", { location: backend.location, found });
}
