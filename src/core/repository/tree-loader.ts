import type { OfflineCopy, PutOutcome } from "../backend/offline-copy.ts";
import { treeKey } from "../backend/offline-pin.ts";
import type { Bytes } from "../base/bytes.ts";
import { HoldallError, IntegrityError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { OpenedBlob } from "../codec/codec.ts";
import { decodeTree, type Tree } from "../format/tree.ts";
import type { BlobLoader } from "./blob-loader.ts";
import type { MasterIndex } from "./master-index.ts";
import type { PackRange } from "./pack-range.ts";
import { TreeBlocks } from "./tree-blocks.ts";

const cacheBytes = 32 * 1024 * 1024;

/** Loads trees, keeping the plain bytes of recently used ones and of their neighbours; sealed ones in the offline copy. */
export class TreeLoader {
  /** In order of last use, oldest first. */
  private readonly cache = new Map<Id, Bytes>();
  private cachedBytes = 0;
  private readonly loading = new Map<Id, Promise<Bytes>>();

  private blocks: TreeBlocks | null = null;

  /** `indexed` gives the index, once it is complete. */
  constructor(
    private readonly indexed: (signal: AbortSignal) => Promise<MasterIndex>,
    private readonly blobs: BlobLoader,
    private readonly copy: OfflineCopy | null = null,
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

  /** The blocks of which each has the tree; none if no index knows it. */
  async blocksOf(id: Id, signal: AbortSignal): Promise<PackRange[]> {
    const index = await this.indexed(signal);
    this.blocks ??= new TreeBlocks(index);
    return this.blocks.of(id);
  }

  /** Fetches a block into the offline copy, and into memory. Throws what is wrong with a tree in it. */
  async keepBlock(block: PackRange, signal: AbortSignal): Promise<PutOutcome> {
    const { opened, outcome } = await this.fetchBlock(block, signal);
    for (const result of opened) if ("error" in result) throw result.error;
    this.take(null, block, opened);
    return outcome;
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
    const blocks = await this.blocksOf(id, signal);
    const [first] = blocks;
    if (!first) throw new IntegrityError("blob-missing", { type: "tree", blob: id });
    const kept = await this.fetchKept(id, blocks, signal);
    if (kept !== null) return kept;
    return (await this.takeFromBlock(id, first, signal)) ?? this.blobs.load("tree", id, signal);
  }

  /** Null if the tree cannot be had there, since its pack is gone or damaged: another pack may have it, too. */
  private async takeFromBlock(id: Id, block: PackRange, signal: AbortSignal): Promise<Bytes | null> {
    try {
      const { opened } = await this.fetchBlock(block, signal);
      return this.take(id, block, opened);
    } catch (error) {
      if (error instanceof HoldallError && error.retry === "never" && !signal.aborted) return null;
      throw error;
    }
  }

  private async fetchKept(id: Id, blocks: readonly PackRange[], signal: AbortSignal): Promise<Bytes | null> {
    if (this.copy === null) return null;
    for (const block of blocks) {
      const key = treeKey(block);
      const sealed = await this.copy.get(key);
      signal.throwIfAborted();
      if (sealed === null) continue;
      const opened = await this.blobs.openRange(block, sealed, signal);
      const plain = this.take(id, block, opened);
      if (plain !== null) return plain;
      await this.copy.remove([key]);
    }
    return null;
  }

  /** Only a block all of whose trees are sound is kept. */
  private async fetchBlock(
    block: PackRange,
    signal: AbortSignal,
  ): Promise<{ opened: readonly OpenedBlob[]; outcome: PutOutcome }> {
    const sealed = await this.blobs.fetchRange(block, signal);
    // Opening takes the bytes away.
    const copied = this.copy === null ? null : sealed.slice();
    const opened = await this.blobs.openRange(block, sealed, signal);
    const isSound = opened.every((result) => "plain" in result);
    const outcome = copied !== null && isSound ? await this.copy?.put(treeKey(block), copied) : undefined;
    return { opened, outcome: outcome ?? "no storage" };
  }

  /** Takes the sound trees of a block into the cache, and returns the wanted one, if it is among them. */
  private take(id: Id | null, block: PackRange, opened: readonly OpenedBlob[]): Bytes | null {
    let found: Bytes | null = null;
    for (const [i, blob] of block.blobs.entries()) {
      const result = opened[i];
      if (!result || "error" in result) continue;
      this.keep(blob.id, result.plain);
      if (blob.id === id) found = result.plain;
    }
    return found;
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
