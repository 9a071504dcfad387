import type { Id } from "../base/id.ts";
import type { BlobLocation, MasterIndex } from "./master-index.ts";
import { joinRanges, type PackRange } from "./pack-range.ts";

/** Trees of one folder hierarchy lie near each other, so a tree is fetched with the others in its stretch of the pack. */
const blockBytes = 512 * 1024;
const packsInMemory = 8;

/**
 * What is fetched, and kept offline, to have one tree: the trees of its pack that begin in the same stretch, as one range.
 * Stretches lie on a grid, so that the same trees always come in the same block, whichever of them is asked for.
 */
export class TreeBlocks {
  /** Blocks by their number, of the packs that were asked for last. */
  private readonly packs = new Map<Id, Map<number, PackRange[]>>();
  private indexSize = 0;

  constructor(private readonly index: MasterIndex) {}

  /** The blocks of which each has the tree; none if no index knows it. */
  of(id: Id): PackRange[] {
    return this.index.locations("tree", id).map((place) => this.at(id, place));
  }

  private at(id: Id, place: BlobLocation): PackRange {
    const ranges = this.blocksOf(place.pack).get(blockNumber(place.offset)) ?? [];
    const holdsTree = ({ blobs }: PackRange) => blobs.some((blob) => blob.offset === place.offset && blob.id === id);
    return ranges.find(holdsTree) ?? { ...place, blobs: [{ type: "tree", id, ...place }] };
  }

  private blocksOf(pack: Id): Map<number, PackRange[]> {
    if (this.index.size !== this.indexSize) this.packs.clear();
    this.indexSize = this.index.size;
    const blocks = this.packs.get(pack) ?? readBlocks(this.index, pack);
    this.packs.delete(pack);
    this.packs.set(pack, blocks);
    for (const oldest of this.packs.keys()) if (this.packs.size > packsInMemory) this.packs.delete(oldest);
    return blocks;
  }
}

function readBlocks(index: MasterIndex, pack: Id): Map<number, PackRange[]> {
  const trees = index.blobsOfPack(pack).filter(({ type }) => type === "tree");
  const byNumber = new Map<number, typeof trees>();
  for (const tree of trees) {
    const number = blockNumber(tree.offset);
    const block = byNumber.get(number);
    if (block === undefined) byNumber.set(number, [tree]);
    else block.push(tree);
  }
  return new Map([...byNumber].map(([number, blobs]) => [number, joinRanges(pack, blobs)]));
}

function blockNumber(offset: number): number {
  return Math.floor(offset / blockBytes);
}
