import type { Bytes } from "../base/bytes.ts";
import { IntegrityError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { PackedBlob } from "../format/pack-header.ts";
import { decodeTree, type Tree } from "../format/tree.ts";
import type { BlobLoader } from "./blob-loader.ts";
import type { MasterIndex } from "./master-index.ts";
import { joinRanges } from "./pack-range.ts";

/** Trees of one folder hierarchy lie near each other, so a tree is fetched with its neighbours within this distance. */
const neighbourhoodBytes = 256 * 1024;
const cacheBytes = 32 * 1024 * 1024;

/** Loads trees, keeping the plain bytes of recently used ones and of their neighbours. */
export class TreeLoader {
  /** In order of last use, oldest first. */
  private readonly cache = new Map<Id, Bytes>();
  private cachedBytes = 0;
  private readonly loading = new Map<Id, Promise<Bytes>>();

  constructor(
    private readonly index: MasterIndex,
    private readonly blobs: BlobLoader,
  ) {}

  /** The decoded tree. Throws IntegrityError (missing, damaged), FormatError "tree-malformed" naming the tree. */
  async load(id: Id, signal: AbortSignal): Promise<Tree> {
    return decodeTree(await this.loadBytes(id, signal), id);
  }

  /** The tree's plain bytes, which belong to the cache and must not be changed. */
  async loadBytes(id: Id, signal: AbortSignal): Promise<Bytes> {
    const cached = this.cache.get(id);
    if (cached) {
      this.keep(id, cached);
      return cached;
    }
    const underWay = this.loading.get(id);
    if (underWay !== undefined) return this.orAlone(underWay, id, signal);
    const loading = this.fetch(id, signal).finally(() => this.loading.delete(id));
    this.loading.set(id, loading);
    return loading;
  }

  /** Waits for another caller's load; if only that caller gave up, loads the tree for this one. */
  private async orAlone(underWay: Promise<Bytes>, id: Id, signal: AbortSignal): Promise<Bytes> {
    try {
      return await underWay;
    } catch (error) {
      if (!isAbort(error) || signal.aborted) throw error;
      return this.loadBytes(id, signal);
    }
  }

  private async fetch(id: Id, signal: AbortSignal): Promise<Bytes> {
    const place = this.index.locations("tree", id)[0];
    if (!place) throw new IntegrityError("blob-missing", { type: "tree", blob: id });
    const range = joinRanges(place.pack, this.neighbours({ type: "tree", id, ...place }, place.pack)).find(
      (candidate) => candidate.blobs.some((blob) => blob.id === id),
    );
    if (!range) return this.blobs.load("tree", id, signal);
    const opened = await this.blobs.loadRange(range, signal);
    let found: Bytes | null = null;
    for (const [i, blob] of range.blobs.entries()) {
      const result = opened[i];
      if (!result || "error" in result) continue;
      this.keep(blob.id, result.plain);
      if (blob.id === id) found = result.plain;
    }
    return found ?? this.blobs.load("tree", id, signal);
  }

  private neighbours(wanted: PackedBlob, pack: Id): PackedBlob[] {
    return this.index
      .blobsOfPack(pack)
      .filter(
        (blob) =>
          blob.type === "tree" &&
          Math.abs(blob.offset - wanted.offset) <= neighbourhoodBytes &&
          (blob.id === wanted.id || !this.cache.has(blob.id)),
      );
  }

  private keep(id: Id, plain: Bytes): void {
    if (!this.cache.delete(id)) this.cachedBytes += plain.length;
    this.cache.set(id, plain);
    for (const [oldest, bytes] of this.cache) {
      if (this.cachedBytes <= cacheBytes || oldest === id) break;
      this.cache.delete(oldest);
      this.cachedBytes -= bytes.length;
    }
  }
}
