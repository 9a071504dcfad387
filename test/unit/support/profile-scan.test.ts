import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { snappyBlocks, unsnappy } from "../../support/leveldb-blocks.ts";
import { scanFolder } from "../../support/profile-scan.ts";

const word = "Kirschbaumwiese";

test("a word is found in every form that a browser may keep it in", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdall-scan-"));
  try {
    await mkdir(join(folder, "deep"));
    await writeFile(join(folder, "plain"), `before ${word} after`);
    await writeFile(join(folder, "deep", "wide"), Buffer.from(`before ${word}`, "utf16le"));
    await writeFile(join(folder, "packed"), gzipSync(`${word} twice ${word}`));
    for (const shift of [0, 1, 2]) {
      await writeFile(join(folder, `base64-${shift}`), Buffer.from(`${"-".repeat(shift)}${word}!`).toString("base64"));
    }
    await writeFile(join(folder, "table.ldb"), tableOf(snappyLiteralAndCopy()));
    await writeFile(join(folder, "other"), "Kirschbaum, wiese");
    const files = (await scanFolder(folder, [word])).map(({ file }) => file);
    expect(new Set(files)).toEqual(
      new Set(["plain", "deep/wide", "packed", "base64-0", "base64-1", "base64-2", "table.ldb"]),
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("Snappy's copies may overlap what they write", () => {
  // Literal "ab", then a copy of ten bytes from two back: tag 01, length 10 - 4, offset 2.
  const packed = Buffer.from([12, (2 - 1) << 2, 0x61, 0x62, ((10 - 4) << 2) | 1, 2]);
  expect(unsnappy(packed).toString()).toBe("abababababab");
});

test("what is no LevelDB table holds no blocks", () => {
  expect(snappyBlocks(Buffer.from("short"))).toEqual([]);
  expect(snappyBlocks(Buffer.alloc(100))).toEqual([]);
});

/** The word, with its end as a copy, so that it stands nowhere in the packed bytes as a whole. */
function snappyLiteralAndCopy(): Buffer {
  const plain = Buffer.from("wiese Kirschbaumwiese");
  const literal = plain.subarray(0, plain.length - 5);
  return Buffer.concat([
    Buffer.from([plain.length, (literal.length - 1) << 2]),
    literal,
    Buffer.from([((5 - 4) << 2) | 1, literal.length]),
  ]);
}

/** A table of one block of one entry that is never looked into, and the index that leads to it. */
function tableOf(packed: Buffer): Buffer {
  const data = Buffer.concat([packed, Buffer.from([1, 0, 0, 0, 0])]);
  const handle = Buffer.from([0, packed.length]);
  const index = Buffer.concat([
    Buffer.from([0, 1, handle.length, 0x6b]),
    handle,
    Buffer.from([0, 0, 0, 0, 1, 0, 0, 0]),
  ]);
  const footer = Buffer.alloc(48);
  footer.set([0, 0, data.length, index.length]);
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40);
  return Buffer.concat([data, index, Buffer.from([0, 0, 0, 0, 0]), footer]);
}
