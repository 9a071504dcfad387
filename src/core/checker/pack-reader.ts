import type { ListedFile } from "../backend/backend.ts";
import type { Bytes } from "../base/bytes.ts";
import { FormatError, type HoldallError, IntegrityError, UnsupportedError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import type { CheckedPack, Codec, OpenedBlob } from "../codec/codec.ts";
import { ReusedBuffers } from "../codec/reused-buffers.ts";
import { decodePackHeader, locatePackHeader, type PackedBlob } from "../format/pack-header.ts";
import type { FormatVersion } from "../format/unpacked.ts";
import { isPackFailure } from "../repository/pack-failure.ts";

export interface PackReaderPorts {
  readonly config: { formatVersion: FormatVersion };
  readonly codec: Pick<Codec, "checkPack">;
  /** See Repository.loadPack. */
  loadPack(pack: ListedFile, into: Bytes, signal: AbortSignal): Promise<Bytes>;
}

/** Something that is wrong with a pack, or with one blob in it. */
export interface DataDamage {
  pack: Id;
  /** Null if it is about the pack as a whole. */
  blob: Id | null;
  error: HoldallError;
}

/** The end of a pack, which tells where its header is. */
const endLength = 4;

/** Reads packs whole, into memory that is used again, and compares all that they are with what the index says. */
export class PackReader {
  private readonly buffers: ReusedBuffers;

  /** `memoryBytes`: what the packs that are read at once have in all. */
  constructor(
    private readonly ports: PackReaderPorts,
    memoryBytes: number,
  ) {
    this.buffers = new ReusedBuffers(memoryBytes);
  }

  /** What is wrong with a pack of which the index names these blobs. Throws what says nothing about the pack. */
  async read(pack: ListedFile, listed: readonly PackedBlob[], signal: AbortSignal): Promise<DataDamage[]> {
    const buffer = this.buffers.take(pack.length);
    let sealed: Bytes;
    try {
      sealed = await this.ports.loadPack(pack, buffer, signal);
    } catch (error) {
      this.buffers.give(buffer);
      return [{ pack: pack.id, blob: null, error: knownDamage(error) }];
    }
    if (sealed.buffer !== buffer.buffer) this.buffers.give(buffer);
    return this.compare(pack, sealed, listed, signal);
  }

  private async compare(
    { id, length }: ListedFile,
    sealed: Bytes,
    listed: readonly PackedBlob[],
    signal: AbortSignal,
  ): Promise<DataDamage[]> {
    const header = result(() => locatePackHeader(sealed.subarray(-endLength), length));
    const place = "error" in header ? null : header.value;
    const checked = await this.ports.codec.checkPack({ sealed, header: place, blobs: listed }, signal);
    this.buffers.give(checked.sealed);
    const ofPack = (error: unknown) => ({ pack: id, blob: null, error: knownDamage(error) });
    return [
      ...(checked.hash === id ? [] : [ofPack(new IntegrityError("file-hash-mismatch", { type: "data", id }))]),
      ...("error" in header ? [ofPack(header.error)] : []),
      ...this.compareHeader({ id, length }, checked, listed).map(({ blob, error }) => ({ ...ofPack(error), blob })),
      ...checked.damaged.map(({ blob, error }) => ({ ...ofPack(error), blob })),
    ];
  }

  private compareHeader(
    { id, length }: ListedFile,
    { header }: Pick<CheckedPack, "header">,
    listed: readonly PackedBlob[],
  ): { blob: Id | null; error: unknown }[] {
    if (header === null) return [];
    const told = result(() => decodePackHeader(plainOf(header), length, this.ports.config.formatVersion));
    if ("error" in told) return [{ blob: null, error: told.error }];
    return disagreements(told.value, listed).map((blob) => {
      return { blob, error: new IntegrityError("pack-mismatch", { pack: id, blob }) };
    });
  }
}

/** The blobs of which a pack's header and the index do not tell the same; each once. */
function disagreements(header: readonly PackedBlob[], index: readonly PackedBlob[]): Id[] {
  const inIndex = new Map(index.map((blob) => [everythingOf(blob), blob.id]));
  const differing = new Set<Id>();
  for (const blob of header) if (!inIndex.delete(everythingOf(blob))) differing.add(blob.id);
  for (const id of inIndex.values()) differing.add(id);
  return [...differing];
}

/** All that both tell of a blob. */
function everythingOf({ type, id, offset, length, uncompressedLength }: PackedBlob): string {
  return `${type} ${id} ${offset} ${length} ${uncompressedLength ?? ""}`;
}

/** The same error, if it tells what is wrong with a pack; throws any other. */
function knownDamage(error: unknown): HoldallError {
  if (isPackFailure(error) || error instanceof FormatError || error instanceof UnsupportedError) return error;
  throw error;
}

function plainOf(opened: OpenedBlob): Bytes {
  if ("error" in opened) throw opened.error;
  return opened.plain;
}

function result<T>(work: () => T): { value: T } | { error: unknown } {
  try {
    return { value: work() };
  } catch (error) {
    return { error };
  }
}
