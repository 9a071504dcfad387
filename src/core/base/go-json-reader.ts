import { bytesOfBase64 } from "./base64.ts";
import type { Bytes } from "./bytes.ts";
import { type ErrorContext, type FormatCode, FormatError } from "./errors.ts";
import type { FieldNames } from "./field-names.ts";
import type { RawField } from "./go-json.ts";
import { JsonSyntax } from "./go-json-syntax.ts";
import type { Id } from "./id.ts";
import { parseTime } from "./rfc3339.ts";
import { lossyTextOf } from "./utf8.ts";

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
const letterN = 0x6e;
const uint32Max = 0xffff_ffff;
const uint64Max = 0xffff_ffff_ffff_ffffn;

/**
 * Reads JSON as Go's encoding/json does, straight from bytes: uint64 stays exact, unknown fields can be kept as they
 * are, nothing is built that is not asked for, and depth costs no stack. The caller pulls values in the order in which
 * they stand. Every violation is a FormatError of the given code with a reason and an offset.
 *
 *     for (let more = reader.enterObject(); more; more = reader.moreFields()) {
 *       switch (reader.readName(names)) { case "size": size = reader.readUint64(); break; default: reader.skipValue(); }
 *     }
 *     reader.end();
 */
export class JsonReader {
  private readonly syntax: JsonSyntax;
  private position = 0;

  /** The bytes are lent until the reader is dropped; views of them are given out where said. `where` goes into errors. */
  constructor(
    private readonly bytes: Bytes,
    private readonly code: FormatCode,
    private readonly where: ErrorContext = {},
  ) {
    this.syntax = new JsonSyntax(bytes, (reason, offset) => this.fail(reason, offset));
  }

  /** Where the next value begins. */
  get offset(): number {
    this.skipSpace();
    return this.position;
  }

  /** Goes back (or ahead) to the offset of a value. */
  seek(offset: number): void {
    this.position = offset;
  }

  fail(reason: string, offset = this.position): never {
    throw new FormatError(this.code, { ...this.where, reason, offset });
  }

  /** Fails unless everything has been read. */
  end(): void {
    this.skipSpace();
    if (this.position !== this.bytes.length) this.fail("data after the end");
  }

  /** Enters an object; true if it has a field, false if it is empty and left again. */
  enterObject(): boolean {
    return this.enter(openBrace, closeBrace, "object expected");
  }

  moreFields(): boolean {
    return this.more(closeBrace);
  }

  /** Enters an array; true if it has an item, false if it is empty and left again. */
  enterArray(): boolean {
    return this.enter(openBracket, closeBracket, "array expected");
  }

  moreItems(): boolean {
    return this.more(closeBracket);
  }

  /** The next field's name: one of the known ones, or the text of an unknown one. Its value comes next. */
  readName<Name extends string>(names: FieldNames<Name>): Name | { unknown: string } {
    this.skipSpace();
    const from = this.position + 1;
    const isPlain = this.passString();
    const known = isPlain ? names.find(this.bytes, from, this.position - 1) : null;
    const name = known ?? this.readUnknownName(names, from - 1);
    this.skipSpace();
    if (this.bytes[this.position] !== colon) this.fail("colon expected");
    this.position++;
    return name;
  }

  private readUnknownName<Name extends string>(names: FieldNames<Name>, offset: number): Name | { unknown: string } {
    this.position = offset;
    const text = this.readString();
    return names.findFolded(text) ?? { unknown: text };
  }

  /** Skips a null; false if the next value is another. Go leaves a field as it was when it reads null. */
  skipNull(): boolean {
    this.skipSpace();
    if (this.bytes[this.position] !== letterN) return false;
    this.position = this.syntax.passLiteral(this.position);
    return true;
  }

  /** Text of a string; invalid UTF-8 and lone surrogates become U+FFFD. */
  readString(): string {
    this.skipSpace();
    const from = this.position + 1;
    const isPlain = this.passString();
    const to = this.position - 1;
    if (isPlain && to - from <= 24) return this.shortText(from, to);
    const content = this.bytes.subarray(from, to);
    return isPlain ? lossyTextOf(content) : unescapeString(lossyTextOf(content));
  }

  /** String.fromCharCode beats a decoder on short ASCII. */
  private shortText(from: number, to: number): string {
    let text = "";
    for (let i = from; i < to; i++) {
      const byte = this.bytes[i] ?? 0;
      if (byte >= 0x80) return lossyTextOf(this.bytes.subarray(from, to));
      text += String.fromCharCode(byte);
    }
    return text;
  }

  /** The bytes of a string without any escape, as a view of what is read. */
  readPlainString(): Bytes {
    this.skipSpace();
    const from = this.position + 1;
    if (!this.passString()) this.fail("unexpected escape");
    return this.bytes.subarray(from, this.position - 1);
  }

  /** Reads an array of strings; null is an empty one. */
  readStrings(): string[] {
    const texts: string[] = [];
    if (this.skipNull()) return texts;
    for (let more = this.enterArray(); more; more = this.moreItems())
      texts.push(this.skipNull() ? "" : this.readString());
    return texts;
  }

  /** Bytes of a Base64 string; they never pass through a string of the platform. The caller owns them. */
  readBase64(): Bytes {
    const bytes = bytesOfBase64(this.readPlainString());
    return bytes ?? this.fail("Base64 expected");
  }

  /** The text of an RFC 3339 time as it is written. */
  readTime(): string {
    const offset = this.offset;
    const text = this.readString();
    // An escape would be valid JSON, but Go parses a time from the bytes as they stand.
    if (text.length !== this.position - offset - 2 || parseTime(text) === null) this.fail("time expected", offset);
    return text;
  }

  /** An id; upper-case digits are read as lower-case ones, as restic does. */
  readId(): Id {
    const offset = this.offset;
    const hash = scratchHash;
    this.readIdInto(hash);
    const text = this.readIdText(offset);
    return text as Id;
  }

  private readIdText(offset: number): string {
    const text = asciiDecoder.decode(this.bytes.subarray(offset + 1, offset + 65));
    return /[A-F]/.test(text) ? text.toLowerCase() : text;
  }

  /** Reads an id into the first 32 bytes of a buffer, without making a string. */
  readIdInto(hash: Bytes): void {
    this.skipSpace();
    const from = this.position + 1;
    if (this.bytes[from - 1] !== quote || this.bytes[from + 64] !== quote) this.fail("id expected");
    let invalid = 0;
    for (let i = 0; i < 32; i++) {
      const high = hexValue[this.bytes[from + 2 * i] ?? 0] ?? -1;
      const low = hexValue[this.bytes[from + 2 * i + 1] ?? 0] ?? -1;
      invalid |= high | low;
      hash[i] = (high << 4) | low;
    }
    if (invalid < 0) this.fail("id expected");
    this.position = from + 65;
  }

  readBoolean(): boolean {
    this.skipSpace();
    const first = this.bytes[this.position];
    if (first !== 0x74 && first !== 0x66) this.fail("true or false expected");
    this.position = this.syntax.passLiteral(this.position);
    return first === 0x74;
  }

  /** A whole number from 0 to 2^32 - 1. */
  readUint32(): number {
    const value = this.readSafeUint();
    if (value > uint32Max) this.fail("number too large");
    return value;
  }

  /** A whole number from 0 to 2^53 - 1. */
  readSafeUint(): number {
    const to = this.passDigits();
    if (to - this.position > 16) this.fail("number too large");
    let value = 0;
    for (; this.position < to; this.position++) value = value * 10 + ((this.bytes[this.position] ?? 0x30) - 0x30);
    if (value > Number.MAX_SAFE_INTEGER) this.fail("number too large");
    return value;
  }

  /** A whole number from -(2^53 - 1) to 2^53 - 1. */
  readSafeInteger(): number {
    this.skipSpace();
    if (this.bytes[this.position] !== 0x2d) return this.readSafeUint();
    this.position++;
    if (!isDigit(this.bytes[this.position])) this.fail("whole number expected");
    return -this.readSafeUint() || 0;
  }

  /** A whole number from 0 to 2^64 - 1, exact. */
  readUint64(): bigint {
    const from = this.offset;
    const to = this.passDigits();
    if (to - from <= 15) return BigInt(this.readSafeUint());
    if (to - from > 20) this.fail("number too large");
    const value = BigInt(asciiDecoder.decode(this.bytes.subarray(from, to)));
    if (value > uint64Max) this.fail("number too large");
    this.position = to;
    return value;
  }

  /** Where the digits of a whole number end; it begins at `position`. */
  private passDigits(): number {
    this.skipSpace();
    let to = this.position;
    while (isDigit(this.bytes[to])) to++;
    if (to === this.position) this.fail("whole number expected");
    if (this.bytes[this.position] === 0x30 && to > this.position + 1) this.fail("number begins with 0");
    if (continuesNumber(this.bytes[to])) this.fail("whole number expected");
    return to;
  }

  /** Passes over any value, checking its syntax. */
  skipValue(): void {
    this.skipSpace();
    this.position = this.syntax.passValue(this.position);
  }

  /** The next value's bytes as they stand, syntax checked: a view of what is read. */
  readRaw(): Bytes {
    const from = this.offset;
    this.skipValue();
    return this.bytesSince(from);
  }

  /** The bytes from an offset to where the last value ended: a view of what is read. */
  bytesSince(offset: number): Bytes {
    return this.bytes.subarray(offset, this.position);
  }

  /** The next value as the raw field of a name. */
  readRawField(name: string): RawField {
    return { name, json: lossyTextOf(this.readRaw()) };
  }

  private enter(open: number, close: number, reason: string): boolean {
    this.skipSpace();
    if (this.bytes[this.position] !== open) this.fail(reason);
    this.position++;
    this.skipSpace();
    if (this.bytes[this.position] !== close) return true;
    this.position++;
    return false;
  }

  private more(close: number): boolean {
    this.skipSpace();
    const byte = this.bytes[this.position];
    if (byte !== comma && byte !== close) this.fail("comma or end expected");
    this.position++;
    return byte === comma;
  }

  private skipSpace(): void {
    let byte = this.bytes[this.position];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.bytes[++this.position];
  }

  /** Passes over a string; true if nothing in it is escaped. */
  private passString(): boolean {
    if (this.bytes[this.position] !== quote) this.fail("string expected");
    let i = this.position + 1;
    let byte = this.bytes[i];
    while (byte !== quote && byte !== backslash && byte !== undefined && byte >= 0x20) byte = this.bytes[++i];
    if (byte === quote) {
      this.position = i + 1;
      return true;
    }
    this.position = this.syntax.passString(this.position);
    return false;
  }
}

const asciiDecoder = new TextDecoder();
const scratchHash = new Uint8Array(32);
const hexValue = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  hexValue["0123456789abcdef".charCodeAt(i)] = i;
  hexValue["0123456789ABCDEF".charCodeAt(i)] = i;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function continuesNumber(byte: number | undefined): boolean {
  return byte === 0x2e || byte === 0x65 || byte === 0x45;
}

/** Undoes the escapes of a string whose syntax has been checked. */
function unescapeString(content: string): string {
  const text = content.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, hex: string | undefined, short: string) =>
    hex === undefined ? (shortEscapes.get(short) ?? short) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return text.replace(/[\ud800-\udfff]/gu, "\ufffd");
}

const shortEscapes = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
