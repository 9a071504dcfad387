import type { Backend } from "../backend/backend.ts";
import { type Bytes, discardBuffer } from "../base/bytes.ts";
import { IntegrityError, isAbort } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import { Semaphore } from "../base/semaphore.ts";
import type { BlobType, Codec, OpenedBlob } from "../codec/codec.ts";
import { ReusedBuffers } from "../codec/reused-buffers.ts";
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

/**
 * Is given an opened blob, or why there is none, and owns the bytes, others beside which may lie in the same buffer. True once
 * it needs them no more: when that is so of all in a buffer, its memory is used again.
 */
export type Deliver = (id: Id, opened: OpenedBlob) => Promise<boolean>;

/** Loads and verifies blobs. A blob that is damaged in one pack is taken from the next that has it. */
export class BlobLoader {
  private readonly budget = new Semaphore(loadBudgetBytes);
  /** Of ranges; kept for the next ones as long as anything is loaded. */
  private readonly buffers = new ReusedBuffers(loadBudgetBytes);
  private loads = 0;

  constructor(private readonly ports: BlobLoaderPorts) {}

  /** One blob; the caller owns it. Throws IntegrityError "blob-missing" or what was wrong with its last copy. */
  async load(type: BlobType, id: Id, signal: AbortSignal): Promise<Bytes> {
    const results: OpenedBlob[] = [];
    const keep: Deliver = async (_, opened) => {
      results.push(opened);
      return false;
    };
    await this.loadEach(type, [id], keep, signal);
    const [result] = results;
    if (result && "plain" in result) return result.plain;
    throw result?.error ?? new IntegrityError("blob-missing", { type, blob: id });
  }

  /**
   * Loads many blobs, each of `ids` once, in an order that suits the packs. `deliver` gets each blob, or the error of its
   * last copy; while it has not resolved, the blob counts as in memory.
   */
  async loadEach(type: BlobType, ids: Iterable<Id>, deliver: Deliver, signal: AbortSignal): Promise<void> {
    this.loads++;
    try {
      await this.loadAll(type, ids, deliver, signal);
    } finally {
      this.loads--;
      if (this.loads === 0) this.buffers.clear();
    }
  }

  /** The bytes of one range as they are stored, in the memory of `into` or their own; the caller owns them. */
  fetchRange({ pack, offset, length }: PackRange, signal: AbortSignal, into?: Bytes): Promise<Bytes> {
    const range = { offset, length, ...(into === undefined ? {} : { into }) };
    return this.ports.backend.load({ type: "data", id: pack }, signal, range);
  }

  /** Opens the blobs of a range, each result in its place. The sealed bytes are gone then. */
  openRange({ offset, blobs }: PackRange, sealed: Bytes, signal: AbortSignal): Promise<OpenedBlob[]> {
    const toOpen = blobs.map((blob) => ({ ...blob, offset: blob.offset - offset }));
    return this.ports.codec.openBlobs(sealed, toOpen, signal);
  }

  private async loadAll(type: BlobType, ids: Iterable<Id>, deliver: Deliver, signal: AbortSignal): Promise<void> {
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

  /** Returns the blobs that could not be had from these ranges, with the reasons. */
  private async loadRanges(
    ranges: readonly PackRange[],
    deliver: Deliver,
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
    deliver: Deliver,
    failed: Map<Id, unknown>,
    signal: AbortSignal,
  ): Promise<void> {
    const opened = await this.tryRange(range, signal);
    const areUsed = await Promise.all(
      range.blobs.map(async ({ id }, i) => {
        const blob = opened[i];
        if (blob && "plain" in blob) return deliver(id, blob);
        failed.set(id, blob?.error);
        return true;
      }),
    );
    if (areUsed.every((isUsed) => isUsed)) this.giveBack(opened, range.length);
  }

  /** Memory of a range is kept for another one; what blobs were decompressed into is small, and given back at once. */
  private giveBack(opened: readonly OpenedBlob[], length: number): void {
    const buffers = new Set(opened.flatMap((blob) => ("plain" in blob ? [blob.plain.buffer] : [])));
    for (const buffer of buffers) {
      if (buffer.byteLength >= length) this.buffers.give(new Uint8Array(buffer));
      else discardBuffer(buffer);
    }
  }

  /** A pack that is gone or cut off is the error of each of its blobs, not of the whole load. */
  private async tryRange(range: PackRange, signal: AbortSignal): Promise<OpenedBlob[]> {
    try {
      const into = this.buffers.take(range.length);
      return await this.openRange(range, await this.fetchRange(range, signal, into), signal);
    } catch (error) {
      if (isAbort(error) || signal.aborted) throw error;
      return range.blobs.map(() => ({ error }));
    }
  }
}

function memoryOf(range: PackRange): number {
  return range.blobs.reduce((sum, blob) => sum + (blob.uncompressedLength ?? blob.length), range.length);
}
