import { type Bytes, concatBytes } from "../base/bytes.ts";
import { bytesOfId, idOfBytes } from "../base/id.ts";
import type { ListedFile } from "./backend.ts";

/** An id and a length of 64 bits, big-endian. */
const entryLength = 40;

/** A listing as it is kept on a device. */
export function encodeKeptListing(files: readonly ListedFile[]): Bytes {
  return concatBytes(
    files.map(({ id, length }) => {
      const entry = concatBytes([bytesOfId(id), new Uint8Array(8)]);
      new DataView(entry.buffer).setBigUint64(32, BigInt(length));
      return entry;
    }),
  );
}

/** The listing, or null if the bytes are none: storage holds anything. */
export function decodeKeptListing(bytes: Bytes): ListedFile[] | null {
  if (bytes.length % entryLength !== 0) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const files: ListedFile[] = [];
  for (let offset = 0; offset < bytes.length; offset += entryLength) {
    const length = Number(view.getBigUint64(offset + 32));
    if (!Number.isSafeInteger(length)) return null;
    files.push({ id: idOfBytes(bytes.subarray(offset, offset + 32)), length });
  }
  return files;
}
