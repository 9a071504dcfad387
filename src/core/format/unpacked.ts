import { type Bytes, concatBytes } from "../base/bytes.ts";
import { FormatError, IntegrityError } from "../base/errors.ts";
import { isKeyFile } from "./key-file.ts";

export type FormatVersion = 1 | 2;

/** What is asked of a cipher: codec/cipher.ts. */
export interface FileCipher {
  seal(plain: Bytes): Promise<Bytes>;
  open(sealed: Bytes): Promise<Bytes>;
}

/** What is asked of zstd: codec/compression.ts. */
export interface FileCompression {
  compress(plain: Bytes, mode: "auto"): Bytes;
  decompressBounded(frame: Bytes, limit: number): Bytes;
}

/**
 * The longest JSON that an unpacked file may decompress to. The largest index that restic writes, some 459,000 blobs,
 * has less than 100 MB.
 */
export const longestUnpackedBytes = 256 * 1024 * 1024;

/** First byte of a compressed file's plain bytes. */
const zstdMark = 2;
const openBrace = 0x7b;
const openBracket = 0x5b;

/**
 * Seals an index, snapshot or lock for storing: the JSON as it is in format 1, compressed behind the byte 2 in format 2,
 * whatever the compression mode. The JSON is lent, the result is the caller's.
 */
export async function sealUnpacked(
  json: Bytes,
  formatVersion: FormatVersion,
  cipher: FileCipher,
  compression: FileCompression,
): Promise<Bytes> {
  if (formatVersion === 1) return cipher.seal(json);
  return cipher.seal(concatBytes([Uint8Array.of(zstdMark), compression.compress(json, "auto")]));
}

/**
 * Opens an index, snapshot or lock of either format: a repository keeps its raw files when it is upgraded. Throws
 * IntegrityError "mac-mismatch", FormatError "sealed-data-short", "unknown-encoding", "compressed-data-malformed", and
 * "wrong-file-type" if what was stored is a key file.
 */
export async function openUnpacked(sealed: Bytes, cipher: FileCipher, compression: FileCompression): Promise<Bytes> {
  const plain = await openSealed(sealed, cipher);
  const first = plain[0];
  if (first === undefined || first === openBrace || first === openBracket) return plain;
  if (first === zstdMark) return compression.decompressBounded(plain.subarray(1), longestUnpackedBytes);
  throw new FormatError("unknown-encoding", { firstByte: first });
}

async function openSealed(sealed: Bytes, cipher: FileCipher): Promise<Bytes> {
  try {
    return await cipher.open(sealed);
  } catch (error) {
    if (!(error instanceof IntegrityError) || !isKeyFile(sealed)) throw error;
    throw new FormatError("wrong-file-type", { found: "key" }, { cause: error });
  }
}
