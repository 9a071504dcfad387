import { type Bytes, discardBytes } from "../base/bytes.ts";
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
import type { BlobType } from "../codec/codec.ts";
import { decodeIndex, type IndexVisitor } from "./index-file.ts";
import { scanIndex } from "./index-scanner.ts";
import { type FileCipher, type FileCompression, type FormatVersion, openUnpacked } from "./unpacked.ts";

/** Opens a sealed index file, which is lent; the caller owns the records. Throws what openUnpacked and decodeIndex throw. */
export async function openIndex(
  sealed: Bytes,
  formatVersion: FormatVersion,
  { cipher, compression }: { cipher: FileCipher; compression: FileCompression },
): Promise<IndexRecords> {
  const json = await openUnpacked(sealed, cipher, compression);
  const index = readIndexRecords(json, formatVersion);
  discardBytes(json);
  return index;
}

/** Decodes an index file's JSON, which is lent; the caller owns the records. Throws what decodeIndex throws. */
export function readIndexRecords(json: Bytes, formatVersion: FormatVersion): IndexRecords {
  const scanned = scanIndex(json, formatVersion);
  if (scanned !== null) return scanned;
  const collector = new RecordCollector();
  decodeIndex(json, formatVersion, collector);
  return collector.finish();
}

/** Collects as records what a decoder visits. */
class RecordCollector implements IndexVisitor {
  private readonly packs: Id[] = [];
  private records: BlobRecords = new Uint32Array(256 * recordLength);
  private base = 0;

  pack(id: Id): void {
    this.packs.push(id);
  }

  blob(id: Bytes, type: BlobType, offset: number, length: number, uncompressedLength: number | null): void {
    const { base } = this;
    if (base === this.records.length) this.grow();
    const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
    for (let word = 0; word < idWords; word++) this.records[base + word] = view.getUint32(4 * word);
    this.records[base + packWord] = 2 * (this.packs.length - 1) + (type === "tree" ? 1 : 0);
    this.records[base + offsetWord] = offset;
    this.records[base + lengthWord] = length;
    this.records[base + uncompressedLengthWord] = uncompressedLength ?? 0;
    this.base += recordLength;
  }

  finish(): IndexRecords {
    return { packs: this.packs, records: this.records.slice(0, this.base) };
  }

  private grow(): void {
    const larger = new Uint32Array(2 * this.records.length);
    larger.set(this.records);
    this.records = larger;
  }
}
