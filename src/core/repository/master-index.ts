import type { Id } from "../base/id.ts";
import { sealOverhead } from "../codec/cipher.ts";
import type { BlobType } from "../codec/codec.ts";
import type { IndexVisitor } from "../format/index-file.ts";
import { headerEntryLength, type PackedBlob, packOverhead } from "../format/pack-header.ts";

/** Where a blob is: a stretch of a pack. `uncompressedLength` is null for a blob stored without compression. */
export interface BlobLocation {
  pack: Id;
  offset: number;
  length: number;
  uncompressedLength: number | null;
}

const idWords = 8;
const treeFlag = 0x80000000;

/**
 * All blobs of a repository and where they are, merged from all index files. Open addressing over typed arrays: 48 bytes
 * an entry and 4 a slot, no object a blob. The same blob may be in several packs; each place is an entry of its own.
 */
export class MasterIndex {
  private readonly packIds: Id[] = [];
  private readonly packNumbers = new Map<Id, number>();
  /** For each pack the first entry and the one behind the last of each run of its entries. */
  private readonly runs: number[][] = [];
  private count = 0;
  private ids = new Uint32Array(idWords * 1024);
  /** The pack's number, with the top bit set for trees. */
  private packs = new Uint32Array(1024);
  private offsets = new Uint32Array(1024);
  private lengths = new Uint32Array(1024);
  /** Zero for a blob stored without compression: a compressed blob is never empty. */
  private uncompressedLengths = new Uint32Array(1024);
  /** Entry number + 1, or 0 for a free slot; the length is a power of two. */
  private slots = new Uint32Array(2048);
  private readonly wanted = new Uint32Array(idWords);
  /** Numbers of packs that the server has lost. */
  private lost = new Set<number>();

  /** Number of entries, duplicates included. */
  get size(): number {
    return this.count;
  }

  get packCount(): number {
    return this.packIds.length;
  }

  hasPack(pack: Id): boolean {
    return this.packNumbers.has(pack);
  }

  /** Takes in a pack whose blobs were just stored. */
  addPack(pack: Id, blobs: Iterable<PackedBlob>): void {
    const number = this.packNumber(pack);
    this.lost.delete(number);
    for (const blob of blobs) {
      readId(blob.id, this.wanted);
      this.append(number, blob.type, blob.offset, blob.length, blob.uncompressedLength ?? 0);
    }
  }

  /** Takes in an index file as it is decoded. What an earlier file has told already collapses with it. */
  visitor(): IndexVisitor {
    let number = 0;
    return {
      pack: (id) => {
        number = this.packNumber(id);
      },
      blob: (id, type, offset, length, uncompressedLength) => {
        const view = new DataView(id.buffer, id.byteOffset, 32);
        for (let word = 0; word < idWords; word++) this.wanted[word] = view.getUint32(word * 4);
        if (!this.isKnown(number, type, offset)) this.append(number, type, offset, length, uncompressedLength ?? 0);
      },
    };
  }

  /** Becomes what the other index is, which must not be used afterwards. Packs that are lost stay so. */
  takeOver(other: MasterIndex): void {
    const lost = [...this.lost].map((number) => this.packIds[number] as Id);
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
      const number = this.packNumbers.get(id);
      if (number !== undefined) this.lost.add(number);
    }
    let added = 0;
    for (const number of this.lost) if (!before.has(number)) added++;
    return added;
  }

  /** The lengths that packs must have for their entries to be true, lost packs included; packs without blobs are left out. */
  packLengths(): { id: Id; length: number }[] {
    const packs: { id: Id; length: number }[] = [];
    for (const [number, id] of this.packIds.entries()) {
      const length = this.lengthOf(number);
      if (length !== null) packs.push({ id, length });
    }
    return packs;
  }

  /** The length that a pack must have for its entries to be true; null if the index names no blob in it. */
  packLength(pack: Id): number | null {
    const number = this.packNumbers.get(pack);
    return number === undefined ? null : this.lengthOf(number);
  }

  has(type: BlobType, id: Id): boolean {
    return this.find(type, id) !== -1;
  }

  /** All places of a blob, in the order in which they were added; empty if it is unknown. */
  locations(type: BlobType, id: Id): BlobLocation[] {
    readId(id, this.wanted);
    const found: BlobLocation[] = [];
    for (let slot = this.firstSlot(); this.slots[slot] !== 0; slot = this.nextSlot(slot)) {
      const entry = (this.slots[slot] ?? 0) - 1;
      if (this.isWanted(entry, type) && !this.isLost(entry)) found.push(this.location(entry));
    }
    return found;
  }

  /** Length of the plain bytes of a blob, or null if it is unknown. */
  plainLength(type: BlobType, id: Id): number | null {
    const entry = this.find(type, id);
    if (entry === -1) return null;
    return this.uncompressedLengths[entry] || (this.lengths[entry] ?? 0) - sealOverhead;
  }

  /** All blobs that the index names in a pack; empty if the pack is unknown or lost. */
  blobsOfPack(pack: Id): PackedBlob[] {
    const blobs: PackedBlob[] = [];
    const number = this.packNumbers.get(pack) ?? -1;
    const runs = this.lost.has(number) ? [] : (this.runs[number] ?? []);
    for (let i = 0; i < runs.length; i += 2) {
      for (let entry = runs[i] ?? 0; entry < (runs[i + 1] ?? 0); entry++) {
        const { offset, length, uncompressedLength } = this.location(entry);
        blobs.push({ type: this.typeOf(entry), id: this.idOf(entry), offset, length, uncompressedLength });
      }
    }
    return blobs;
  }

  private packNumber(pack: Id): number {
    const known = this.packNumbers.get(pack);
    if (known !== undefined) return known;
    const number = this.packIds.push(pack) - 1;
    this.packNumbers.set(pack, number);
    return number;
  }

  /** Appends an entry for the id in `wanted`. */
  private append(pack: number, type: BlobType, offset: number, length: number, uncompressedLength: number): void {
    if (this.count === this.packs.length) this.grow();
    const entry = this.count++;
    this.ids.set(this.wanted, entry * idWords);
    this.packs[entry] = pack | (type === "tree" ? treeFlag : 0);
    this.offsets[entry] = offset;
    this.lengths[entry] = length;
    this.uncompressedLengths[entry] = uncompressedLength;
    this.insert(entry);
    this.noteRun(pack, entry);
  }

  /** A pack's entries are one run of consecutive ones, unless index files list it piecemeal. */
  private noteRun(pack: number, entry: number): void {
    const runs = this.runs[pack];
    const last = runs?.length ? runs[runs.length - 1] : undefined;
    if (runs === undefined) this.runs[pack] = [entry, entry + 1];
    else if (last === entry) runs[runs.length - 1] = entry + 1;
    else runs.push(entry, entry + 1);
  }

  private isLost(entry: number): boolean {
    return this.lost.size > 0 && this.lost.has((this.packs[entry] ?? 0) & ~treeFlag);
  }

  private lengthOf(pack: number): number | null {
    const runs = this.runs[pack] ?? [];
    if (runs.length === 0) return null;
    let length = packOverhead;
    for (let i = 0; i < runs.length; i += 2) {
      for (let entry = runs[i] ?? 0; entry < (runs[i + 1] ?? 0); entry++) {
        length += (this.lengths[entry] ?? 0) + headerEntryLength(this.uncompressedLengths[entry] !== 0);
      }
    }
    return length;
  }

  private isKnown(pack: number, type: BlobType, offset: number): boolean {
    for (let slot = this.firstSlot(); this.slots[slot] !== 0; slot = this.nextSlot(slot)) {
      const entry = (this.slots[slot] ?? 0) - 1;
      if (this.offsets[entry] !== offset || ((this.packs[entry] ?? 0) & ~treeFlag) !== pack) continue;
      if (this.isWanted(entry, type)) return true;
    }
    return false;
  }

  private insert(entry: number): void {
    let slot = (this.ids[entry * idWords] ?? 0) & (this.slots.length - 1);
    while (this.slots[slot] !== 0) slot = this.nextSlot(slot);
    this.slots[slot] = entry + 1;
  }

  private grow(): void {
    const capacity = this.packs.length * 2;
    this.ids = grown(this.ids, capacity * idWords);
    this.packs = grown(this.packs, capacity);
    this.offsets = grown(this.offsets, capacity);
    this.lengths = grown(this.lengths, capacity);
    this.uncompressedLengths = grown(this.uncompressedLengths, capacity);
    this.slots = new Uint32Array(capacity * 2);
    for (let entry = 0; entry < this.count; entry++) this.insert(entry);
  }

  private find(type: BlobType, id: Id): number {
    readId(id, this.wanted);
    for (let slot = this.firstSlot(); this.slots[slot] !== 0; slot = this.nextSlot(slot)) {
      const entry = (this.slots[slot] ?? 0) - 1;
      if (this.isWanted(entry, type) && !this.isLost(entry)) return entry;
    }
    return -1;
  }

  private firstSlot(): number {
    return (this.wanted[0] ?? 0) & (this.slots.length - 1);
  }

  private nextSlot(slot: number): number {
    return (slot + 1) & (this.slots.length - 1);
  }

  private isWanted(entry: number, type: BlobType): boolean {
    const base = entry * idWords;
    for (let word = 0; word < idWords; word++) if (this.ids[base + word] !== this.wanted[word]) return false;
    return this.typeOf(entry) === type;
  }

  private typeOf(entry: number): BlobType {
    return (this.packs[entry] ?? 0) >= treeFlag ? "tree" : "data";
  }

  private location(entry: number): BlobLocation {
    return {
      pack: this.packIds[(this.packs[entry] ?? 0) & ~treeFlag] as Id,
      offset: this.offsets[entry] ?? 0,
      length: this.lengths[entry] ?? 0,
      uncompressedLength: this.uncompressedLengths[entry] || null,
    };
  }

  private idOf(entry: number): Id {
    let hex = "";
    for (let word = 0; word < idWords; word++) {
      hex += (this.ids[entry * idWords + word] ?? 0).toString(16).padStart(8, "0");
    }
    return hex as Id;
  }
}

/** The id as eight big-endian words. */
function readId(id: Id, words: Uint32Array): void {
  for (let word = 0; word < idWords; word++) words[word] = Number.parseInt(id.slice(word * 8, word * 8 + 8), 16);
}

function grown(array: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(array);
  return larger;
}
