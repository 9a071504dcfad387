import type { Backend } from "../backend/backend.ts";
import type { Bytes } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { BackendError, FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { KernelSource, LockJournal } from "../base/ports.ts";
import { BlobCodec, type BlobCodecOptions } from "../codec/blob-codec.ts";
import { Cipher, importMasterKey, type MasterKey, wipeMasterKey } from "../codec/cipher.ts";
import type { Codec } from "../codec/codec.ts";
import { loadCompression } from "../codec/compression.ts";
import { type Kernel, loadKernel } from "../codec/kernel.ts";
import { type Config, openConfig } from "../format/config.ts";
import { openKey } from "./keys.ts";
import { Repository } from "./repository.ts";
import { UnpackedFiles } from "./unpacked-files.ts";

/** What an open repository needs of the outside. */
export interface RepositoryPorts {
  /** With its retries and limits already around it. */
  backend: Backend;
  kernels: KernelSource;
  journal: LockJournal;
  /** A pool of workers in the browser; without it the work is done where the repository is. */
  createCodec?: (options: BlobCodecOptions) => Promise<Codec>;
  clock?: Clock;
}

export interface OpenOptions {
  password: string;
  /** The key that worked last. */
  keyHint?: Id | null;
  signal: AbortSignal;
  onPhase?: (phase: "keys" | "config" | "index" | "locks", done: number, total: number) => void;
}

export interface OpenedRepository {
  repository: Repository;
  /** Files in keys/ that are no usable keys. */
  unusableKeys: number;
  kernelBuild: string;
}

/**
 * Opens a repository: key, config, index; removes own orphaned locks. Throws "no-repository" if there is none,
 * WrongPasswordError, UnsupportedError, IntegrityError "config-damaged", and what loading throws.
 */
export async function openRepository(ports: RepositoryPorts, options: OpenOptions): Promise<OpenedRepository> {
  const { signal, onPhase = () => {} } = options;
  const sealedConfig = await loadConfig(ports.backend, signal);
  onPhase("keys", 0, 1);
  const kernel = await loadKernel(ports.kernels);
  const { keyId, master, unusableKeys } = await openKey(ports.backend, kernel, {
    ...options,
    accepts: (key) => opensConfig(key, kernel, sealedConfig),
  });
  onPhase("config", 0, 1);
  const unlocked = await unlock(ports, { keyId, master }, (cipher) => openConfig(sealedConfig, cipher));
  try {
    await unlocked.repository.refreshIndex(signal, (done, total) => onPhase("index", done, total));
    onPhase("locks", 0, 1);
    await unlocked.repository.removeOrphanedLocks(signal);
  } catch (error) {
    unlocked.repository.close();
    throw error;
  }
  return { ...unlocked, unusableKeys };
}

/** The repository of a master key, which is wiped here. Also what creating a repository ends with. */
export async function unlock(
  ports: RepositoryPorts,
  { keyId, master }: { keyId: Id; master: MasterKey },
  configOf: (cipher: Cipher) => Promise<Config>,
): Promise<{ repository: Repository; kernelBuild: string }> {
  const { backend, kernels, journal, clock = systemClock, createCodec = BlobCodec.create } = ports;
  const key = await importMasterKey(master).finally(() => wipeMasterKey(master));
  const kernel = await loadKernel(kernels);
  const cipher = new Cipher(key, kernel);
  const config = await configOf(cipher);
  const files = new UnpackedFiles(backend, cipher, await loadCompression(kernels), config.formatVersion);
  const { chunkerPolynomial: polynomial, formatVersion } = config;
  const codec = await createCodec({ kernels, key, polynomial, formatVersion });
  const repository = new Repository({ backend, config, keyId, cipher, codec, files, journal, clock });
  return { repository, kernelBuild: kernel.build };
}

async function opensConfig(master: MasterKey, kernel: Kernel, sealedConfig: Bytes): Promise<boolean> {
  const cipher = new Cipher(await importMasterKey(master), kernel);
  try {
    await openConfig(sealedConfig, cipher);
    return true;
  } catch (error) {
    if (error instanceof IntegrityError) return false;
    throw error;
  } finally {
    cipher.wipe();
  }
}

async function loadConfig(backend: Backend, signal: AbortSignal): Promise<Bytes> {
  try {
    const config = await backend.load({ type: "config" }, signal);
    if (config.length > 0) return config;
  } catch (cause) {
    if (!(cause instanceof BackendError) || cause.code !== "not-found") throw cause;
    throw new HoldallError("no-repository", { location: backend.location }, { cause });
  }
  throw new FormatError("config-malformed", { reason: "empty file" });
}
