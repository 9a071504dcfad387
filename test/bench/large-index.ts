import { type Id, idOfBytes } from "../../src/core/base/id.ts";
import {
  type IndexRecords,
  idWords,
  lengthWord,
  offsetWord,
  packWord,
  recordLength,
} from "../../src/core/codec/blob-record.ts";
import { MasterIndex } from "../../src/core/repository/master-index.ts";
import { SeededRandom } from "../faults/seeded-random.ts";

/** restic closes an index file at about so many blobs. */
const blobsInFile = 50_000;
const blobsInPack = 500;
const sealedLength = 48;
/** One of so many blobs is looked for. */
const lookedFor = 10;

export interface LargeIndex {
  blobs: number;
  /** Of its typed arrays: when it is full, and the most that they were. */
  memoryBytes: number;
  peakMemoryBytes: number;
  fillingSeconds: number;
  /** For one blob that it has. */
  askingNanoseconds: number;
}

/** Fills an index from the records of index files, which are made from a seed, and asks it. Runs in a browser, too. */
export function fillLargeIndex(blobs: number, seed: number): LargeIndex {
  const index = new MasterIndex();
  const random = new SeededRandom(seed);
  const wanted: Id[] = [];
  let fillingMs = 0;
  for (let first = 0; first < blobs; first += blobsInFile) {
    const file = indexFile(Math.min(blobsInFile, blobs - first), random);
    for (let blob = 0; blob * recordLength < file.records.length; blob += lookedFor) wanted.push(idAt(file, blob));
    fillingMs += milliseconds(() => index.addFile(file));
  }
  let found = 0;
  const askingMs = milliseconds(() => {
    for (const id of wanted) if (index.has("data", id)) found++;
  });
  if (found !== wanted.length) throw new Error(`the index found ${found} of ${wanted.length} blobs`);
  if (index.has("tree", wanted[0] as Id)) throw new Error("the index found what was never put into it");
  const { size, memoryBytes, peakMemoryBytes } = index;
  return {
    blobs: size,
    memoryBytes,
    peakMemoryBytes,
    fillingSeconds: fillingMs / 1000,
    askingNanoseconds: (1e6 * askingMs) / wanted.length,
  };
}

function indexFile(blobs: number, random: SeededRandom): IndexRecords {
  const records = new Uint32Array(blobs * recordLength);
  for (let blob = 0; blob < blobs; blob++) {
    const at = blob * recordLength;
    for (let word = 0; word < idWords; word++) records[at + word] = random.below(2 ** 32);
    records[at + packWord] = 2 * Math.floor(blob / blobsInPack);
    records[at + offsetWord] = (blob % blobsInPack) * sealedLength;
    records[at + lengthWord] = sealedLength;
  }
  const packs = Array.from({ length: Math.ceil(blobs / blobsInPack) }, () =>
    idOfWords(Array.from({ length: idWords }, () => random.below(2 ** 32))),
  );
  return { packs, records };
}

function idAt({ records }: IndexRecords, blob: number): Id {
  const at = blob * recordLength;
  return idOfWords(records.subarray(at, at + idWords));
}

function idOfWords(words: ArrayLike<number>): Id {
  const bytes = new DataView(new ArrayBuffer(4 * idWords));
  for (let word = 0; word < idWords; word++) bytes.setUint32(4 * word, words[word] ?? 0);
  return idOfBytes(new Uint8Array(bytes.buffer));
}

function milliseconds(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}
