import type { Backend } from "../backend/backend.ts";
import {
  dropKey,
  keepConfig,
  keepKey,
  keepLogin,
  loadKeptConfig,
  loadKeptKey,
  loadKeptLogin,
} from "../backend/kept-records.ts";
import type { OfflineCopy } from "../backend/offline-copy.ts";
import type { RestLogin } from "../backend/rest-location.ts";
import { type CachedBackend, isUnreachable, withCache } from "../backend/with-cache.ts";
import { BackendError, HoldallError, IntegrityError, WrongPasswordError } from "../base/errors.ts";
import { zeroTime } from "../base/rfc3339.ts";
import { Cipher, importMasterKey, type MasterKey, wipeMasterKey } from "../codec/cipher.ts";
import { checkKdfParameters } from "../codec/kdf.ts";
import { type Kernel, loadKernel } from "../codec/kernel.ts";
import type { MixBlocks } from "../codec/scrypt.ts";
import { type Config, openConfig } from "../format/config.ts";
import { decodeKeyFile, encodeKeyFile, type KeyFile } from "../format/key-file.ts";
import { decodeLogin, encodeLogin } from "../format/login.ts";
import { openMasterKey } from "./keys.ts";
import {
  type KnownKey,
  type OpenedRepository,
  type OpenOptions,
  openRepository,
  type RepositoryPorts,
} from "./open-repository.ts";

export interface RememberingPorts extends Omit<RepositoryPorts, "backend" | "copy"> {
  copy: OfflineCopy;
  /** The server, with retries and limits around it. Throws as connectRest. */
  connect(login: RestLogin | null): Backend;
}

export interface RememberedRepository extends OpenedRepository {
  backend: CachedBackend;
}

/**
 * Opens a repository with the help of what this device remembers of it, and remembers it anew. The kept key is tried
 * first: it unseals the server's login if none is given, and if the server cannot be reached, it decides about the
 * password and the repository opens from the offline copy (`backend.isOffline`), if that has the config. So it does
 * where the server wants a login that only the right password unseals; the error's context has `server: false` then,
 * and in the second case `wantsLogin: true`.
 * Throws as openRepository, and IntegrityError "config-changed" if the server shows another repository than before.
 */
export async function openRemembered(
  ports: RememberingPorts,
  options: OpenOptions & { login: RestLogin | null },
): Promise<RememberedRepository> {
  const { copy, connect } = ports;
  const kernel = await loadKernel(ports.kernels);
  const kept = await openKeptKey(copy, options.password, kernel, ports.mixBlocks);
  try {
    const login = options.login ?? (kept.master && (await unsealLogin(copy, kept.master, kernel)));
    const backend = withCache(connect(login), copy, ports.clock);
    const opened = await openRepository(
      { ...ports, backend, copy },
      {
        ...options,
        known: knownKey(kept, backend, copy),
        checkConfig: (config, cipher) => refuseChange(copy, config, cipher),
      },
    ).catch(async (error: unknown) => {
      const isWrong = kept.file !== null && kept.master === null && (await keptKeyDecides(error, backend, login, copy));
      if (!isWrong) throw error;
      const context = { triedKeys: 1, server: false, wantsLogin: !backend.isOffline };
      throw new WrongPasswordError("wrong-password", context, { cause: error });
    });
    if (!backend.isOffline) await remember(copy, opened, login);
    await copy.settle();
    return { ...opened, backend };
  } finally {
    if (kept.master !== null) wipeMasterKey(kept.master);
  }
}

/**
 * True if the password is to blame, which did not open the kept key: nobody else can be asked, or the server wants the
 * login that lies sealed under that key. A mistyped password is likelier than one that was changed.
 */
async function keptKeyDecides(
  error: unknown,
  backend: CachedBackend,
  login: RestLogin | null,
  copy: OfflineCopy,
): Promise<boolean> {
  if (backend.isOffline) return isUnreachable(error);
  const isRefused = error instanceof BackendError && error.code === "login-rejected";
  return isRefused && login === null && (await loadKeptLogin(copy)) !== null;
}

/** Keeps what opens the repository without its server: the key without the names in its file, config, sealed login. */
export async function remember(copy: OfflineCopy, opened: OpenedRepository, login: RestLogin | null): Promise<void> {
  const { key, sealedConfig, cipher } = opened;
  await keepKey(copy, key.id, encodeKeyFile({ ...key.file, created: zeroTime, username: "", hostname: "" }));
  await keepConfig(copy, sealedConfig);
  await keepLogin(copy, login === null ? null : await cipher.seal(encodeLogin(login)));
}

type KeptKey = { id: KnownKey["id"]; file: KeyFile; master: MasterKey | null } | { file: null; master: null };

const noKey: KeptKey = { file: null, master: null };

/** Storage holds anything: what is no usable key is as good as none. */
async function openKeptKey(
  copy: OfflineCopy,
  password: string,
  kernel: Kernel,
  mixBlocks?: MixBlocks | null,
): Promise<KeptKey> {
  const record = await loadKeptKey(copy);
  if (record === null) return noKey;
  try {
    const file = decodeKeyFile(record.bytes);
    checkKdfParameters(file.kdf);
    return { id: record.id, file, master: await openMasterKey(file, password, kernel, mixBlocks) };
  } catch (error) {
    if (!(error instanceof HoldallError)) throw error;
    await dropKey(copy);
    return noKey;
  }
}

function knownKey(kept: KeptKey, backend: CachedBackend, copy: OfflineCopy): KnownKey | null {
  if (kept.master === null) return null;
  const { id, file, master } = kept;
  const isValid = async (signal: AbortSignal) => {
    if (backend.isOffline || (await backend.stat({ type: "key", id }, signal)) !== null) return true;
    await dropKey(copy);
    return false;
  };
  return { id, file, master, isValid };
}

async function unsealLogin(copy: OfflineCopy, master: MasterKey, kernel: Kernel): Promise<RestLogin | null> {
  const sealed = await loadKeptLogin(copy);
  if (sealed === null) return null;
  const key = await importMasterKey(master);
  const cipher = new Cipher(key, kernel);
  key.macR.fill(0);
  try {
    return decodeLogin(await cipher.open(sealed));
  } catch (error) {
    // Of another repository, or damaged: the server will ask for a login.
    if (error instanceof HoldallError) return null;
    throw error;
  } finally {
    cipher.wipe();
  }
}

/** An upgrade of the format changes the file, but neither the id nor the polynomial nor the key. */
async function refuseChange(copy: OfflineCopy, config: Config, cipher: Cipher): Promise<void> {
  const sealed = await loadKeptConfig(copy);
  if (sealed === null) return;
  const before = await openConfig(sealed, cipher).catch((error: unknown) => {
    if (error instanceof HoldallError) return null;
    throw error;
  });
  if (before?.id === config.id && before.chunkerPolynomial === config.chunkerPolynomial) return;
  throw new IntegrityError("config-changed", { found: config.id, known: before?.id ?? null });
}
