import { createHash } from "node:crypto";
import { lutimesSync, mkdirSync, type PathLike, writeFileSync } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { rawNameOfBytes } from "../../src/core/base/raw-name.ts";

/** A path inside a tree as text (its UTF-8 bytes) or as the bytes themselves. */
export type TreePath = string | Buffer;

const mebibyte = 1024 * 1024;
const slash = Buffer.from("/");

/** Pseudo-random bytes that depend on the seed alone (xorshift32, each state little-endian). The seed is not 0. */
export function seededBytes(seed: number, length: number): Buffer {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return Buffer.from(words.buffer, 0, length);
}

/** Makes files and folders below a root by raw paths; folders on the way are made when they are missing. */
export class TreeWriter {
  constructor(readonly root: string) {
    mkdirSync(root, { recursive: true });
  }

  file(path: TreePath, contents: Buffer | string, modified?: Date): void {
    const target = this.at(path);
    mkdirSync(target.subarray(0, target.lastIndexOf("/")), { recursive: true });
    writeFileSync(target, contents);
    if (modified !== undefined) lutimesSync(target, modified, modified);
  }

  folder(path: TreePath): void {
    mkdirSync(this.at(path), { recursive: true });
  }

  /** The path for Node's file functions. */
  at(path: TreePath): Buffer {
    return joinPath(Buffer.from(this.root), Buffer.from(path));
  }
}

/** Names that Linux allows and that some program on the way may stumble over. */
export const oddNames: readonly TreePath[] = [
  '"double quotes"',
  "single'quote",
  "back\\slash",
  "tab\there",
  "new\nline",
  "carriage\rreturn",
  "bell\x07",
  "escape\x1b[31m",
  "control\x01",
  "vertical\x0btab",
  "delete\x7f",
  "<html>&amp;",
  "no-break\u00a0space",
  "zero-width\u200bspace",
  "line\u2028separator",
  "paragraph\u2029separator",
  "byte-order\ufeffmark",
  "e\u0301 combining",
  "\u00e9 precomposed",
  "emoji \u{1f600}",
  "private \u{f0000}",
  "noncharacter \uffff",
  "replacement \ufffd",
  "日本語",
  " leading",
  "trailing ",
  "...",
  "-dash",
  "#hash",
  "%41",
  "$HOME",
  "C:",
  "a:b",
  "\u0080control",
  "soft\u00adhyphen",
  "x".repeat(255),
  Buffer.from([0x69, 0x6e, 0xff, 0xfe, 0x80, 0x2d, 0x38]),
  Buffer.from([0x6c, 0x61, 0x74, 0x69, 0x6e, 0x31, 0xe9]),
  Buffer.from([0x73, 0x75, 0x72, 0xed, 0xa0, 0x80]),
];

/** Names whose order differs between bytes, UTF-16 units and any language's. */
export const sortedNames = [
  "A",
  "a",
  "B",
  "Z",
  "_",
  "~",
  "aa",
  "a-",
  "a.",
  "a0",
  "ä",
  "ｚ",
  "\u{1f600}",
  "0",
  "10",
  "2",
];

/** How much of everything a tree for backups has. */
export interface SourceTreeSize {
  /** Length of the one large file. */
  largeBytes: number;
}

export const fullSize: SourceTreeSize = { largeBytes: 50 * mebibyte + 4321 };
export const smallSize: SourceTreeSize = { largeBytes: 3 * mebibyte + 21 };

/**
 * Fills a folder with what a backup must carry: odd names, empty files and folders, duplicates, sizes around the chunker's
 * limits, a large file, times before 1970 and far ahead. The same seed gives the same bytes, names and times.
 */
export function makeSourceTree(root: string, seed: number, size: SourceTreeSize): void {
  const tree = new TreeWriter(root);
  // Fractions of eighths: Node sets times by a float, and others would not be whole milliseconds on the disk.
  const plainDate = new Date("2023-05-06T07:08:09.125Z");
  const put = (path: TreePath, contents: Buffer | string, modified = plainDate) => tree.file(path, contents, modified);
  put("large.bin", largeFile(seed, size.largeBytes));
  put("documents/readme.txt", "hello restic\n", new Date("2024-02-29T12:00:00.250Z"));
  put("documents/copy of readme.txt", "hello restic\n");
  put("documents/deep/a/b/c/d/e/f/leaf.txt", "leaf\n");
  put("documents/compressible.log", "The quick brown fox jumps over the lazy dog 0123456789\n".repeat(20_000));
  const photo = seededBytes(seed + 1, 1_400_000);
  put("photos/one.jpg", photo);
  put("photos/the same.jpg", photo);
  put("photos/2024/once more.jpg", photo);
  put("empty/file", "", new Date("2286-11-20T17:46:40Z"));
  tree.folder("empty/folder");
  tree.folder("empty/folder of folders/inner");
  for (const [i, length] of [1, 524_287, 524_288, 524_289].entries()) {
    put(`sizes/${length}`, seededBytes(seed + 10 + i, length), new Date("1969-12-31T23:59:58.500Z"));
  }
  put("sizes/zeros", Buffer.alloc(mebibyte));
  // The digest of a run of ones is never a cut: the chunk has the maximum length.
  put("sizes/never cut", Buffer.alloc(8 * mebibyte + 1, 1));
  for (const name of oddNames) put(joinPath(Buffer.from("odd"), Buffer.from(name)), "odd name\n");
  for (const name of oddNames) tree.folder(joinPath(Buffer.from("odd folders"), Buffer.from(name)));
  for (const name of sortedNames) put(`sorted/${name}`, name);
}

/** Random bytes, text and a repetition of the random part, so that all of storing, compressing and deduplicating is met. */
function largeFile(seed: number, length: number): Buffer {
  const random = seededBytes(seed, Math.floor(length / 3));
  const text = Buffer.alloc(length - 2 * random.length, `line of a log file of seed ${seed}, which goes on and on\n`);
  return Buffer.concat([random, text, random]);
}

/** What is at a path: "folder", the SHA-256 of a file, or the kind of anything else. */
export type TreeDescription = Map<string, string>;

/** Everything below a folder by its path, as raw bytes one character each, without a slash in front. Reads every file. */
export async function describeTree(root: string): Promise<TreeDescription> {
  const description: TreeDescription = new Map();
  await describeFolder(Buffer.from(root), Buffer.alloc(0), description);
  return description;
}

async function describeFolder(root: Buffer, path: Buffer, description: TreeDescription): Promise<void> {
  const folder = path.length === 0 ? root : joinPath(root, path);
  for (const entry of await readdir(folder, { encoding: "buffer", withFileTypes: true })) {
    const below = path.length === 0 ? Buffer.from(entry.name) : joinPath(path, Buffer.from(entry.name));
    const key = rawNameOfBytes(new Uint8Array(below));
    if (entry.isDirectory()) {
      description.set(key, "folder");
      await describeFolder(root, below, description);
    } else {
      description.set(key, entry.isFile() ? await hashFile(joinPath(root, below)) : "special");
    }
  }
}

async function hashFile(path: PathLike): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    for await (const bytes of file.createReadStream({ autoClose: false, highWaterMark: mebibyte })) hash.update(bytes);
  } finally {
    await file.close();
  }
  return hash.digest("hex");
}

/** What two descriptions differ in, in words, at most ten lines; empty if they are equal. */
export function differences(expected: TreeDescription, actual: TreeDescription): string[] {
  const lines: string[] = [];
  for (const [path, what] of expected) {
    const other = actual.get(path);
    if (other !== what) lines.push(`${JSON.stringify(path)}: ${what} expected, ${other ?? "nothing"} found`);
  }
  for (const [path, what] of actual)
    if (!expected.has(path)) lines.push(`${JSON.stringify(path)}: ${what} not expected`);
  return lines.slice(0, 10);
}

function joinPath(folder: Buffer, name: Buffer): Buffer {
  return Buffer.concat([folder, slash, name]);
}
