import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { access, mkdir, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SeededRandom } from "../faults/seeded-random.ts";
import { seededBytes } from "../support/source-tree.ts";
import { LogText } from "./bench-text.ts";

const mebibyte = 1024 * 1024;

/** How much of everything there is. */
export interface DataSizes {
  largeMebibytes: number;
  treeFiles: number;
  smallFiles: number;
  blobs: number;
  requests: number;
  sparseGibibytes: number;
  manyFiles: number;
}

export const fullSizes: DataSizes = {
  largeMebibytes: 1024,
  treeFiles: 70_000,
  smallFiles: 20_000,
  blobs: 1_000_000,
  requests: 10_000,
  sparseGibibytes: 20,
  manyFiles: 300_000,
};
export const quickSizes: DataSizes = {
  largeMebibytes: 128,
  treeFiles: 5_000,
  smallFiles: 2_000,
  blobs: 100_000,
  requests: 600,
  sparseGibibytes: 2,
  manyFiles: 15_000,
};

/** What a tree consists of: many files are small, most of its bytes are in few. The mean is 12.8 kB. */
const medianFileBytes = 2_500;
const sizeSpread = 1.8;
const largestFileBytes = 4 * mebibyte;
const filesPerFolder = 14;
const textShare = 0.7;
const smallFileBytes = 4096;

/** The folders that are backed up, made from a seed when they are first asked for, below one folder of the disk. */
export class BenchData {
  constructor(
    readonly root: string,
    readonly sizes: DataSizes,
    readonly seed: number,
  ) {}

  /** One file that nothing makes smaller. */
  random(): Promise<string> {
    return this.made("random", (folder) =>
      this.writeLarge(join(folder, "random.bin"), (part) => seededBytes(part, mebibyte)),
    );
  }

  /** One file of text. */
  text(): Promise<string> {
    const text = new LogText(this.seed);
    return this.made("text", (folder) => this.writeLarge(join(folder, "text.log"), () => text.bytes(mebibyte)));
  }

  /** Files of all sizes in folders three deep. */
  tree(): Promise<string> {
    return this.made("tree", async (folder) => writeTree(folder, this.sizes.treeFiles, this.seed));
  }

  small(): Promise<string> {
    return this.made("small", async (folder) => writeSmallFiles(folder, this.sizes.smallFiles, this.seed));
  }

  /** One file of nothing but zeros, which takes no room on the disk. */
  sparse(): Promise<string> {
    const { sparseGibibytes } = this.sizes;
    return this.made(`sparse ${sparseGibibytes}`, async (folder) => {
      const file = openSync(join(folder, "zeros.bin"), "w");
      ftruncateSync(file, sparseGibibytes * 1024 * mebibyte);
      closeSync(file);
    });
  }

  /** Very many files of a few bytes, in folders of a thousand. */
  many(): Promise<string> {
    const { manyFiles } = this.sizes;
    return this.made(`thousands ${manyFiles}`, async (folder) => writeManyFiles(folder, manyFiles, this.seed));
  }

  /** Changes one file in a hundred of the tree, others each round. */
  async editTree(round: number): Promise<void> {
    const folder = await this.tree();
    for (let file = round % 100; file < this.sizes.treeFiles; file += 100) {
      const path = join(folder, treePath(file));
      const content = await readFile(path);
      await writeFile(path, Buffer.concat([Buffer.from(`round ${round} of ${this.seed}\n`), content]));
    }
  }

  /** A folder that is there whole or not at all; of another size or seed, another one. */
  private async made(name: string, make: (folder: string) => Promise<void>): Promise<string> {
    const { largeMebibytes, treeFiles, smallFiles } = this.sizes;
    const folder = join(this.root, `${name}-${this.seed}-${largeMebibytes}-${treeFiles}-${smallFiles}`);
    if (
      await access(folder).then(
        () => true,
        () => false,
      )
    )
      return join(folder, name);
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(join(unfinished, name), { recursive: true });
    await make(join(unfinished, name));
    await rename(unfinished, folder);
    return join(folder, name);
  }

  private async writeLarge(path: string, part: (number: number) => Buffer): Promise<void> {
    await using file = await open(path, "w");
    for (let number = 1; number <= this.sizes.largeMebibytes; number++) await file.write(part(this.seed + number));
  }
}

function writeTree(folder: string, files: number, seed: number): void {
  const random = new SeededRandom(seed);
  const text = new LogText(seed + 1);
  for (let file = 0; file < files; file++) {
    const bytes = Math.min(largestFileBytes, Math.round(medianFileBytes * Math.exp(sizeSpread * normal(random))));
    const isText = random.fraction() < textShare;
    if (file % filesPerFolder === 0) mkdirSync(join(folder, treePath(file), ".."), { recursive: true });
    writeFileSync(join(folder, treePath(file)), isText ? text.bytes(bytes) : seededBytes(seed + file + 1, bytes));
  }
}

/** 14 files to a folder, 14 such folders to one above, and so on. */
function treePath(file: number): string {
  const folder = Math.floor(file / filesPerFolder);
  const above = Math.floor(folder / filesPerFolder);
  return join(`area ${Math.floor(above / filesPerFolder)}`, `project ${above}`, `part ${folder}`, `file ${file}.dat`);
}

function writeSmallFiles(folder: string, files: number, seed: number): void {
  for (let file = 0; file < files; file++) {
    const below = join(folder, `folder ${file % 100}`);
    if (file < 100) mkdirSync(below);
    writeFileSync(join(below, `file ${file}.dat`), seededBytes(seed + file + 1, smallFileBytes));
  }
}

function writeManyFiles(folder: string, files: number, seed: number): void {
  for (let file = 0; file < files; file++) {
    const below = join(folder, `folder ${Math.floor(file / 1000)}`);
    if (file % 1000 === 0) mkdirSync(below);
    writeFileSync(join(below, `file ${file}.txt`), `file ${file} of ${seed}\n`);
  }
}

/** Of the normal distribution (Box and Muller's way). */
function normal(random: SeededRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.fraction())) * Math.cos(2 * Math.PI * random.fraction());
}
