import { type Bytes, concatBytes, utf8 } from "../base/bytes.ts";
import { bytesOfRawName, type RawName } from "../base/raw-name.ts";
import { parseTime, zeroTime } from "../base/rfc3339.ts";
import { validTextsOf } from "../base/utf8.ts";
import { unixPermissions } from "../format/file-mode.ts";
import type { NodeFacts } from "./restore-plan.ts";

/** The headers of a tar file: ustar, with the records of POSIX pax in front for what ustar has no room for. */

export type TarType = "file" | "hard link" | "symlink" | "chardev" | "dev" | "dir" | "fifo";

const typeFlags: Record<TarType, string> = {
  file: "0",
  "hard link": "1",
  symlink: "2",
  chardev: "3",
  dev: "4",
  dir: "5",
  fifo: "6",
};

export interface TarEntry {
  /** The whole path, relative, with a slash behind a folder's. */
  name: RawName;
  type: TarType;
  facts: NodeFacts;
  /** 0 for everything but files with content. */
  size: number;
  /** Of a symlink as it is stored, of a hard link the name of the entry that it shares its content with; else empty. */
  linkTarget: RawName;
}

export const blockLength = 512;

/** The entry's header, with its pax header if it needs one: a whole number of blocks. */
export function tarHeader(entry: TarEntry): Bytes {
  const records = paxRecords(entry);
  const header = ustarHeader(entry);
  if (records.length === 0) return header;
  const body = concatBytes(records);
  return concatBytes([paxHeader(body.length), padded(body), header]);
}

/** How many bytes fill up the last block of so many. */
export function paddingOf(length: number): number {
  return (blockLength - (length % blockLength)) % blockLength;
}

/** The largest numbers that the octal fields hold. */
const mostOctal7 = 0o7777777;
const mostOctal11 = 0o77777777777;
const longestName = 100;
const longestOwner = 31;

function ustarHeader({ name, type, facts, size, linkTarget }: TarEntry): Bytes {
  const { major, minor } = deviceNumbers(type, facts.device);
  return new HeaderBlock()
    .raw(0, name.slice(0, longestName))
    .octal(100, 7, unixPermissions(facts.mode))
    .octal(108, 7, facts.uid > mostOctal7 ? 0 : facts.uid)
    .octal(116, 7, facts.gid > mostOctal7 ? 0 : facts.gid)
    .octal(124, 11, size > mostOctal11 ? 0 : size)
    .octal(136, 11, plainSeconds(facts.mtime))
    .raw(156, typeFlags[type])
    .raw(157, linkTarget.slice(0, longestName))
    .raw(265, ownerField(facts.user))
    .raw(297, ownerField(facts.group))
    .octal(329, 7, major)
    .octal(337, 7, minor)
    .finish();
}

function paxHeader(length: number): Bytes {
  return new HeaderBlock()
    .raw(0, "././@PaxHeader")
    .octal(100, 7, 0o644)
    .octal(108, 7, 0)
    .octal(116, 7, 0)
    .octal(124, 11, length)
    .octal(136, 11, 0)
    .raw(156, "x")
    .finish();
}

/** What the ustar header cannot say. */
function paxRecords({ name, type, facts, size, linkTarget }: TarEntry): Bytes[] {
  const records: Bytes[] = [];
  const paths = [
    { key: "path", value: name, isNeeded: needsPax(name) },
    { key: "linkpath", value: linkTarget, isNeeded: needsPax(linkTarget) },
  ].filter(({ isNeeded }) => isNeeded);
  // Values are UTF-8 unless this is said first.
  if (paths.some(({ value }) => !isUtf8(value))) records.push(paxRecord("hdrcharset", utf8("BINARY")));
  for (const { key, value } of paths) records.push(paxRecord(key, bytesOfRawName(value)));
  if (size > mostOctal11) records.push(paxRecord("size", utf8(String(size))));
  const time = exactTime(facts.mtime);
  if (time !== null) records.push(paxRecord("mtime", utf8(time)));
  if (facts.uid > mostOctal7) records.push(paxRecord("uid", utf8(String(facts.uid))));
  if (facts.gid > mostOctal7) records.push(paxRecord("gid", utf8(String(facts.gid))));
  records.push(...ownerRecords("uname", facts.user), ...ownerRecords("gname", facts.group));
  // A hard link is the file that it links to, attributes and all.
  if (type !== "hard link") records.push(...attributeRecords(facts));
  return records;
}

/**
 * ASCII that fits stands in the header alone. Other text is told again as UTF-8, since some readers take the header's for
 * their own code page; bytes that are no text and fit are in the header as they are, which every reader on Unix keeps.
 */
function needsPax(path: RawName): boolean {
  if (path.length > longestName) return true;
  return !/^[\0-\x7f]*$/.test(path) && isUtf8(path);
}

function isUtf8(name: RawName): boolean {
  return validTextsOf(bytesOfRawName(name)).length === 1;
}

/** Extended attributes as star, GNU tar and libarchive write them. */
function attributeRecords({ extendedAttributes }: NodeFacts): Bytes[] {
  return extendedAttributes
    .filter(({ name }) => name !== "" && !/[\0\n]/.test(name))
    .map(({ name, value }) => {
      // As GNU tar: "=" ends a key.
      const key = name.replace(/[%=]/g, (character) => (character === "%" ? "%25" : "%3D"));
      return paxRecord(`SCHILY.xattr.${key}`, value ?? new Uint8Array());
    });
}

/** "<length> <key>=<value>\n", where the length counts its own digits too. */
function paxRecord(key: string, value: Bytes): Bytes {
  const rest = concatBytes([utf8(` ${key}=`), value, utf8("\n")]);
  let length = rest.length;
  while (String(length).length + rest.length > length) length = String(length).length + rest.length;
  return concatBytes([utf8(String(length)), rest]);
}

function padded(bytes: Bytes): Bytes {
  return concatBytes([bytes, new Uint8Array(paddingOf(bytes.length))]);
}

/** A name with a NUL is nobody's; the numbers stay. */
function ownerRecords(key: string, owner: string): Bytes[] {
  return needsOwnerRecord(owner) && !owner.includes("\0") ? [paxRecord(key, utf8(owner))] : [];
}

function ownerField(owner: string): string {
  return needsOwnerRecord(owner) ? "" : owner;
}

function needsOwnerRecord(owner: string): boolean {
  return owner.length > longestOwner || !/^[ -~]*$/.test(owner);
}

/** Whole seconds as the header has them; before 1970 and beyond 2242 only the pax record tells the time. */
function plainSeconds(mtime: string): number {
  const { seconds } = timeParts(mtime);
  return seconds < 0 || seconds > mostOctal11 ? 0 : seconds;
}

/** The time in decimal, as exact as it is known; null if the header says it all. */
function exactTime(mtime: string): string | null {
  const { seconds, nanoseconds } = timeParts(mtime);
  if (nanoseconds === 0) return plainSeconds(mtime) === seconds ? null : String(seconds);
  // Half a second before 1970 is -0.5, not -1 and a half.
  const isBefore = seconds < 0;
  const whole = isBefore ? seconds + 1 : seconds;
  const fraction = isBefore ? 1_000_000_000 - nanoseconds : nanoseconds;
  const digits = String(fraction).padStart(9, "0").replace(/0+$/, "");
  return `${isBefore ? "-" : ""}${Math.abs(whole)}.${digits}`;
}

/** Seconds rounded down and the nanoseconds beyond; 1970 where no time is known. */
function timeParts(mtime: string): { seconds: number; nanoseconds: number } {
  const time = mtime === zeroTime ? null : parseTime(mtime);
  if (time === null) return { seconds: 0, nanoseconds: 0 };
  const seconds = Math.floor(time.ms / 1000);
  return { seconds, nanoseconds: (time.ms - seconds * 1000) * 1_000_000 + time.nanoseconds };
}

/** As Linux packs them into one number; other systems' are not told apart. */
function deviceNumbers(type: TarType, device: bigint): { major: number; minor: number } {
  if (type !== "dev" && type !== "chardev") return { major: 0, minor: 0 };
  const major = ((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n);
  const minor = (device & 0xffn) | ((device >> 12n) & 0xffffff00n);
  return { major: Number(major), minor: Number(minor) };
}

/** Whether the header has room for a device's numbers. */
export function hasPlainDevice(type: TarType, device: bigint): boolean {
  const { major, minor } = deviceNumbers(type, device);
  return major <= mostOctal7 && minor <= mostOctal7;
}

/** One block of text fields, most of them numbers in octal. */
class HeaderBlock {
  private readonly bytes: Bytes = new Uint8Array(blockLength);

  constructor() {
    this.raw(257, "ustar\u000000");
  }

  /** Each character is a byte. */
  raw(offset: number, text: string): this {
    for (let i = 0; i < text.length; i++) this.bytes[offset + i] = text.charCodeAt(i);
    return this;
  }

  /** So many digits, zeros in front; the NUL behind is there already. */
  octal(offset: number, digits: number, value: number): this {
    return this.raw(offset, value.toString(8).padStart(digits, "0"));
  }

  finish(): Bytes {
    // The checksum counts its own field as blanks.
    this.raw(148, " ".repeat(8));
    const sum = this.bytes.reduce((total, byte) => total + byte, 0);
    this.raw(148, `${sum.toString(8).padStart(6, "0")}\0 `);
    return this.bytes;
  }
}
