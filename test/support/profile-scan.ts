import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { brotliDecompressSync, gunzipSync, inflateRawSync } from "node:zlib";
import { snappyBlocks } from "./leveldb-blocks.ts";

/** Where a word was found in a browser's profile. */
export interface Trace {
  word: string;
  file: string;
  as: string;
}

/**
 * Looks for words in every file below a folder: in the bytes as they are, in UTF-16, percent-escaped, in Base64 (any of its
 * three shifts), and in what compressed blocks of LevelDB hold.
 */
export async function scanFolder(folder: string, words: readonly string[]): Promise<Trace[]> {
  const forms = words.flatMap((word) => formsOf(word).map((form) => ({ word, ...form })));
  const traces: Trace[] = [];
  for (const path of await filesBelow(folder)) {
    const raw = await readFile(path).catch(() => null); // sockets, and files that went meanwhile
    if (raw === null) continue;
    for (const { as, bytes } of viewsOf(path, raw)) {
      for (const form of forms) {
        if (bytes.includes(form.bytes)) {
          traces.push({ word: form.word, file: relative(folder, path), as: `${form.as} ${as}`.trim() });
        }
      }
    }
  }
  return traces;
}

function formsOf(word: string): { as: string; bytes: Buffer }[] {
  const forms = [
    { as: "UTF-8", bytes: Buffer.from(word, "utf8") },
    { as: "UTF-16", bytes: Buffer.from(word, "utf16le") },
    { as: "escaped", bytes: Buffer.from(encodeURIComponent(word), "utf8") },
  ];
  for (let shift = 0; shift < 3; shift += 1) {
    // The first and the last digits depend on the neighbours.
    const digits = Buffer.from("x".repeat(shift) + word)
      .toString("base64")
      .replace(/=+$/, "")
      .slice(shift === 0 ? 0 : 4, -2);
    if (digits.length >= 8) forms.push({ as: "Base64", bytes: Buffer.from(digits) });
  }
  return forms;
}

function viewsOf(path: string, raw: Buffer): { as: string; bytes: Buffer }[] {
  const views = [{ as: "", bytes: raw }];
  if (/\.(ldb|sst|log)$/.test(path)) {
    for (const bytes of snappyBlocks(raw)) views.push({ as: "in a LevelDB block", bytes });
  }
  for (const unpack of [gunzipSync, brotliDecompressSync, inflateRawSync]) {
    const bytes = orNull(() => unpack(raw));
    if (bytes !== null && bytes.length > 0) views.push({ as: "unpacked", bytes });
  }
  return views;
}

function orNull<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null; // not compressed in this way
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
