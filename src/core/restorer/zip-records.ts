import { type Bytes, concatBytes } from "../base/bytes.ts";

/** The records of a ZIP file, after PKWARE's APPNOTE 6.3. All entries are stored, their names are UTF-8. */

/** What the records say of one entry. */
export interface ZipEntry {
  name: Bytes;
  size: number;
  isFolder: boolean;
  /** st_mode: type and permissions. */
  unixMode: number;
  /** Milliseconds since 1970; null if it is not known. */
  modifiedMs: number | null;
  /** True if the CRC comes behind the content, in a descriptor. */
  hasDescriptor: boolean;
}

/** What does not fit into 32 or 16 bits is written as all ones, and truly in the ZIP64 field or record. */
const most32 = 0xffffffff;
const most16 = 0xffff;

const descriptorFlag = 0x0008;
const utf8Flag = 0x0800;
const plainVersion = 20;
const zip64Version = 45;
/** Unix, whose readers take the mode from the external attributes. */
const madeBy = (3 << 8) | zip64Version;
const folderAttribute = 0x10;

export function isLarge(size: number): boolean {
  return size >= most32;
}

/**
 * What stands before the content. With a descriptor, CRC and sizes are 0 here, as the standard wants it; a large entry says
 * its sizes in the ZIP64 field all the same, which makes the descriptor's sizes 8 bytes long.
 */
export function localHeader(entry: ZipEntry, crc: number): Bytes {
  const { name, size, hasDescriptor } = entry;
  const extra = concatBytes([zip64Field(isLarge(size) ? [size, size] : []), timeField(entry.modifiedMs)]);
  const knownSize = hasDescriptor && !isLarge(size) ? 0 : Math.min(size, most32);
  const header = new RecordWriter(30)
    .uint32(0x04034b50)
    .uint16(isLarge(size) ? zip64Version : plainVersion)
    .uint16(flagsOf(entry))
    .uint16(0)
    .uint32(dosTime(entry.modifiedMs))
    .uint32(hasDescriptor ? 0 : crc)
    .uint32(knownSize)
    .uint32(knownSize)
    .uint16(name.length)
    .uint16(extra.length);
  return concatBytes([header.bytes, name, extra]);
}

export function localHeaderLength({ name, size, modifiedMs }: ZipEntry): number {
  return 30 + name.length + (isLarge(size) ? 20 : 0) + timeField(modifiedMs).length;
}

/** What stands behind the content of an entry whose CRC was not known before. */
export function descriptor(size: number, crc: number): Bytes {
  const record = new RecordWriter(descriptorLength(size)).uint32(0x08074b50).uint32(crc);
  return isLarge(size) ? record.uint64(size).uint64(size).bytes : record.uint32(size).uint32(size).bytes;
}

export function descriptorLength(size: number): number {
  return isLarge(size) ? 24 : 16;
}

/** The entry's line in the directory at the end. */
export function directoryEntry(entry: ZipEntry, crc: number, offset: number): Bytes {
  const { name, size } = entry;
  const extra = concatBytes([zip64Field(largeNumbers(size, offset)), timeField(entry.modifiedMs)]);
  const record = new RecordWriter(46)
    .uint32(0x02014b50)
    .uint16(madeBy)
    .uint16(isLarge(size) || isLarge(offset) ? zip64Version : plainVersion)
    .uint16(flagsOf(entry))
    .uint16(0)
    .uint32(dosTime(entry.modifiedMs))
    .uint32(crc)
    .uint32(Math.min(size, most32))
    .uint32(Math.min(size, most32))
    .uint16(name.length)
    .uint16(extra.length)
    .uint16(0)
    .uint16(0)
    .uint16(0)
    .uint32(entry.unixMode * 0x10000 + (entry.isFolder ? folderAttribute : 0))
    .uint32(Math.min(offset, most32));
  return concatBytes([record.bytes, name, extra]);
}

export function directoryEntryLength({ name, size, modifiedMs }: ZipEntry, offset: number): number {
  return 46 + name.length + zip64Field(largeNumbers(size, offset)).length + timeField(modifiedMs).length;
}

export interface ZipDirectory {
  entries: number;
  offset: number;
  length: number;
}

/** The end of the archive. */
export function endRecords(directory: ZipDirectory): Bytes {
  const { entries, offset, length } = directory;
  const end = new RecordWriter(22)
    .uint32(0x06054b50)
    .uint16(0)
    .uint16(0)
    .uint16(Math.min(entries, most16))
    .uint16(Math.min(entries, most16))
    .uint32(Math.min(length, most32))
    .uint32(Math.min(offset, most32))
    .uint16(0).bytes;
  if (!needsZip64End(directory)) return end;
  const end64 = new RecordWriter(56)
    .uint32(0x06064b50)
    .uint64(44)
    .uint16(madeBy)
    .uint16(zip64Version)
    .uint32(0)
    .uint32(0)
    .uint64(entries)
    .uint64(entries)
    .uint64(length)
    .uint64(offset).bytes;
  const locator = new RecordWriter(20)
    .uint32(0x07064b50)
    .uint32(0)
    .uint64(offset + length)
    .uint32(1).bytes;
  return concatBytes([end64, locator, end]);
}

export function endRecordsLength(directory: ZipDirectory): number {
  return needsZip64End(directory) ? 56 + 20 + 22 : 22;
}

function needsZip64End({ entries, offset, length }: ZipDirectory): boolean {
  return entries >= most16 || isLarge(offset) || isLarge(length);
}

function flagsOf({ hasDescriptor }: ZipEntry): number {
  return hasDescriptor ? utf8Flag | descriptorFlag : utf8Flag;
}

/** Those of the numbers that the record itself has no room for, in the order in which the field has them. */
function largeNumbers(size: number, offset: number): number[] {
  return [...(isLarge(size) ? [size, size] : []), ...(isLarge(offset) ? [offset] : [])];
}

function zip64Field(numbers: readonly number[]): Bytes {
  if (numbers.length === 0) return new Uint8Array();
  const field = new RecordWriter(4 + numbers.length * 8).uint16(0x0001).uint16(numbers.length * 8);
  for (const number of numbers) field.uint64(number);
  return field.bytes;
}

/** The extended timestamp: seconds of UTC, signed. Left out where it cannot say the time. */
function timeField(modifiedMs: number | null): Bytes {
  const seconds = modifiedMs === null ? Number.NaN : Math.floor(modifiedMs / 1000);
  if (!(seconds >= -0x80000000 && seconds <= 0x7fffffff)) return new Uint8Array();
  return new RecordWriter(9).uint16(0x5455).uint16(5).uint8(1).uint32(seconds).bytes;
}

const firstDosTime = (1 << 21) | (1 << 16);
const lastDosTime = ((127 << 25) | (12 << 21) | (31 << 16) | (23 << 11) | (59 << 5) | 29) >>> 0;

/** Date and time of the local clock, which is how DOS and Windows read them; from 1980 to 2107. */
function dosTime(modifiedMs: number | null): number {
  if (modifiedMs === null) return firstDosTime;
  const date = new Date(modifiedMs);
  const year = date.getFullYear() - 1980;
  if (!(year >= 0)) return firstDosTime;
  if (year > 127) return lastDosTime;
  const day = (year << 25) | ((date.getMonth() + 1) << 21) | (date.getDate() << 16);
  return (day | (date.getHours() << 11) | (date.getMinutes() << 5) | (date.getSeconds() >> 1)) >>> 0;
}

/** Writes little-endian numbers one behind the other. */
class RecordWriter {
  readonly bytes: Bytes;
  private readonly view: DataView;
  private offset = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
    this.view = new DataView(this.bytes.buffer);
  }

  uint8(value: number): this {
    this.view.setUint8(this.advance(1), value);
    return this;
  }

  uint16(value: number): this {
    this.view.setUint16(this.advance(2), value, true);
    return this;
  }

  uint32(value: number): this {
    this.view.setUint32(this.advance(4), value, true);
    return this;
  }

  uint64(value: number): this {
    this.view.setBigUint64(this.advance(8), BigInt(value), true);
    return this;
  }

  private advance(length: number): number {
    this.offset += length;
    return this.offset - length;
  }
}
