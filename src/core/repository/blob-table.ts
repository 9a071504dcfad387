import { type BlobRecords, idWords, offsetWord, packWord, recordLength } from "../codec/blob-record.ts";

/** 16 Ki records, 768 KiB: small beside a large index, and a step in which memory may grow. */
const pageShift = 14;
const pageEntries = 1 << pageShift;
const pageMask = pageEntries - 1;
const firstEntries = 256;

/** What the slots of a SlotTable can name; the records alone would be 12 GiB. */
const mostEntries = 2 ** 28 - 1;

/**
 * Records of blobs, numbered from 0 in the order in which they were appended. Whole pages are added, so nothing is copied
 * when it grows; only the first page begins small and doubles until it is whole.
 */
export class BlobTable {
  private readonly pages: BlobRecords[] = [new Uint32Array(firstEntries * recordLength)];
  private capacity = firstEntries;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Bytes of its typed arrays: 48 an entry, and up to a page that is not used yet. */
  get memoryBytes(): number {
    return this.capacity * recordLength * Uint32Array.BYTES_PER_ELEMENT;
  }

  /** Copies a record; returns its number. */
  append(record: BlobRecords): number {
    if (this.count === this.capacity) this.grow();
    const entry = this.count++;
    const page = this.pageOf(entry);
    const base = baseOf(entry);
    for (let word = 0; word < recordLength; word++) page[base + word] = record[word] ?? 0;
    return entry;
  }

  /** One word of a record. */
  word(entry: number, word: number): number {
    return this.pageOf(entry)[baseOf(entry) + word] ?? 0;
  }

  /** True if the entry's id is that of a record. */
  hasId(entry: number, record: BlobRecords): boolean {
    const page = this.pageOf(entry);
    const base = baseOf(entry);
    for (let word = 0; word < idWords; word++) if (page[base + word] !== record[word]) return false;
    return true;
  }

  /** True if the entry's type, pack and offset are those of a record. */
  isSamePlace(entry: number, record: BlobRecords): boolean {
    const page = this.pageOf(entry);
    const base = baseOf(entry);
    return page[base + packWord] === record[packWord] && page[base + offsetWord] === record[offsetWord];
  }

  private pageOf(entry: number): BlobRecords {
    return this.pages[entry >>> pageShift] as BlobRecords;
  }

  private grow(): void {
    if (this.capacity >= mostEntries) throw new RangeError("more blobs than an index can hold");
    const [first] = this.pages;
    if (first && this.capacity < pageEntries) this.pages[0] = doubled(first);
    else this.pages.push(new Uint32Array(pageEntries * recordLength));
    this.capacity += Math.min(this.capacity, pageEntries);
  }
}

/** Where an entry's record begins in its page. */
function baseOf(entry: number): number {
  return (entry & pageMask) * recordLength;
}

function doubled(page: BlobRecords): BlobRecords {
  const larger = new Uint32Array(2 * page.length);
  larger.set(page);
  return larger;
}
