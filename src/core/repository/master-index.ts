import type { Id } from "../base/id.ts";
import {
  type BlobRecords,
  type IndexRecords,
  idWords,
  lengthWord,
  offsetWord,
  packWord,
  recordLength,
  uncompressedLengthWord,
} from "../codec/blob-record.ts";
import { sealOverhead } from "../codec/cipher.ts";
import type { BlobType } from "../codec/codec.ts";
import { headerEntryLength, type PackedBlob, packOverhead } from "../format/pack-header.ts";
import { BlobTable } from "./blob-table.ts";
import { PackList } from "./pack-list.ts";
import { SlotTable } from "./slot-table.ts";

/** Where a blob is: a stretch of a pack. `uncompressedLength` is null for a blob stored without compression. */
export interface BlobLocation {
  pack: Id;
  offset: number;
  length: number;
  uncompressedLength: number | null;
}

/**
 * All blobs of a repository and where they are, merged from all index files. The same blob may be in several packs; each
 * place is an entry of its own. No object a blob: from a million entries on, its typed arrays are at most 56 bytes an
 * entry, and at most 64 while it grows. Lookups make no objects, but for what they give back.
 */
export class MasterIndex {
  private readonly packs = new PackList();
  private readonly blobs = new BlobTable();
  /** The record that is looked for, or appended next. */
  private readonly wanted: BlobRecords = new Uint32Array(recordLength);
  private readonly slots = new SlotTable(this.blobs, this.wanted);
  /** Numbers of packs that the server has lost. */
  private lost = new Set<number>();

  /** Number of entries, duplicates included. */
  get size(): number {
    return this.blobs.size;
  }

  get packCount(): number {
    return this.packs.size;
  }

  /** Bytes of all typed arrays that it holds. */
  get memoryBytes(): number {
    return this.blobs.memoryBytes + this.slots.memoryBytes;
  }

  /** The most that memoryBytes can have been at any moment, also within a call. */
  get peakMemoryBytes(): number {
    return this.blobs.memoryBytes + this.slots.peakMemoryBytes;
  }

  hasPack(pack: Id): boolean {
    return this.packs.find(pack) !== undefined;
  }

  /** Takes in a pack whose blobs were just stored. */
  addPack(pack: Id, blobs: Iterable<PackedBlob>): void {
    const number = this.packs.add(pack);
    this.lost.delete(number);
    for (const { id, type, offset, length, uncompressedLength } of blobs) {
      readId(id, this.wanted);
      this.wanted[packWord] = 2 * number + (type === "tree" ? 1 : 0);
      this.wanted[offsetWord] = offset;
      this.wanted[lengthWord] = length;
      this.wanted[uncompressedLengthWord] = uncompressedLength ?? 0;
      this.addWanted();
    }
  }

  /**
   * Takes in an index file, whose records are lent. What an earlier file has told already collapses with it. A loop over
   * numbers alone: there may be ten million blobs.
   */
  addFile({ packs, records }: IndexRecords): void {
    const numbers = packs.map((id) => this.packs.add(id));
    for (let from = 0; from < records.length; from += recordLength) {
      for (let word = 0; word < recordLength; word++) this.wanted[word] = records[from + word] ?? 0;
      const pack = records[from + packWord] ?? 0;
      this.wanted[packWord] = 2 * (numbers[pack >>> 1] ?? 0) + (pack & 1);
      this.addWanted();
    }
  }

  /** Becomes what the other index is, which must not be used afterwards. Packs that are lost stay so. */
  takeOver(other: MasterIndex): void {
    const lost = [...this.lost].map((number) => this.packs.idOf(number));
    Object.assign(this, other);
    this.losePacks(lost);
  }

  /**
   * From now on exactly these packs count as lost: their entries stay, but nobody finds a blob in them. Packs that the index
   * does not name are passed over. Returns how many were not lost before.
   */
  losePacks(ids: Iterable<Id>): number {
    const before = this.lost;
    this.lost = new Set();
    for (const id of ids) {
      const number = this.packs.find(id);
      if (number !== undefined) this.lost.add(number);
    }
    let added = 0;
    for (const number of this.lost) if (!before.has(number)) added++;
    return added;
  }

  /** The lengths that packs must have for their entries to be true, lost packs included; packs without blobs are left out. */
  packLengths(): { id: Id; length: number }[] {
    const packs: { id: Id; length: number }[] = [];
    for (let number = 0; number < this.packs.size; number++) {
      const length = this.lengthOf(number);
      if (length !== null) packs.push({ id: this.packs.idOf(number), length });
    }
    return packs;
  }

  /** The length that a pack must have for its entries to be true; null if the index names no blob in it. */
  packLength(pack: Id): number | null {
    const number = this.packs.find(pack);
    return number === undefined ? null : this.lengthOf(number);
  }

  has(type: BlobType, id: Id): boolean {
    return this.find(type, id) !== -1;
  }

  /** All places of a blob, in the order in which they were added; empty if it is unknown. */
  locations(type: BlobType, id: Id): BlobLocation[] {
    const found: BlobLocation[] = [];
    for (let entry = this.seek(id); entry !== -1; entry = this.slots.next()) {
      if (this.typeOf(entry) === type && !this.isLost(entry)) found.push(this.location(entry));
    }
    return found;
  }

  /** Length of the plain bytes of a blob, or null if it is unknown. */
  plainLength(type: BlobType, id: Id): number | null {
    const entry = this.find(type, id);
    if (entry === -1) return null;
    return this.blobs.word(entry, uncompressedLengthWord) || this.blobs.word(entry, lengthWord) - sealOverhead;
  }

  /** All blobs that the index names in a pack; empty if the pack is unknown or lost. */
  blobsOfPack(pack: Id): PackedBlob[] {
    const number = this.packs.find(pack);
    return number === undefined || this.lost.has(number) ? [] : this.blobsOf(number);
  }

  /** All blobs that the index names in a pack, whether it counts as lost or not; empty if the pack is unknown. */
  blobsListedIn(pack: Id): PackedBlob[] {
    const number = this.packs.find(pack);
    return number === undefined ? [] : this.blobsOf(number);
  }

  private blobsOf(pack: number): PackedBlob[] {
    const blobs: PackedBlob[] = [];
    const runs = this.packs.runs(pack);
    for (let i = 0; i < runs.length; i += 2) {
      for (let entry = runs[i] ?? 0; entry < (runs[i + 1] ?? 0); entry++) {
        const { offset, length, uncompressedLength } = this.location(entry);
        blobs.push({ type: this.typeOf(entry), id: this.idOf(entry), offset, length, uncompressedLength });
      }
    }
    return blobs;
  }

  /** Appends the record in `wanted`, unless its place is known for its id. */
  private addWanted(): void {
    this.slots.ensureRoom(this.blobs.size + 1);
    for (let entry = this.slots.seek(); entry !== -1; entry = this.slots.next()) {
      if (this.blobs.isSamePlace(entry, this.wanted)) return;
    }
    const entry = this.blobs.append(this.wanted);
    this.slots.put(entry);
    this.packs.note(this.packNumber(entry), entry);
  }

  private isLost(entry: number): boolean {
    return this.lost.size > 0 && this.lost.has(this.packNumber(entry));
  }

  private lengthOf(pack: number): number | null {
    const runs = this.packs.runs(pack);
    if (runs.length === 0) return null;
    let length = packOverhead;
    for (let i = 0; i < runs.length; i += 2) {
      for (let entry = runs[i] ?? 0; entry < (runs[i + 1] ?? 0); entry++) {
        const isCompressed = this.blobs.word(entry, uncompressedLengthWord) !== 0;
        length += this.blobs.word(entry, lengthWord) + headerEntryLength(isCompressed);
      }
    }
    return length;
  }

  private find(type: BlobType, id: Id): number {
    for (let entry = this.seek(id); entry !== -1; entry = this.slots.next()) {
      if (this.typeOf(entry) === type && !this.isLost(entry)) return entry;
    }
    return -1;
  }

  /** The first entry of an id, of either type; -1 if there is none. */
  private seek(id: Id): number {
    readId(id, this.wanted);
    return this.slots.seek();
  }

  private typeOf(entry: number): BlobType {
    return (this.blobs.word(entry, packWord) & 1) === 1 ? "tree" : "data";
  }

  private packNumber(entry: number): number {
    return this.blobs.word(entry, packWord) >>> 1;
  }

  private location(entry: number): BlobLocation {
    return {
      pack: this.packs.idOf(this.packNumber(entry)),
      offset: this.blobs.word(entry, offsetWord),
      length: this.blobs.word(entry, lengthWord),
      uncompressedLength: this.blobs.word(entry, uncompressedLengthWord) || null,
    };
  }

  private idOf(entry: number): Id {
    let hex = "";
    for (let word = 0; word < idWords; word++) hex += this.blobs.word(entry, word).toString(16).padStart(8, "0");
    return hex as Id;
  }
}

/** The id as eight big-endian words. Digits are read where they stand: a slice of the id would be a string of its own. */
function readId(id: Id, words: BlobRecords): void {
  for (let word = 0; word < idWords; word++) {
    let value = 0;
    for (let i = 8 * word; i < 8 * word + 8; i++) value = (value << 4) | hexValue(id.charCodeAt(i));
    words[word] = value;
  }
}

/** Of 0 to 9 the low four bits are the value; of a to f, which have a bit above, they are 9 less. */
function hexValue(digit: number): number {
  return (digit & 15) + 9 * (digit >>> 6);
}
