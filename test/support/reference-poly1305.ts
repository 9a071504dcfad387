import type { Bytes } from "../../src/core/base/bytes.ts";

const prime = 2n ** 130n - 5n;
const clampMask = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** Poly1305 by its definition, slowly: to compare the kernels with. */
export function referencePoly1305(r: Bytes, s: Bytes, message: Bytes): Bytes {
  const multiplier = numberOf(r) & clampMask;
  let sum = 0n;
  for (let offset = 0; offset < message.length; offset += 16) {
    const block = message.subarray(offset, offset + 16);
    sum = ((sum + numberOf(block) + (1n << BigInt(8 * block.length))) * multiplier) % prime;
  }
  return bytesOf(BigInt.asUintN(128, sum + numberOf(s)));
}

/** Little-endian. */
function numberOf(bytes: Bytes): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function bytesOf(number: bigint): Bytes {
  return Uint8Array.from({ length: 16 }, (_, i) => Number((number >> BigInt(8 * i)) & 0xffn));
}
