import type { BlobRecords } from "../codec/blob-record.ts";
import type { BlobTable } from "./blob-table.ts";

/**
 * A slot is 0 while it is free, else an entry's number + 1 below and four bits of its id above: of sixteen entries that
 * stand in the way of a search, fifteen are passed without a look at their records, each of which would miss the cache.
 */
const tagShift = 28;
const entryMask = 2 ** tagShift - 1;

/** Room grows by a third when three of four slots are taken: between 5.3 and 7.2 bytes an entry. */
const mostLoad = 0.75;
const growth = 4 / 3;
const firstSlots = 512;

/**
 * Finds entries of a BlobTable by their ids: open addressing, slot by slot upwards from where the id's first word lies
 * between 0 and 2^32. Nothing is ever removed, so the entries of one id are met in the order in which they were put. One
 * search at a time, for the id that stands in the record `wanted`:
 *
 *     for (let entry = slots.seek(); entry !== -1; entry = slots.next()) …
 */
export class SlotTable {
  private slots = new Uint32Array(firstSlots);
  /** How many entries there may be before it grows. */
  private room = firstSlots * mostLoad;
  private peak = this.memoryBytes;
  /** What the search has come to. */
  private slot = 0;

  constructor(
    private readonly blobs: BlobTable,
    private readonly wanted: BlobRecords,
  ) {}

  get memoryBytes(): number {
    return this.slots.byteLength;
  }

  /** The most that it has ever held: while it grows, its old and its new slots. */
  get peakMemoryBytes(): number {
    return this.peak;
  }

  /** The first entry with the wanted id, or -1. */
  seek(): number {
    this.slot = this.home(this.wanted[0] ?? 0);
    return this.meet();
  }

  /** The next entry with the wanted id, or -1. */
  next(): number {
    this.slot = this.following(this.slot);
    return this.meet();
  }

  /** Puts an entry of the wanted id where the search for it has ended with -1. There must be room for it. */
  put(entry: number): void {
    this.slots[this.slot] = slotOf(entry, this.wanted[1] ?? 0);
  }

  /** Makes room for entries that are put next. A search that runs is over. */
  ensureRoom(entries: number): void {
    if (entries <= this.room) return;
    const length = Math.ceil(Math.max(this.slots.length * growth, entries / mostLoad));
    const slots = new Uint32Array(length);
    this.peak = Math.max(this.peak, this.memoryBytes + slots.byteLength);
    this.slots = slots;
    this.room = Math.floor(length * mostLoad);
    for (let entry = 0; entry < this.blobs.size; entry++) this.place(entry);
  }

  private place(entry: number): void {
    let slot = this.home(this.blobs.word(entry, 0));
    while (this.slots[slot] !== 0) slot = this.following(slot);
    this.slots[slot] = slotOf(entry, this.blobs.word(entry, 1));
  }

  private meet(): number {
    const tag = (this.wanted[1] ?? 0) >>> tagShift;
    for (let slot = this.slot; ; slot = this.following(slot)) {
      const value = this.slots[slot] ?? 0;
      const entry = (value & entryMask) - 1;
      if (value !== 0 && (value >>> tagShift !== tag || !this.blobs.hasId(entry, this.wanted))) continue;
      this.slot = slot;
      return entry;
    }
  }

  /** The length is no power of two, so that it can grow by less than its double. */
  private home(firstWord: number): number {
    return Math.floor((firstWord / 2 ** 32) * this.slots.length);
  }

  private following(slot: number): number {
    return slot + 1 === this.slots.length ? 0 : slot + 1;
  }
}

function slotOf(entry: number, secondWord: number): number {
  return (secondWord & ~entryMask) | (entry + 1);
}
