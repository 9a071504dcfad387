import type { Bytes } from "./bytes.ts";

/** Go's own limit of nesting. */
export const maxJsonDepth = 10_000;

const quote = 0x22;
const backslash = 0x5c;

/**
 * Passes over JSON values and checks their syntax. Without recursion, so that no nesting overflows the stack. Offsets
 * given are those where a value begins; offsets returned are those just behind it.
 */
export class JsonSyntax {
  constructor(
    private readonly bytes: Bytes,
    private readonly fail: (reason: string, offset: number) => never,
  ) {}

  passValue(offset: number): number {
    const closers: number[] = [];
    let at = offset;
    for (;;) {
      at = this.passSpace(at);
      const closer = closerOf(this.bytes[at]);
      if (closer !== 0) {
        if (closers.push(closer) > maxJsonDepth) this.fail("nested too deeply", at);
        at = this.passSpace(at + 1);
        if (this.bytes[at] !== closer) {
          at = this.passNameIn(closer, at);
          continue;
        }
      } else {
        at = this.passScalar(at);
      }
      const next = this.passClosers(closers, at);
      if (closers.length === 0) return next;
      at = this.passNameIn(closers[closers.length - 1] ?? 0, next);
    }
  }

  /** Behind a value or at the closer of an empty one: leaves what ends here; if something is still open, passes the comma. */
  private passClosers(closers: number[], offset: number): number {
    let at = offset;
    while (closers.length > 0) {
      const space = this.passSpace(at);
      const byte = this.bytes[space];
      if (byte === 0x2c) return space + 1;
      if (byte !== closers.pop()) this.fail("comma or end expected", space);
      at = space + 1;
    }
    return at;
  }

  /** In an object, passes a field's name and colon. */
  private passNameIn(closer: number, offset: number): number {
    if (closer !== 0x7d) return offset;
    const colon = this.passSpace(this.passString(this.passSpace(offset)));
    if (this.bytes[colon] !== 0x3a) this.fail("colon expected", colon);
    return colon + 1;
  }

  private passScalar(offset: number): number {
    const byte = this.bytes[offset];
    if (byte === quote) return this.passString(offset);
    if (byte === 0x74 || byte === 0x66 || byte === 0x6e) return this.passLiteral(offset);
    return this.passNumber(offset);
  }

  /** Passes true, false or null. */
  passLiteral(offset: number): number {
    const word = words.get(this.bytes[offset] ?? 0) ?? "";
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[offset + i] !== word.charCodeAt(i)) this.fail("value expected", offset);
    }
    if (word === "") this.fail("value expected", offset);
    return offset + word.length;
  }

  passNumber(offset: number): number {
    let at = offset;
    if (this.bytes[at] === 0x2d) at++;
    at = this.bytes[at] === 0x30 ? at + 1 : this.passDigits(at);
    if (this.bytes[at] === 0x2e) at = this.passDigits(at + 1);
    if (this.bytes[at] !== 0x65 && this.bytes[at] !== 0x45) return at;
    const sign = this.bytes[at + 1];
    return this.passDigits(sign === 0x2b || sign === 0x2d ? at + 2 : at + 1);
  }

  private passDigits(offset: number): number {
    let at = offset;
    while (isDigit(this.bytes[at])) at++;
    if (at === offset) this.fail("value expected", offset);
    return at;
  }

  passString(offset: number): number {
    if (this.bytes[offset] !== quote) this.fail("string expected", offset);
    let at = offset + 1;
    for (;;) {
      const byte = this.bytes[at];
      if (byte === undefined) this.fail("string without an end", offset);
      if (byte < 0x20) this.fail("control character in a string", at);
      if (byte === quote) return at + 1;
      at = byte === backslash ? this.passEscape(at) : at + 1;
    }
  }

  private passEscape(offset: number): number {
    const kind = this.bytes[offset + 1] ?? 0;
    if (kind !== 0x75) {
      if (!shortEscapes.has(kind)) this.fail("unknown escape", offset);
      return offset + 2;
    }
    for (let i = 2; i < 6; i++) if (!isHexDigit(this.bytes[offset + i])) this.fail("unknown escape", offset);
    return offset + 6;
  }

  private passSpace(offset: number): number {
    let at = offset;
    let byte = this.bytes[at];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = this.bytes[++at];
    return at;
  }
}

const words = new Map([
  [0x74, "true"],
  [0x66, "false"],
  [0x6e, "null"],
]);

/** What may follow a backslash, apart from u. */
const shortEscapes = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));

/** The byte that ends what this byte opens; 0 if it opens nothing. */
function closerOf(byte: number | undefined): number {
  if (byte === 0x7b) return 0x7d;
  return byte === 0x5b ? 0x5d : 0;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number | undefined): boolean {
  return isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);
}
