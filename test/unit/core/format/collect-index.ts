import { idOfBytes } from "../../../../src/core/base/id.ts";
import type { IndexedPack, IndexVisitor } from "../../../../src/core/format/index-file.ts";
import type { PackedBlob } from "../../../../src/core/format/pack-header.ts";

/** The packs that a decoder shows to a visitor. */
export function collectIndex(decode: (visitor: IndexVisitor) => void): IndexedPack[] {
  const packs: { id: IndexedPack["id"]; blobs: PackedBlob[] }[] = [];
  decode({
    pack: (id) => packs.push({ id, blobs: [] }),
    blob: (id, type, offset, length, uncompressedLength) =>
      packs.at(-1)?.blobs.push({ type, id: idOfBytes(id), offset, length, uncompressedLength }),
  });
  return packs;
}
