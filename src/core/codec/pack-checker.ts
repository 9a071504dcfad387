import { type Bytes, discardBytes } from "../base/bytes.ts";
import { FormatError, IntegrityError, UnsupportedError } from "../base/errors.ts";
import { hashId, type Id, idOfBytes } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import { type Cipher, sealOverhead } from "./cipher.ts";
import type { BlobToOpen, CheckedPack, OpenedBlob, PackToCheck } from "./codec.ts";
import type { Compression } from "./compression.ts";
import type { Kernel } from "./kernel.ts";
import { isHashedInKernel, RunningHash } from "./sha256.ts";

/** Sealed bytes that are opened at once, over all packs that are checked here. */
const openingBytes = 4 * 1024 * 1024;
/** What a small blob counts for: so many of them are opened at once that no thread waits. */
const leastOpeningBytes = openingBytes / 32;

/**
 * Reads packs whole and keeps nothing of what they hold. No blob is put together where a hash of its pieces will do: fresh
 * memory costs more than reading does.
 */
export class PackChecker {
  private readonly opening = new Semaphore(openingBytes);

  constructor(
    private readonly cipher: Cipher,
    /** Of blobs; null in format 1. */
    private readonly compression: Compression | null,
    private readonly kernel: Kernel,
  ) {}

  /** See Codec.checkPack. */
  async check({ sealed, header, blobs }: PackToCheck, signal: AbortSignal): Promise<CheckedPack> {
    const hash = new RunningHash(this.kernel);
    const damaged: CheckedPack["damaged"] = [];
    const failures: unknown[] = [];
    const note = (blob: Id, error: unknown) => {
      if (isDamage(error)) damaged.push({ blob, error: namingBlob(error, blob) });
      else failures.push(error);
    };
    const checking: Promise<void>[] = [];
    let hashed = 0;
    for (const blob of [...blobs].sort((left, right) => left.offset - right.offset)) {
      const amount = Math.max(blob.length, leastOpeningBytes);
      await this.opening.acquire(amount);
      if (signal.aborted || failures.length > 0) {
        this.opening.release(amount);
        break;
      }
      const check = this.checkBlob(sealed, blob)
        .catch((error: unknown) => note(blob.id, error))
        .finally(() => this.opening.release(amount));
      checking.push(check);
      // The pack is hashed along with its blobs: while these are decrypted in other threads, and in stretches that are cached.
      const end = Math.max(hashed, Math.min(blob.offset + blob.length, sealed.length));
      hash.update(sealed.subarray(hashed, end));
      hashed = end;
    }
    await Promise.all(checking);
    signal.throwIfAborted();
    if (failures.length > 0) throw failures[0];
    hash.update(sealed.subarray(hashed));
    const opened = header && (await this.openHeader(sealed.subarray(header.offset, header.offset + header.length)));
    return { sealed, hash: idOfBytes(hash.finish()), header: opened, damaged };
  }

  private openHeader(sealed: Bytes): Promise<OpenedBlob> {
    return this.cipher.open(sealed).then(
      (plain) => ({ plain }),
      (error: unknown) => ({ error }),
    );
  }

  /** Throws what is wrong with the blob. */
  private async checkBlob(pack: Bytes, { id, offset, length, uncompressedLength }: BlobToOpen): Promise<void> {
    const sealed = pack.subarray(offset, offset + length);
    if (sealed.length !== length) throw new IntegrityError("blob-length-mismatch");
    const found =
      uncompressedLength === null ? await this.hashRaw(sealed) : await this.hashFrame(sealed, uncompressedLength);
    if (found !== id) throw new IntegrityError("blob-hash-mismatch");
  }

  /** [Note: two ways to hash] */
  private async hashRaw(sealed: Bytes): Promise<Id> {
    if (!isHashedInKernel(sealed.length - sealOverhead)) {
      const plain = await this.cipher.open(sealed);
      return hashId(plain).finally(() => discardBytes(plain));
    }
    const hash = new RunningHash(this.kernel);
    await this.cipher.openInPieces(sealed, (piece) => hash.update(piece));
    return idOfBytes(hash.finish());
  }

  private async hashFrame(sealed: Bytes, uncompressedLength: number): Promise<Id> {
    if (this.compression === null) throw new FormatError("compressed-data-malformed", { reason: "format 1" });
    const frame = await this.cipher.open(sealed);
    const hash = new RunningHash(this.kernel);
    this.compression.decompressInPlace(frame, uncompressedLength, (content) => hash.update(content));
    discardBytes(frame);
    return idOfBytes(hash.finish());
  }
}

/** False for what says nothing of the data, such as that the codec was closed. */
function isDamage(error: unknown): boolean {
  return error instanceof FormatError || error instanceof IntegrityError || error instanceof UnsupportedError;
}

/** The same error with the blob's id added to its context. */
export function namingBlob(error: unknown, blob: Id): unknown {
  if (error instanceof FormatError) return new FormatError(error.code, { ...error.context, blob }, { cause: error });
  if (error instanceof IntegrityError)
    return new IntegrityError(error.code, { ...error.context, blob }, { cause: error });
  return error;
}
