import { type Bytes, utf8 } from "../base/bytes.ts";
import { UnsupportedError } from "../base/errors.ts";
import { FieldNames } from "../base/field-names.ts";
import { JsonReader } from "../base/go-json-reader.ts";
import type { Id } from "../base/id.ts";
import { sealOverhead } from "../codec/cipher.ts";
import type { BlobType } from "../codec/codec.ts";
import type { PackedBlob } from "./pack-header.ts";
import { refuseOtherKind } from "./stored-object.ts";
import type { FormatVersion } from "./unpacked.ts";

/** A pack and all of its blobs: an index lists a pack wholly or not at all. */
export interface IndexedPack {
  id: Id;
  blobs: readonly PackedBlob[];
}

/**
 * Receives what an index file holds, pack by pack. Every number has been checked. Nothing is kept from one call to the
 * next, so a million blobs cost no objects.
 */
export interface IndexVisitor {
  /** The blobs that follow lie in this pack. */
  pack(id: Id): void;
  /**
   * One blob of the pack. `id` holds the 32 bytes of its id and is lent until the call returns.
   * `uncompressedLength` is null for a blob that is not compressed.
   */
  blob(id: Bytes, type: BlobType, offset: number, length: number, uncompressedLength: number | null): void;
}

/** Where a blob may end at most. */
export const longestOffset = 0xffff_ffff;

/** The JSON of an index file. Throws RangeError without packs: an empty index is never written. */
export function encodeIndex(packs: readonly IndexedPack[]): Bytes {
  if (packs.length === 0) throw new RangeError("an index has at least one pack");
  return utf8(`{"packs":[${packs.map(encodePack).join(",")}]}\n`);
}

function encodePack(pack: IndexedPack): string {
  return `{"id":"${pack.id}","blobs":[${pack.blobs.map(encodeBlob).join(",")}]}`;
}

function encodeBlob(blob: PackedBlob): string {
  const uncompressed = blob.uncompressedLength === null ? "" : `,"uncompressed_length":${blob.uncompressedLength}`;
  return `{"id":"${blob.id}","type":"${blob.type}","offset":${blob.offset},"length":${blob.length}${uncompressed}}`;
}

/**
 * Reads an index file's JSON into a visitor. What was visited before an error stays visited. Throws FormatError
 * "index-malformed" or "wrong-file-type", UnsupportedError "compression-in-format-1".
 */
export function decodeIndex(json: Bytes, formatVersion: FormatVersion, visitor: IndexVisitor): void {
  new IndexDecoder(json, formatVersion, visitor).decode();
}

const indexNames = new FieldNames(["packs"]);
const packNames = new FieldNames(["id", "blobs"]);
const blobNames = new FieldNames(["id", "type", "offset", "length", "uncompressed_length"]);

class IndexDecoder {
  private readonly reader: JsonReader;
  private readonly blobId = new Uint8Array(32);

  constructor(
    json: Bytes,
    private readonly formatVersion: FormatVersion,
    private readonly visitor: IndexVisitor,
  ) {
    this.reader = new JsonReader(json, "index-malformed");
  }

  decode(): void {
    const { reader } = this;
    const names: string[] = [];
    for (let more = reader.enterObject(); more; more = reader.moreFields()) {
      const name = reader.readName(indexNames);
      names.push(typeof name === "object" ? name.unknown : name);
      if (name !== "packs") reader.skipValue();
      else if (!reader.skipNull()) this.readPacks();
    }
    reader.end();
    refuseOtherKind("index", names);
  }

  private readPacks(): void {
    for (let more = this.reader.enterArray(); more; more = this.reader.moreItems()) this.readPack();
  }

  /** Blobs that stand before their pack's id are passed over and read when it is known. */
  private readPack(): void {
    const { reader } = this;
    let id: Id | null = null;
    let blobsOffset: number | null = null;
    let hasBlobs = false;
    for (let more = reader.enterObject(); more; more = reader.moreFields()) {
      const name = reader.readName(packNames);
      if (name === "id") {
        if (id !== null) reader.fail("second id of a pack");
        id = reader.readId();
        this.visitor.pack(id);
      } else if (name === "blobs") {
        if (hasBlobs) reader.fail("second list of a pack's blobs");
        hasBlobs = true;
        blobsOffset = this.readOrPassBlobs(id);
      } else reader.skipValue();
    }
    if (id === null) this.reader.fail("pack without an id");
    if (blobsOffset !== null) this.readBlobsAt(blobsOffset);
  }

  /** Where the blobs are if they have yet to be read, else null. */
  private readOrPassBlobs(pack: Id | null): number | null {
    if (pack !== null) {
      this.readBlobs();
      return null;
    }
    const offset = this.reader.offset;
    this.reader.skipValue();
    return offset;
  }

  private readBlobsAt(offset: number): void {
    const end = this.reader.offset;
    this.reader.seek(offset);
    this.readBlobs();
    this.reader.seek(end);
  }

  private readBlobs(): void {
    if (this.reader.skipNull()) return;
    for (let more = this.reader.enterArray(); more; more = this.reader.moreItems()) this.readBlob();
  }

  private readBlob(): void {
    const { reader } = this;
    let hasId = false;
    let type: BlobType | null = null;
    let offset = 0;
    let length = 0;
    let uncompressedLength = 0;
    for (let more = reader.enterObject(); more; more = reader.moreFields()) {
      const name = reader.readName(blobNames);
      if (name === "id") {
        reader.readIdInto(this.blobId);
        hasId = true;
      } else if (name === "type") type = this.readType();
      else if (name === "offset") offset = reader.readUint32();
      else if (name === "length") length = reader.readUint32();
      else if (name === "uncompressed_length") uncompressedLength = reader.readUint32();
      else reader.skipValue();
    }
    if (!hasId || type === null) this.reader.fail("blob without an id or type");
    if (length < sealOverhead || offset + length > longestOffset) this.reader.fail("blob outside any pack");
    this.visit(type, offset, length, uncompressedLength);
  }

  private readType(): BlobType {
    const type = this.reader.readString();
    if (type !== "data" && type !== "tree") this.reader.fail("unknown blob type");
    return type;
  }

  /** As in restic, a length of 0 means that the blob is not compressed. */
  private visit(type: BlobType, offset: number, length: number, uncompressedLength: number): void {
    if (uncompressedLength !== 0 && this.formatVersion === 1) throw new UnsupportedError("compression-in-format-1");
    this.visitor.blob(this.blobId, type, offset, length, uncompressedLength === 0 ? null : uncompressedLength);
  }
}
