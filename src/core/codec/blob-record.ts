import type { Id } from "../base/id.ts";

/**
 * What an index tells of one blob, as 12 words of 32 bits: its id as eight big-endian words, then the words below. Records
 * stand one behind the other, so a million blobs are one array and cross between threads at no cost.
 */
export type BlobRecords = Uint32Array<ArrayBuffer>;

export const recordLength = 12;

export const idWords = 8;
/** Twice the number of the blob's pack, and 1 more for a tree. */
export const packWord = 8;
export const offsetWord = 9;
/** Length of the sealed blob. */
export const lengthWord = 10;
/** Zero for a blob stored without compression: a compressed blob is never empty. */
export const uncompressedLengthWord = 11;

/** What an index file holds. Nothing else refers to it: it can be moved to another thread. */
export interface IndexRecords {
  /** Ids of its packs, by the number in the records; one that the file lists twice has two. */
  packs: Id[];
  records: BlobRecords;
}
