import { type Bytes, textOf, utf8 } from "./bytes.ts";

const alphabet = utf8("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
const padding = 0x3d;
const sixBitsOf = new Int8Array(256).fill(-1);
alphabet.forEach((character, i) => {
  sixBitsOf[character] = i;
});

/** Standard Base64 with padding (RFC 4648). */
export function base64Of(bytes: Bytes): string {
  return textOf(encodeBase64(bytes));
}

/** The bytes of base64Of's text, for secrets: they can be wiped, a string cannot. The caller owns them. */
export function encodeBase64(bytes: Bytes): Bytes {
  const encoded = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  for (let i = 0, to = 0; i < bytes.length; i += 3, to += 4) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let digit = 0; digit < 4; digit++) encoded[to + digit] = alphabet[(group >>> (18 - 6 * digit)) & 63] ?? 0;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  encoded.fill(padding, encoded.length - missing);
  return encoded;
}

/**
 * Decodes standard Base64 with padding straight from its bytes, so that secrets never become strings, which cannot be
 * wiped. Null if it is none. The caller owns the result. Bits left over in the last digit are ignored, as Go does.
 */
export function bytesOfBase64(encoded: Bytes): Bytes | null {
  if (encoded.length % 4 !== 0) return null;
  const padded = countPadding(encoded);
  const digits = encoded.length - padded;
  const bytes = new Uint8Array((encoded.length / 4) * 3 - padded);
  let written = 0;
  let bits = 0;
  for (let i = 0; i < digits; i++) {
    const digit = sixBitsOf[encoded[i] ?? 0] ?? -1;
    if (digit < 0) return null;
    bits = ((bits << 6) | digit) & 0xffffff;
    if (i % 4 !== 0) bytes[written++] = bits >>> (6 - 2 * (i % 4));
  }
  return bytes;
}

function countPadding(encoded: Bytes): number {
  const last = encoded.length - 1;
  if (encoded[last] !== padding) return 0;
  return encoded[last - 1] === padding ? 2 : 1;
}
