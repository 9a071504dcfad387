import type { Bytes } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import { BackendError } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import {
  type Backend,
  type BeforeSending,
  type ByteRange,
  describeHandle,
  type Handle,
  type ListedFile,
  type NamedFileType,
} from "./backend.ts";
import { decodeKeptListing, encodeKeptListing } from "./kept-listing.ts";
import { loadKeptConfig } from "./kept-records.ts";
import type { OfflineCopy } from "./offline-copy.ts";

export interface CachedBackend extends Backend {
  /** The config was asked for and only the offline copy answered. From then on nobody else is asked. */
  readonly isOffline: boolean;
  /** Snapshots that the offline copy knew of and that are gone without having been removed here. */
  readonly missingSnapshots: number;
}

/** How long a server may take to give the config before the offline copy does. */
const configPatienceMs = 10_000;

/**
 * The same backend with a device's offline copy in front of it. Index and snapshot files, being named by their hash, come
 * from the copy if it has them; their listings, and the config, only if the server cannot be reached. Data, locks and key
 * files always come from the server: trees are kept by the tree loader, by their place in a pack, and key files hold
 * names in plain. Put it outside withRetry, so that what it answers with is not waited for.
 *
 * A new snapshot is not kept when it is saved but when it is loaded: what is read back comes from the server. A new index
 * is never read again by who wrote it, so it is kept at once.
 */
export function withCache(backend: Backend, copy: OfflineCopy, clock: Clock = systemClock): CachedBackend {
  return new CachingBackend(backend, copy, clock);
}

/**
 * True for errors that say that nobody answered. Any answer, a refused login or a server in trouble, is more to the point
 * than an old copy, and is told.
 */
export function isUnreachable(error: unknown): boolean {
  return error instanceof BackendError && (error.code === "network" || error.code === "timeout");
}

type KeptType = "index" | "snapshot";
type KeptHandle = { type: KeptType; id: Id };

class CachingBackend implements CachedBackend {
  readonly location: string;
  readonly connections: number;
  isOffline = false;
  private readonly missing = new Set<Id>();
  private readonly removedHere = new Set<Id>();
  /** An index that does not fit is of no use in parts. */
  private keepsIndex = true;

  constructor(
    private readonly backend: Backend,
    private readonly copy: OfflineCopy,
    private readonly clock: Clock,
  ) {
    this.location = backend.location;
    this.connections = backend.connections;
  }

  get missingSnapshots(): number {
    return this.missing.size;
  }

  create(signal: AbortSignal): Promise<void> {
    return this.ask(signal, "", () => this.backend.create(signal));
  }

  stat(handle: Handle, signal: AbortSignal): Promise<number | null> {
    return this.ask(signal, describeHandle(handle), () => this.backend.stat(handle, signal));
  }

  async list(type: NamedFileType, signal: AbortSignal): Promise<ListedFile[]> {
    const askServer = () => this.ask(signal, `${type}/`, () => this.backend.list(type, signal));
    if (!isKeptType(type)) return askServer();
    try {
      const listed = await askServer();
      await this.noteListing(type, listed);
      return listed;
    } catch (error) {
      const kept = isUnreachable(error) ? await this.keptListing(type) : null;
      signal.throwIfAborted();
      if (kept === null) throw error;
      return kept;
    }
  }

  async load(handle: Handle, signal: AbortSignal, range?: ByteRange): Promise<Bytes> {
    if (range === undefined && handle.type === "config") return this.loadConfig(signal);
    if (range === undefined && isKept(handle)) return this.loadKept(handle, signal);
    return this.ask(signal, describeHandle(handle), () => this.backend.load(handle, signal, range));
  }

  async save(handle: Handle, bytes: Bytes, signal: AbortSignal, beforeSending?: BeforeSending): Promise<void> {
    await this.ask(signal, describeHandle(handle), () => this.backend.save(handle, bytes, signal, beforeSending));
    if (!isKept(handle)) return;
    this.removedHere.delete(handle.id);
    if (handle.type === "index") await this.keep(handle, bytes);
    await this.changeListing(handle.type, (files) => [...files, { id: handle.id, length: bytes.length }]);
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    await this.ask(signal, describeHandle(handle), () => this.backend.remove(handle, signal));
    if (!isKept(handle)) return;
    this.removedHere.add(handle.id);
    await this.copy.remove([keyOf(handle)]);
    await this.changeListing(handle.type, (files) => files.filter(({ id }) => id !== handle.id));
  }

  clockAheadMs(): number | null {
    return this.backend.clockAheadMs?.() ?? null;
  }

  /** One operation on the server. Offline it fails at once, so that nobody waits for a network that is known to be gone. */
  private async ask<T>(signal: AbortSignal, file: string, operation: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.isOffline) throw new BackendError("network", { file, reason: "offline copy" }, { retry: "later" });
    return operation();
  }

  private async loadConfig(signal: AbortSignal): Promise<Bytes> {
    signal.throwIfAborted();
    const kept = await loadKeptConfig(this.copy);
    if (kept === null) return this.backend.load({ type: "config" }, signal);
    if (this.isOffline) return kept;
    const late = new AbortController();
    const cancel = this.clock.after(configPatienceMs, () => late.abort());
    try {
      return await this.backend.load({ type: "config" }, AbortSignal.any([signal, late.signal]));
    } catch (error) {
      if (signal.aborted || !(late.signal.aborted || isUnreachable(error))) throw error;
      this.isOffline = true;
      return kept;
    } finally {
      cancel();
    }
  }

  private async loadKept(handle: KeptHandle, signal: AbortSignal): Promise<Bytes> {
    signal.throwIfAborted();
    const key = keyOf(handle);
    // What was removed may still be in a storage that failed just then.
    const kept = this.removedHere.has(handle.id) ? null : await this.copy.get(key);
    if (kept !== null) {
      if ((await hashId(kept)) === handle.id) return kept;
      await this.copy.remove([key]);
    }
    const bytes = await this.ask(signal, describeHandle(handle), () => this.backend.load(handle, signal));
    await this.keep(handle, bytes);
    return bytes;
  }

  private async keep(handle: KeptHandle, bytes: Bytes): Promise<void> {
    if (handle.type === "index" && !this.keepsIndex) return;
    if ((await hashId(bytes)) === handle.id) await this.copy.put(keyOf(handle), bytes);
  }

  /** Keeps a listing that the server gave, and drops what it no longer has. */
  private async noteListing(type: KeptType, listed: readonly ListedFile[]): Promise<void> {
    const present = new Set(listed.map(({ id }) => id));
    const before = await this.keptListing(type);
    const gone = (before ?? []).map(({ id }) => id).filter((id) => !present.has(id));
    if (type === "snapshot") await this.noteMissing(gone);
    if (type === "index") await this.weighIndex(listed);
    await this.copy.remove(gone.map((id) => keyOf({ type, id })));
    if (gone.length > 0 || listed.length !== before?.length) {
      await this.copy.put(listingKey(type), encodeKeptListing(listed));
    }
  }

  private async noteMissing(gone: readonly Id[]): Promise<void> {
    const held = await this.copy.held();
    for (const id of gone) {
      if (!this.removedHere.has(id)) this.missing.add(id);
      if (held.has(id)) await this.copy.hold(id, null);
    }
  }

  private async weighIndex(listed: readonly ListedFile[]): Promise<void> {
    const total = listed.reduce((sum, { length }) => sum + length, 0);
    this.keepsIndex = total <= this.copy.budgetBytes;
    if (!this.keepsIndex) await this.copy.remove(listed.map(({ id }) => keyOf({ type: "index", id })));
  }

  private async changeListing(type: KeptType, change: (files: ListedFile[]) => ListedFile[]): Promise<void> {
    const files = await this.keptListing(type);
    if (files !== null) await this.copy.put(listingKey(type), encodeKeptListing(change(files)));
  }

  private async keptListing(type: KeptType): Promise<ListedFile[] | null> {
    const bytes = await this.copy.get(listingKey(type));
    return bytes === null ? null : decodeKeptListing(bytes);
  }
}

function isKeptType(type: NamedFileType): type is KeptType {
  return type === "index" || type === "snapshot";
}

function isKept(handle: Handle): handle is KeptHandle {
  return handle.type !== "config" && isKeptType(handle.type);
}

function keyOf({ type, id }: KeptHandle): string {
  return `${type}/${id}`;
}

function listingKey(type: KeptType): string {
  return `list/${type}`;
}
