import { type Bytes, utf8 } from "../base/bytes.ts";
import { timeMs, zeroTime } from "../base/rfc3339.ts";
import { type Crc32, createCrc32 } from "../codec/crc32.ts";
import { unixPermissions } from "../format/file-mode.ts";
import type { ArchiveContent } from "./archive-content.ts";
import { portableNames } from "./name-policy.ts";
import type { PlannedEntry, TargetKind } from "./restore-plan.ts";
import {
  descriptor,
  descriptorLength,
  directoryEntry,
  directoryEntryLength,
  endRecords,
  endRecordsLength,
  localHeader,
  localHeaderLength,
  type ZipEntry,
} from "./zip-records.ts";

/**
 * What goes into a ZIP: files and folders under names that every system takes. Links are left out: extractors follow
 * them, or write a file that holds the target, and neither is what was backed up.
 */
export const zipTarget: TargetKind = {
  names: portableNames,
  comparison: "case-blind",
  specialTypes: new Set(),
  longestPath: 0xffff,
  refusal: () => null,
};

/**
 * Files up to this many bytes are read in whole before their header is written, so that it has their CRC and every reader
 * takes the entry, those included that read from a pipe. The CRC of a larger file comes in a descriptor behind it: holding
 * it back, or reading it twice, would cost more than such readers are worth. Whoever reads the directory at the end, as
 * the programs on people's desks do, finds it there in both cases.
 */
const mostHeldBack = 4 * 1024 * 1024;

/** The exact number of bytes that writeZip will give. */
export function zipLength(entries: readonly PlannedEntry[]): number {
  let offset = 0;
  let directoryLength = 0;
  for (const planned of entries) {
    const entry = zipEntryOf(planned);
    directoryLength += directoryEntryLength(entry, offset);
    offset += entryLength(entry);
  }
  return offset + directoryLength + endRecordsLength({ entries: entries.length, offset, length: directoryLength });
}

/** A ZIP of the entries, in parts of any size, each the taker's until the next is asked for. Throws what the content throws. */
export async function* writeZip(
  entries: readonly PlannedEntry[],
  content: ArchiveContent,
): AsyncGenerator<Bytes, void, undefined> {
  const crc32 = await createCrc32();
  const crcs = new Uint32Array(entries.length);
  for (const [i, planned] of entries.entries()) {
    const entry = zipEntryOf(planned);
    const writing = entry.hasDescriptor ? withDescriptor : withCrcFirst;
    crcs[i] = yield* writing(entry, content.of(planned), crc32);
  }
  yield* writeDirectory(entries, crcs);
}

async function* withCrcFirst(entry: ZipEntry, chunks: AsyncIterable<Bytes>, crc32: Crc32) {
  const held: Bytes[] = [];
  crc32.start();
  for await (const chunk of chunks) {
    crc32.update(chunk);
    held.push(chunk.length === entry.size ? chunk : chunk.slice());
  }
  const crc = crc32.finish();
  yield localHeader(entry, crc);
  yield* held;
  return crc;
}

async function* withDescriptor(entry: ZipEntry, chunks: AsyncIterable<Bytes>, crc32: Crc32) {
  yield localHeader(entry, 0);
  crc32.start();
  for await (const chunk of chunks) {
    crc32.update(chunk);
    yield chunk;
  }
  const crc = crc32.finish();
  yield descriptor(entry.size, crc);
  return crc;
}

function* writeDirectory(entries: readonly PlannedEntry[], crcs: Uint32Array): Generator<Bytes> {
  let offset = 0;
  let length = 0;
  for (const [i, planned] of entries.entries()) {
    const entry = zipEntryOf(planned);
    const record = directoryEntry(entry, crcs[i] ?? 0, offset);
    offset += entryLength(entry);
    length += record.length;
    yield record;
  }
  yield endRecords({ entries: entries.length, offset, length });
}

function entryLength(entry: ZipEntry): number {
  return localHeaderLength(entry) + entry.size + (entry.hasDescriptor ? descriptorLength(entry.size) : 0);
}

const fileType = 0o100000;
const folderType = 0o040000;

/** Made anew where it is needed: a hundred thousand of them would hold more memory than the plan. */
function zipEntryOf({ kind, target, facts, ...rest }: PlannedEntry): ZipEntry {
  const isFolder = kind === "folder";
  const size = "size" in rest ? rest.size : 0;
  // A program must not come to run as somebody else because it was in a ZIP.
  const permissions = unixPermissions(facts.mode) & 0o777;
  return {
    name: utf8(isFolder ? `${target.join("/")}/` : target.join("/")),
    size,
    isFolder,
    unixMode: permissions | (isFolder ? folderType : fileType),
    modifiedMs: facts.mtime === zeroTime ? null : timeMs(facts.mtime),
    hasDescriptor: size > mostHeldBack,
  };
}
