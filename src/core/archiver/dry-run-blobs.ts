import type { Id } from "../base/id.ts";
import type { BlobType, SealedBlob } from "../codec/codec.ts";
import { type BlobSaver, noTotals } from "../repository/blob-saver.ts";

/** What a run needs of the repository's blob saver. */
export type RunBlobs = Pick<BlobSaver, "totals" | "claim" | "store" | "finish" | "abandon">;

/** The blobs of a dry run: counted as new ones are, and dropped. */
export class DryRunBlobs implements RunBlobs {
  readonly totals = noTotals();
  private readonly claimed = { data: new Set<Id>(), tree: new Set<Id>() };

  constructor(private readonly index: { has(type: BlobType, id: Id): boolean }) {}

  claim(type: BlobType, ids: readonly Id[]): boolean[] {
    return ids.map((id) => {
      if (this.claimed[type].has(id) || this.index.has(type, id)) return false;
      this.claimed[type].add(id);
      return true;
    });
  }

  async store(blobs: readonly SealedBlob[]): Promise<void> {
    for (const blob of blobs) {
      if (blob.type === "data") this.totals.dataBlobs++;
      else this.totals.treeBlobs++;
      this.totals.addedBytes += blob.plainLength;
      this.totals.addedPackedBytes += blob.sealed.length;
    }
  }

  async finish(): Promise<void> {}

  async abandon(): Promise<void> {}
}
