import { normalRestUrl } from "../core/backend/rest-location.ts";
import { type Bytes, utf8 } from "../core/base/bytes.ts";
import { hashId } from "../core/base/id.ts";
import { orElse } from "../core/base/leniency.ts";
import type { OfflineEntry, OfflineStore } from "../core/base/ports.ts";
import { OfflineDatabase } from "./offline-database.ts";

/**
 * Offline copies in the browser's storage: one database, in which each repository has the keys behind the hash of its
 * address. Reading never creates the database, so a visitor who keeps nothing leaves nothing.
 */
const database = new OfflineDatabase("holdall-offline");

export interface KeptRepository {
  /** offlineStoreName() of its address. */
  name: string;
  bytes: number;
}

/** The store of the repository at this address. Opens nothing yet. Throws BackendError "bad-address". */
export function openOfflineStore(url: string): OfflineStore {
  return new BrowserOfflineStore(normalRestUrl(url));
}

/** What the store of an address is called: the SHA-256 of the address in its normal form. Throws as openOfflineStore. */
export async function offlineStoreName(url: string): Promise<string> {
  return hashId(utf8(normalRestUrl(url)));
}

/** Forgets all that is kept of the repository at this address. Never rejects: listOfflineStores tells what is left. */
export function removeOfflineStore(url: string): Promise<void> {
  return orElse(async () => database.removeAll(prefixOf(await offlineStoreName(url))), undefined);
}

/** All repositories that something is kept of; none if the storage cannot be read. */
export function listOfflineStores(): Promise<KeptRepository[]> {
  return orElse(async () => bytesByName(await database.list("")), []);
}

/** Forgets everything. Never rejects. */
export function wipeOfflineStores(): Promise<void> {
  return orElse(() => database.removeAll(""), undefined);
}

class BrowserOfflineStore implements OfflineStore {
  private knownPrefix: string | null = null;

  constructor(private readonly url: string) {}

  async get(key: string): Promise<Bytes | null> {
    return database.get((await this.prefix()) + key);
  }

  async put(key: string, bytes: Bytes, usedMs: number): Promise<void> {
    await database.put((await this.prefix()) + key, bytes, usedMs);
  }

  async touch(keys: readonly string[], usedMs: number): Promise<void> {
    await database.touch(await this.prefixed(keys), usedMs);
  }

  async remove(keys: readonly string[]): Promise<void> {
    await database.remove(await this.prefixed(keys));
  }

  async list(): Promise<OfflineEntry[]> {
    const prefix = await this.prefix();
    const entries = await database.list(prefix);
    return entries.map((entry) => ({ ...entry, key: entry.key.slice(prefix.length) }));
  }

  private async prefixed(keys: readonly string[]): Promise<string[]> {
    const prefix = await this.prefix();
    return keys.map((key) => prefix + key);
  }

  private async prefix(): Promise<string> {
    this.knownPrefix ??= prefixOf(await offlineStoreName(this.url));
    return this.knownPrefix;
  }
}

function prefixOf(name: string): string {
  return `${name}/`;
}

function bytesByName(entries: readonly OfflineEntry[]): KeptRepository[] {
  const bytes = new Map<string, number>();
  for (const { key, length } of entries) {
    const name = key.slice(0, key.indexOf("/"));
    bytes.set(name, (bytes.get(name) ?? 0) + length);
  }
  return [...bytes].map(([name, total]) => ({ name, bytes: total }));
}
