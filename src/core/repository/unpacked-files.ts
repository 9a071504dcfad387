import type { Backend, NamedFileType } from "../backend/backend.ts";
import { loadVerified } from "../backend/verified-load.ts";
import type { Bytes } from "../base/bytes.ts";
import { FormatError, IntegrityError } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import type { Cipher } from "../codec/cipher.ts";
import type { Compression } from "../codec/compression.ts";
import { openUnpacked, sealUnpacked } from "../format/unpacked.ts";

export type UnpackedType = Exclude<NamedFileType, "data" | "key">;

/**
 * The files that are one sealed JSON document each: index, snapshot, lock. Their name is the hash of what is stored, so
 * saving the same document twice makes two files.
 */
export class UnpackedFiles {
  constructor(
    private readonly backend: Backend,
    private readonly cipher: Cipher,
    private readonly compression: Compression,
    private readonly formatVersion: 1 | 2,
  ) {}

  /** The JSON bytes of a file whose name and MAC were verified. Throws BackendError, IntegrityError, FormatError. */
  async load(type: UnpackedType, id: Id, signal: AbortSignal): Promise<Bytes> {
    const stored = await loadVerified(this.backend, { type, id }, signal);
    try {
      return await openUnpacked(stored, this.cipher, this.compression);
    } catch (error) {
      throw namingFile(error, type, id);
    }
  }

  /** Seals and stores a document; resolves when it is durable. The JSON is only read. */
  async save(type: UnpackedType, json: Bytes, signal: AbortSignal): Promise<Id> {
    const { id, sealed } = await this.seal(json);
    await this.backend.save({ type, id }, sealed, signal);
    return id;
  }

  /** What is to be stored of a document, and its name: for those who must know the name before it is stored. */
  async seal(json: Bytes): Promise<{ id: Id; sealed: Bytes }> {
    const sealed = await sealUnpacked(json, this.formatVersion, this.cipher, this.compression);
    return { id: await hashId(sealed), sealed };
  }
}

/** The same error with the file's type and id in its context. */
export function namingFile(error: unknown, type: NamedFileType, id: Id): unknown {
  if (error instanceof IntegrityError) {
    return new IntegrityError(error.code, { ...error.context, type, id }, { cause: error });
  }
  if (error instanceof FormatError) {
    return new FormatError(error.code, { ...error.context, type, id }, { cause: error });
  }
  return error;
}
