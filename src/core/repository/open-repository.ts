import type { Backend } from "../backend/backend.ts";
import type { OfflineCopy } from "../backend/offline-copy.ts";
import { isUnreachable } from "../backend/with-cache.ts";
import type { Bytes } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { BackendError, FormatError, HoldallError, IntegrityError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { KernelSource, LockJournal, PackSpool } from "../base/ports.ts";
import { BlobCodec, type BlobCodecOptions } from "../codec/blob-codec.ts";
import { Cipher, importMasterKey, type MasterKey, wipeMasterKey } from "../codec/cipher.ts";
import type { Codec } from "../codec/codec.ts";
import { loadCompression } from "../codec/compression.ts";
import { type Kernel, loadKernel } from "../codec/kernel.ts";
import type { MixBlocks } from "../codec/scrypt.ts";
import { type Config, openConfig } from "../format/config.ts";
import { openIndex } from "../format/index-records.ts";
import type { KeyFile } from "../format/key-file.ts";
import { type OpenedKey, openKey } from "./keys.ts";
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
  /** Workers that derive keys faster; without them that is done where the repository is. */
  mixBlocks?: MixBlocks | null;
  clock?: Clock;
  /** Where sealed trees are kept on this device; the backend has withCache around it then. */
  copy?: OfflineCopy | null;
  /** Where packs are put together on this device; absent: in memory. */
  spool?: PackSpool | null;
}

export interface OpenOptions {
  password: string;
  /** The key that worked last. */
  keyHint?: Id | null;
  /** A key that the password has opened already. Not used if it does not open the config. Its giver wipes it. */
  known?: KnownKey | null;
  /** Judges the config before anything else is read. */
  checkConfig?: (config: Config, cipher: Cipher) => Promise<void>;
  signal: AbortSignal;
  /** Called when there is a repository, and its keys are about to be tried. */
  onFound?: (backend: Backend) => void;
  onPhase?: (phase: "keys" | "config" | "locks") => void;
}

export interface KnownKey {
  id: Id;
  file: KeyFile;
  master: MasterKey;
  /** False once the repository no longer has this key: its password must not open anything then. */
  isValid(signal: AbortSignal): Promise<boolean>;
}

export interface OpenedRepository extends Unlocked {
  /** The key that opened it. */
  key: { id: Id; file: KeyFile };
  /** Files in keys/ that are no usable keys; 0 if a known key made it needless to look. */
  unusableKeys: number;
}

export interface Unlocked {
  repository: Repository;
  kernelBuild: string;
  /** Wiped when the repository is closed. */
  cipher: Cipher;
  sealedConfig: Bytes;
}

/**
 * Opens a repository: key, config; removes own orphaned locks. The index is loaded when something first needs it. Throws
 * "no-repository" if there is none, WrongPasswordError, UnsupportedError, IntegrityError "config-damaged", and what the
 * backend throws.
 */
export async function openRepository(ports: RepositoryPorts, options: OpenOptions): Promise<OpenedRepository> {
  const { signal, onPhase = () => {}, checkConfig } = options;
  const stored = await StoredConfig.load(ports.backend, signal);
  options.onFound?.(ports.backend);
  onPhase("keys");
  const key = await findKey(ports, options, stored);
  onPhase("config");
  const unlocked = await unlock(ports, key, async (cipher) => {
    const { sealed } = stored;
    const config = await openConfig(sealed, cipher);
    await checkConfig?.(config, cipher);
    return { config, sealed };
  });
  try {
    onPhase("locks");
    await removeOrphans(unlocked.repository, signal);
  } catch (error) {
    unlocked.repository.close();
    throw error;
  }
  return { ...unlocked, key: { id: key.keyId, file: key.file }, unusableKeys: key.unusableKeys };
}

/** A config has no hash in its name: one that came damaged shows when no key opens it, and is then fetched once more. */
class StoredConfig {
  private isFetchedTwice = false;

  private constructor(
    private readonly fetch: () => Promise<Bytes>,
    public sealed: Bytes,
  ) {}

  static async load(backend: Backend, signal: AbortSignal): Promise<StoredConfig> {
    const fetch = () => loadConfig(backend, signal);
    return new StoredConfig(fetch, await fetch());
  }

  async opensWith(master: MasterKey, kernel: Kernel): Promise<boolean> {
    if (await opensConfig(master, kernel, this.sealed)) return true;
    if (this.isFetchedTwice) return false;
    this.isFetchedTwice = true;
    this.sealed = await this.fetch();
    return opensConfig(master, kernel, this.sealed);
  }
}

async function findKey(ports: RepositoryPorts, options: OpenOptions, config: StoredConfig): Promise<OpenedKey> {
  const kernel = await loadKernel(ports.kernels);
  const accepts = (key: MasterKey) => config.opensWith(key, kernel);
  const { known, signal } = options;
  const { mixBlocks = null } = ports;
  if (known && (await accepts(known.master)) && (await known.isValid(signal))) {
    const { id: keyId, file, master } = known;
    return { keyId, file, master, unusableKeys: 0 };
  }
  return openKey(ports.backend, kernel, { ...options, accepts, mixBlocks });
}

/** What an unreachable server keeps is removed another time; nobody is kept from reading by it. */
async function removeOrphans(repository: Repository, signal: AbortSignal): Promise<void> {
  try {
    await repository.removeOrphanedLocks(signal);
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
}

/** The repository of a master key, which is wiped here. Also what creating a repository ends with. */
export async function unlock(
  ports: RepositoryPorts,
  { keyId, master }: { keyId: Id; master: MasterKey },
  configOf: (cipher: Cipher) => Promise<{ config: Config; sealed: Bytes }>,
): Promise<Unlocked> {
  const {
    backend,
    kernels,
    journal,
    clock = systemClock,
    createCodec = inlineCodec,
    copy = null,
    spool = null,
  } = ports;
  const key = await importMasterKey(master).finally(() => wipeMasterKey(master));
  const kernel = await loadKernel(kernels);
  const cipher = new Cipher(key, kernel);
  const { config, sealed } = await configOf(cipher).catch((error: unknown) => {
    cipher.wipe();
    throw error;
  });
  const files = new UnpackedFiles(backend, cipher, await loadCompression(kernels), config.formatVersion);
  const { chunkerPolynomial: polynomial, formatVersion } = config;
  const codec = await createCodec({ kernels, key, polynomial, formatVersion });
  const parts = { backend, config, keyId, cipher, codec, files, journal, clock, kernel, copy, spool };
  const repository = new Repository(parts);
  return { repository, kernelBuild: kernel.build, cipher, sealedConfig: sealed };
}

function inlineCodec(options: BlobCodecOptions): Promise<Codec> {
  return BlobCodec.create(options, openIndex);
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
