import type { Backend } from "../backend/backend.ts";
import type { Bytes } from "../base/bytes.ts";
import { IntegrityError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { BlobType, Codec, OpenedBlob } from "../codec/codec.ts";
import type { MasterIndex } from "./master-index.ts";
import { type PackRange, planRanges } from "./pack-range.ts";

export interface BlobLoaderPorts {
  backend: Backend;
  codec: Codec;
  /** The index, once it is complete. */
  indexed: (signal: AbortSignal) => Promise<MasterIndex>;
}

/** Bytes of ranges and opened blobs that may be in memory at once. */
const loadBudgetBytes = 96 * 1024 * 1024;

/** Loads and verifies blobs. A blob that is damaged in one pack is taken from the next that has it. */
export class BlobLoader {
  private readonly budget = new Semaphore(loadBudgetBytes);

  constructor(private readonly ports: BlobLoaderPorts) {}

  /** One blob; the caller owns it. Throws IntegrityError "blob-missing" or what was wrong with its last copy. */
  async load(type: BlobType, id: Id, signal: AbortSignal): Promise<Bytes> {
    const results: OpenedBlob[] = [];
    await this.loadEach(type, [id], async (_, opened) => void results.push(opened), signal);
    const [result] = results;
    if (result && "plain" in result) return result.plain;
    throw result?.error ?? new IntegrityError("blob-missing", { type, blob: id });
  }

  /**
   * Loads many blobs, each of `ids` once, in an order that suits the packs. `deliver` gets each blob, or the error of its
   * last copy, and owns the buffer; while it has not resolved, the blob counts as in memory.
   */
  async loadEach(
    type: BlobType,
    ids: Iterable<Id>,
    deliver: (id: Id, opened: OpenedBlob) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const index = await this.ports.indexed(signal);
    let wanted: Iterable<Id> = new Set(ids);
    const errors = new Map<Id, unknown>();
    for (let attempt = 0; ; attempt++) {
      const { ranges, missing } = planRanges(index, type, wanted, attempt);
      for (const id of missing) {
        const error = errors.get(id) ?? new IntegrityError("blob-missing", { type, blob: id });
        await deliver(id, { error });
      }
      if (ranges.length === 0) return;
      const failed = await this.loadRanges(ranges, deliver, signal);
      for (const [id, error] of failed) errors.set(id, error);
      wanted = failed.keys();
    }
  }

  /** Fetches one range and opens its blobs, each result in its place. Rejects only if the range cannot be fetched. */
  async loadRange(range: PackRange, signal: AbortSignal): Promise<OpenedBlob[]> {
    return this.openRange(range, await this.fetchRange(range, signal), signal);
  }

  /** The bytes of one range as they are stored; the caller owns them. */
  fetchRange({ pack, offset, length }: PackRange, signal: AbortSignal): Promise<Bytes> {
    return this.ports.backend.load({ type: "data", id: pack }, signal, { offset, length });
  }

  /** Opens the blobs of a range, each result in its place. The sealed bytes are gone then. */
  openRange({ offset, blobs }: PackRange, sealed: Bytes, signal: AbortSignal): Promise<OpenedBlob[]> {
    const toOpen = blobs.map((blob) => ({ ...blob, offset: blob.offset - offset }));
    return this.ports.codec.openBlobs(sealed, toOpen, signal);
  }

  /** Returns the blobs that could not be had from these ranges, with the reasons. */
  private async loadRanges(
    ranges: readonly PackRange[],
    deliver: (id: Id, opened: OpenedBlob) => Promise<void>,
    signal: AbortSignal,
  ): Promise<Map<Id, unknown>> {
    const failed = new Map<Id, unknown>();
    const stop = new AbortController();
    const running = AbortSignal.any([signal, stop.signal]);
    const work: Promise<void>[] = [];
    try {
      for (const range of ranges) {
        const amount = memoryOf(range);
        await this.budget.acquire(amount, running);
        const loading = this.deliverRange(range, deliver, failed, running)
          .catch((error: unknown) => stop.abort(error))
          .finally(() => this.budget.release(amount));
        work.push(loading);
      }
    } finally {
      await Promise.all(work);
    }
    running.throwIfAborted();
    return failed;
  }

  private async deliverRange(
    range: PackRange,
    deliver: (id: Id, opened: OpenedBlob) => Promise<void>,
    failed: Map<Id, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await this.tryRange(range, signal);
    await Promise.all(
      range.blobs.map(async ({ id }, i) => {
        const blob = opened[i];
        if (blob && "plain" in blob) await deliver(id, blob);
        else failed.set(id, blob?.error);
      }),
    );
  }

  /** A pack that is gone or cut off is the error of each of its blobs, not of the whole load. */
  private async tryRange(range: PackRange, signal: AbortSignal): Promise<OpenedBlob[]> {
    try {
      return await this.loadRange(range, signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) throw error;
      return range.blobs.map(() => ({ error }));
    }
  }
}

function memoryOf(range: PackRange): number {
  return range.blobs.reduce((sum, blob) => sum + (blob.uncompressedLength ?? blob.length), range.length);
}
