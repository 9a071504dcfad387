import type { Bytes } from "../base/bytes.ts";
import { FormatError, IntegrityError, UnsupportedError } from "../base/errors.ts";
import { idOfBytes } from "../base/id.ts";
import { type BlobOpener, groupsOf } from "./blob-opener.ts";
import type { Cipher } from "./cipher.ts";
import type { BlobToOpen, CheckedPack, OpenedBlob, PackToCheck } from "./codec.ts";
import { ContentRooms } from "./content-rooms.ts";
import { hashAlone } from "./hashing.ts";
import type { Kernel } from "./kernel.ts";
import { ReusedBuffers } from "./reused-buffers.ts";

/** Reads packs whole and keeps nothing of what they hold. */
export class PackChecker {
  private readonly buffers = new ReusedBuffers();

  constructor(
    private readonly cipher: Cipher,
    private readonly opener: BlobOpener,
    private readonly kernel: Kernel,
  ) {}

  /** See Codec.checkPack. */
  async check({ sealed, header, blobs }: PackToCheck, signal: AbortSignal): Promise<CheckedPack> {
    signal.throwIfAborted();
    // The pack has been read when this returns: what follows writes over it.
    const hashing = hashAlone(this.kernel, sealed);
    const opened = header && (await this.openHeader(sealed.subarray(header.offset, header.offset + header.length)));
    const damaged: CheckedPack["damaged"] = [];
    for (const group of groupsOf(blobs)) {
      damaged.push(...(await this.checkGroup(sealed, group)));
      signal.throwIfAborted();
    }
    return { sealed, hash: idOfBytes(await hashing), header: opened, damaged };
  }

  private openHeader(sealed: Bytes): Promise<OpenedBlob> {
    return this.cipher.open(sealed).then(
      (plain) => ({ plain }),
      (error: unknown) => ({ error }),
    );
  }

  /** What is wrong with the blobs. Throws what says nothing of the data, such as that the codec was closed. */
  private async checkGroup(pack: Bytes, group: readonly BlobToOpen[]): Promise<CheckedPack["damaged"]> {
    const rooms = new ContentRooms((least) => this.buffers.take(least));
    const results = await this.opener.open(pack, group, rooms);
    for (const buffer of rooms.buffers) this.buffers.give(buffer);
    return results.flatMap((result, i) => {
      if ("plain" in result) return [];
      if (!isDamage(result.error)) throw result.error;
      return [{ blob: (group[i] as BlobToOpen).id, error: result.error }];
    });
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof FormatError || error instanceof IntegrityError || error instanceof UnsupportedError;
}
