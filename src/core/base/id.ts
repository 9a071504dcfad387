import { type Bytes, bytesOfHex, hexOf, sha256 } from "./bytes.ts";

/**
 * A SHA-256 as 64 lower-case hex digits: the name of a stored file (hash of the stored bytes) or of a blob (hash of the
 * plain bytes). Made only by parseId, idOfBytes and hashId. FORMAT.md 1.
 */
export type Id = string & { readonly idBrand: unique symbol };

const idPattern = /^[0-9a-f]{64}$/;

/** The id if the text is one, else null. Upper-case digits are not an id: no server has files named so. */
export function parseId(text: string): Id | null {
  return idPattern.test(text) ? (text as Id) : null;
}

/** The id of exactly 32 hash bytes. Throws RangeError on another length. */
export function idOfBytes(hash: Bytes): Id {
  if (hash.length !== 32) throw new RangeError("an id has 32 bytes");
  return hexOf(hash) as Id;
}

/** The 32 bytes of an id; the caller owns them. */
export function bytesOfId(id: Id): Bytes {
  return bytesOfHex(id);
}

/** The id of these bytes: their SHA-256. */
export async function hashId(bytes: Bytes): Promise<Id> {
  return idOfBytes(await sha256(bytes));
}

/** The first 8 digits, as restic shows ids to people. */
export function shortId(id: Id): string {
  return id.slice(0, 8);
}
