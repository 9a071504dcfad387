import { type Bytes, concatBytes, equalBytes, sha256 } from "../base/bytes.ts";
import { type Id, parseId } from "../base/id.ts";
import type { OfflineCopy } from "./offline-copy.ts";

/**
 * What a device remembers so that a repository opens again: the sealed config, the key file that opened it (without the
 * names that stand in it), and the server's login, sealed. Behind a checksum, since a damaged one must not pass for a
 * changed one.
 */
const configKey = "config";
const loginKey = "login";
const keyPrefix = "key/";

const checksumLength = 32;

/** The sealed config as the server once gave it, or null. */
export function loadKeptConfig(copy: OfflineCopy): Promise<Bytes | null> {
  return loadRecord(copy, configKey);
}

export async function keepConfig(copy: OfflineCopy, sealed: Bytes): Promise<void> {
  await keepRecord(copy, configKey, sealed);
}

/** The sealed login of the server, or null. */
export function loadKeptLogin(copy: OfflineCopy): Promise<Bytes | null> {
  return loadRecord(copy, loginKey);
}

/** Null: the server asks for no login. */
export async function keepLogin(copy: OfflineCopy, sealed: Bytes | null): Promise<void> {
  if (sealed === null) await copy.remove([loginKey]);
  else await keepRecord(copy, loginKey, sealed);
}

/** The key file that opened the repository last, or null. */
export async function loadKeptKey(copy: OfflineCopy): Promise<{ id: Id; bytes: Bytes } | null> {
  for (const key of await copy.keys(keyPrefix)) {
    const id = parseId(key.slice(keyPrefix.length));
    const bytes = await loadRecord(copy, key);
    if (id !== null && bytes !== null) return { id, bytes };
  }
  return null;
}

/** Keeps one key file, and no other. */
export async function keepKey(copy: OfflineCopy, id: Id, bytes: Bytes): Promise<void> {
  const key = keyPrefix + id;
  await copy.remove((await copy.keys(keyPrefix)).filter((other) => other !== key));
  await keepRecord(copy, key, bytes);
}

/** Forgets the key, and with it the login, which is of use only to one who has the key. */
export async function dropKey(copy: OfflineCopy): Promise<void> {
  await copy.remove([...(await copy.keys(keyPrefix)), loginKey]);
}

async function keepRecord(copy: OfflineCopy, key: string, bytes: Bytes): Promise<void> {
  await copy.put(key, concatBytes([await sha256(bytes), bytes]));
}

async function loadRecord(copy: OfflineCopy, key: string): Promise<Bytes | null> {
  const record = await copy.get(key);
  if (record === null) return null;
  const bytes = record.slice(checksumLength);
  if (equalBytes(await sha256(bytes), record.subarray(0, checksumLength))) return bytes;
  await copy.remove([key]);
  return null;
}
