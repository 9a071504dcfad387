import { join } from "node:path";
import { seededBytes, TreeWriter } from "../support/source-tree.ts";

export const rootName = "Documents";

/** How many small files there are. */
export interface SourceShape {
  folders: number;
  filesInFolder: number;
}

const mebibyte = 1024 * 1024;
const largeMebibytes = 16;
const changedMebibytes = 12;
const smallFileBytes = 6_000;
const mediumFiles = 12;
/** The rest of one that is cancelled in its middle is worth reading to the end. */
const mediumFileBytes = 200_000;

/** A folder with a file that takes several packs, one that is another in every round, some medium and many small ones. */
export class ConnectionSource {
  readonly folder: string;
  private readonly tree: TreeWriter;

  constructor(
    parent: string,
    { folders, filesInFolder }: SourceShape,
    private readonly seed: number,
  ) {
    this.folder = join(parent, rootName);
    this.tree = new TreeWriter(this.folder);
    this.tree.file("large.bin", seededBytes(seed, largeMebibytes * mebibyte));
    for (let file = 0; file < mediumFiles; file++) {
      this.tree.file(`medium/${file}.bin`, seededBytes(seed + 200_000 + file, mediumFileBytes));
    }
    for (let file = 0; file < folders * filesInFolder; file++) {
      this.tree.file(`small ${file % folders}/${file}.bin`, seededBytes(seed + 1 + file, smallFileBytes));
    }
    this.change(0);
  }

  /** So that the next backup has packs to store, all of them of noise. */
  change(round: number): void {
    this.tree.file("changed.bin", seededBytes(this.seed + 100_000 + round, changedMebibytes * mebibyte));
  }
}
