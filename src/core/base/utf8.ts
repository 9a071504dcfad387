import type { Bytes } from "./bytes.ts";

/**
 * UTF-8 as Go reads it: every byte that is not part of a valid sequence is an error of its own, where the platform's
 * decoder joins several into one. What restic writes of invalid names and texts rests on that count.
 */

/** Length of the valid UTF-8 sequence at the offset, 1 to 4; 0 if there is none (surrogates and overlong forms included). */
export function utf8Width(bytes: Bytes, offset: number): 0 | 1 | 2 | 3 | 4 {
  const first = bytes[offset] ?? 0xff;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const [low, high] = secondByteRange(first);
  const second = bytes[offset + 1] ?? 0;
  if (second < low || second > high) return 0;
  if (first < 0xe0) return 2;
  if (!isContinuation(bytes[offset + 2])) return 0;
  if (first < 0xf0) return 3;
  return isContinuation(bytes[offset + 3]) ? 4 : 0;
}

function secondByteRange(first: number): readonly [number, number] {
  if (first === 0xe0) return [0xa0, 0xbf];
  if (first === 0xed) return [0x80, 0x9f];
  if (first === 0xf0) return [0x90, 0xbf];
  if (first === 0xf4) return [0x80, 0x8f];
  return [0x80, 0xbf];
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The code point of a sequence whose width utf8Width has told (not 0). */
export function codePointOfUtf8(bytes: Bytes, offset: number, width: 1 | 2 | 3 | 4): number {
  const first = bytes[offset] ?? 0;
  if (width === 1) return first;
  let codePoint = first & (0x7f >> width);
  for (let i = 1; i < width; i++) codePoint = (codePoint << 6) | ((bytes[offset + i] ?? 0) & 0x3f);
  return codePoint;
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of the bytes, with one U+FFFD for every byte that is not UTF-8. Never throws. */
export function lossyTextOf(bytes: Bytes): string {
  return validTextsOf(bytes).join("\ufffd");
}

/** The texts between the bytes that are not UTF-8: one more than there are such bytes, some of them empty. */
export function validTextsOf(bytes: Bytes): string[] {
  try {
    return [strictDecoder.decode(bytes)];
  } catch {
    return splitAtInvalid(bytes);
  }
}

function splitAtInvalid(bytes: Bytes): string[] {
  const texts: string[] = [];
  let validFrom = 0;
  let offset = 0;
  while (offset < bytes.length) {
    const width = utf8Width(bytes, offset);
    if (width === 0) {
      texts.push(strictDecoder.decode(bytes.subarray(validFrom, offset)));
      validFrom = offset + 1;
    }
    offset += width || 1;
  }
  texts.push(strictDecoder.decode(bytes.subarray(validFrom)));
  return texts;
}
