/** The one byte type of the project: WebCrypto and Blob refuse views of shared memory, so the buffer is always a plain one. */
export type Bytes = Uint8Array<ArrayBuffer>;

const textEncoder = new TextEncoder();
const textDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a string; the caller owns the result. */
export function utf8(text: string): Bytes {
  return textEncoder.encode(text) as Bytes;
}

/** Text of UTF-8 bytes. Throws TypeError on invalid UTF-8. */
export function textOf(bytes: Bytes): string {
  return textDecoder.decode(bytes);
}

/** True if both have the same length and bytes. Not constant-time: for data, never for MACs or keys. */
export function equalBytes(left: Bytes, right: Bytes): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
  return true;
}

/** True if both have the same length and bytes; the time taken does not depend on where they differ. */
export function equalConstantTime(left: Bytes, right: Bytes): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let i = 0; i < left.length; i++) difference |= (left[i] ?? 0) ^ (right[i] ?? 0);
  return difference === 0;
}

/** One new buffer that holds the parts in order. */
export function concatBytes(parts: readonly Bytes[]): Bytes {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/** Where a whole buffer is smaller, giving it back costs more than it saves. */
const leastGivenBack = 4096;

let abyss: MessagePort | null = null;

/**
 * Gives the memory of a buffer back at once, for who owns it: the bytes are gone. Views of a part of a buffer stay. Engines
 * collect dead buffers only when some sixty megabytes of them are there, in each worker. What is moved to a port that nobody
 * holds ends with the message; ArrayBuffer's own transfer() leaves it to wrappers of Chromium's, collected even later.
 */
export function discardBytes({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) discardBuffer(buffer);
}

/** The same for a buffer with all that is seen of it. One that was given back before, or moved away, is let be. */
export function discardBuffer(buffer: ArrayBuffer): void {
  if (buffer.byteLength < leastGivenBack) return;
  abyss ??= portToNobody();
  abyss.postMessage(null, [buffer]);
}

function portToNobody(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}

/** `length` cryptographically random bytes; the caller owns them. */
export function randomBytes(length: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(length));
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Lower-case hex digits, two a byte. */
export function hexOf(bytes: Bytes): string {
  let hex = "";
  for (const byte of bytes) hex += hexDigits[byte];
  return hex;
}

/** Bytes of an even number of hex digits of either case. Throws RangeError on anything else. */
export function bytesOfHex(hex: string): Bytes {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError("not an even number of hex digits");
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** SHA-256 of the bytes. The bytes are only read. */
export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
