import type { Bytes } from "../base/bytes.ts";
import { type Clock, systemClock } from "../base/clock.ts";
import type { Id } from "../base/id.ts";
import { orElse } from "../base/leniency.ts";
import type { OfflineEntry, OfflineStore } from "../base/ports.ts";
import { decodePin, encodePin, pinKey, pinnedSnapshot } from "./offline-pin.ts";

export interface OfflineCopyOptions {
  store: OfflineStore;
  /** All that is kept has at most this length. */
  budgetBytes: number;
  clock?: Clock;
}

/** Trees of a snapshot that are not to be evicted. */
export interface Pin {
  keys: Set<string>;
  /** All of the snapshot's trees were kept when the pin was made. */
  isWhole: boolean;
}

/** "no room": the budget is spent on what is worth more. "no storage": the browser has none, or no more. */
export type PutOutcome = "kept" | "no room" | "no storage";

/**
 * What has to go when room is short, in this order, the longest unused first. An entry makes room by evicting those of
 * lower worth; visited trees and snapshots also by evicting their like.
 */
const worths = ["tree", "snapshot", "pinned", "index", "record"] as const;
type Worth = number;

const touchesAtOnce = 64;

/**
 * What this device keeps of one repository, within a budget. It only saves asking the server: no call rejects or waits
 * for long, whatever becomes of the storage. A key that cannot be read is not kept; a storage that once did not answer is
 * not asked again.
 */
export class OfflineCopy {
  readonly budgetBytes: number;
  private readonly store: OfflineStore;
  private readonly clock: Clock;
  private ledger: Promise<Map<string, OfflineEntry>> | null = null;
  private pins: Promise<Map<Id, Pin>> | null = null;
  private readonly used = new Set<string>();
  /** The last of the entries that room is being made for. Never rejects, as nothing here does. */
  private reserving: Promise<unknown> = Promise.resolve();
  private isGivenUp = false;

  constructor(options: OfflineCopyOptions) {
    this.store = options.store;
    this.budgetBytes = options.budgetBytes;
    this.clock = options.clock ?? systemClock;
  }

  /** The bytes under a key, or null. They may be anything: the caller verifies them and owns them. */
  async get(key: string): Promise<Bytes | null> {
    const bytes = await this.lenient(() => this.store.get(key), null);
    if (bytes !== null) await this.noteUse(key);
    else (await this.ledger)?.delete(key);
    return bytes;
  }

  /** Keeps bytes, which are lent, in the place of what was there. */
  async put(key: string, bytes: Bytes): Promise<PutOutcome> {
    const usedMs = this.clock.now();
    if (!(await this.reserve({ key, length: bytes.length, usedMs }))) {
      await this.remove([key]);
      return "no room";
    }
    const isStored = await this.lenient(() => this.store.put(key, bytes, usedMs).then(() => true), false);
    if (!isStored) (await this.loadLedger()).delete(key);
    return isStored ? "kept" : "no storage";
  }

  async remove(keys: readonly string[]): Promise<void> {
    if (keys.length === 0) return;
    const ledger = await this.loadLedger();
    for (const key of keys) ledger.delete(key);
    await this.lenient(() => this.store.remove(keys), undefined);
  }

  /** All keys that begin so, as far as is known without asking the storage again. */
  async keys(prefix: string): Promise<string[]> {
    return [...(await this.loadLedger()).keys()].filter((key) => key.startsWith(prefix));
  }

  /** Whether it is kept, as far as is known without asking the storage again. */
  async has(key: string): Promise<boolean> {
    return (await this.loadLedger()).has(key);
  }

  /** Length of all that is kept, as far as is known without asking the storage again. */
  async bytes(): Promise<number> {
    return sumOf((await this.loadLedger()).values());
  }

  /** Asks the storage what it really has. */
  async refresh(): Promise<void> {
    this.ledger = this.list();
    await this.ledger;
  }

  /** Holds the trees of a snapshot; null ends that. Keys may be added to the pin as long as it is not whole. */
  async hold(snapshot: Id, pin: Pin | null): Promise<void> {
    const pins = await this.loadPins();
    if (pin === null) pins.delete(snapshot);
    else pins.set(snapshot, pin);
    if (pin?.isWhole) await this.put(pinKey(snapshot), encodePin(pin.keys));
    else if (pin === null) await this.remove([pinKey(snapshot)]);
  }

  /** What is held now, by snapshot. */
  async held(): Promise<ReadonlyMap<Id, Pin>> {
    return this.loadPins();
  }

  /** Forgets all. */
  async clear(): Promise<void> {
    await this.refresh();
    await this.remove(await this.keys(""));
    this.pins = null;
  }

  /** Evicts what is above the budget, and notes what was used. */
  async settle(): Promise<void> {
    await this.loadLedger();
    await this.makeRoom(0, worths.length);
    await this.noteUses();
  }

  /** Makes room for an entry and counts it, one after the other: two at a time would take the same room. */
  private reserve(entry: OfflineEntry): Promise<boolean> {
    const reserving = this.reserving.then(async () => {
      const worth = this.worthOf(entry.key, await this.loadPins());
      (await this.loadLedger()).delete(entry.key);
      if (!(await this.makeRoom(entry.length, worth))) return false;
      (await this.loadLedger()).set(entry.key, entry);
      return true;
    });
    this.reserving = reserving;
    return reserving;
  }

  /** True if all that is above the budget could go. */
  private async makeRoom(length: number, worth: Worth): Promise<boolean> {
    const ledger = await this.loadLedger();
    const excess = sumOf(ledger.values()) + length - this.budgetBytes;
    if (excess <= 0) return true;
    const victims = this.victims(await this.loadPins(), ledger, excess, worth);
    if (victims === null) return false;
    // At once: who holds one of them from now on has to know that it is gone.
    for (const key of victims) ledger.delete(key);
    await this.remove(victims);
    return true;
  }

  private victims(
    pins: ReadonlyMap<Id, Pin>,
    ledger: ReadonlyMap<string, OfflineEntry>,
    excess: number,
    worth: Worth,
  ): string[] | null {
    const candidates = [...ledger.values()]
      .map((entry) => ({ ...entry, worth: this.worthOf(entry.key, pins) }))
      .filter((entry) => entry.worth < worth || (entry.worth === worth && worth <= worths.indexOf("snapshot")))
      .sort((a, b) => a.worth - b.worth || a.usedMs - b.usedMs);
    const keys: string[] = [];
    let freed = 0;
    // More than is needed just now, so that not every new tree has to look for room.
    const wanted = Math.min(excess + this.budgetBytes / 20, sumOf(candidates));
    for (const { key, length, worth: candidateWorth } of candidates) {
      if (freed >= (candidateWorth === worths.indexOf("tree") ? wanted : excess)) break;
      keys.push(key);
      freed += length;
    }
    return freed >= excess ? keys : null;
  }

  private worthOf(key: string, pins: ReadonlyMap<Id, Pin>): Worth {
    const slash = Math.max(0, key.indexOf("/"));
    const kind = key.slice(0, slash);
    if (kind === "index") return worths.indexOf(kind);
    if (kind === "snapshot") return worths.indexOf(pins.has(key.slice(slash + 1) as Id) ? "pinned" : kind);
    if (kind !== "tree") return worths.indexOf("record");
    for (const pin of pins.values()) if (pin.keys.has(key)) return worths.indexOf("pinned");
    return worths.indexOf("tree");
  }

  private loadLedger(): Promise<Map<string, OfflineEntry>> {
    this.ledger ??= this.list();
    return this.ledger;
  }

  private async list(): Promise<Map<string, OfflineEntry>> {
    const entries = await this.lenient(() => this.store.list(), []);
    return new Map(entries.map((entry) => [entry.key, entry]));
  }

  private loadPins(): Promise<Map<Id, Pin>> {
    this.pins ??= this.readPins();
    return this.pins;
  }

  private async readPins(): Promise<Map<Id, Pin>> {
    const pins = new Map<Id, Pin>();
    for (const key of (await this.loadLedger()).keys()) {
      const snapshot = pinnedSnapshot(key);
      if (snapshot === null) continue;
      const record = await this.lenient(() => this.store.get(key), null);
      if (record !== null) pins.set(snapshot, { keys: decodePin(record), isWhole: true });
    }
    return pins;
  }

  private async noteUse(key: string): Promise<void> {
    const entry = (await this.ledger)?.get(key);
    if (entry) entry.usedMs = this.clock.now();
    this.used.add(key);
    if (this.used.size >= touchesAtOnce) await this.noteUses();
  }

  private async noteUses(): Promise<void> {
    const keys = [...this.used];
    this.used.clear();
    if (keys.length > 0) await this.lenient(() => this.store.touch(keys, this.clock.now()), undefined);
  }

  private async lenient<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
    if (this.isGivenUp) return otherwise;
    const giveUp = (reason: "failed" | "late") => {
      if (reason === "late") this.isGivenUp = true;
    };
    return orElse(work, otherwise, giveUp, this.clock);
  }
}

function sumOf(entries: Iterable<{ length: number }>): number {
  let sum = 0;
  for (const { length } of entries) sum += length;
  return sum;
}
