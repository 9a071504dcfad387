import { type Bytes, textOf, utf8 } from "../core/base/bytes.ts";
import type { ErrorCode } from "../core/base/errors.ts";
import type { BackupRules, BackupRun, BackupSet, BackupSetSource, UnfinishedRun } from "./repository-api.ts";
import { countOf, fieldsOf, flagOf, listOf, oneOf, orNull, textOfField, unexpected } from "./stored-fields.ts";

/** A set as it is kept. */
export interface KeptSet {
  set: BackupSet;
  /** Newest first. */
  runs: readonly BackupRun[];
  /** Of the next run; null: it has not run yet. */
  rereadTurn: number | null;
}

export const mostSets = 100;
export const mostRuns = 100;
export const longestPath = 4096;
const longestId = 64;
const longestName = 300;
const mostSources = 100;
const mostTags = 100;
const mostPatterns = 10_000;
const longestPattern = 4096;
const mostMarkers = 100;
/** Some thousand times what people have. */
const longestRecord = 16 * 1024 * 1024;

/** Marks the bytes: whatever else is sealed under the same key never begins so. */
const setsMark = "holdall sets 1\n";
const runMark = "holdall run 1\n";

/** Plain bytes that are to be sealed. */
export function encodeSets(sets: readonly KeptSet[]): Bytes {
  return utf8(setsMark + JSON.stringify(sets));
}

/** Throws FormatError "unknown-encoding" if the bytes are no sets, or beyond the limits. */
export function decodeSets(plain: Bytes): KeptSet[] {
  return listOf(jsonIn(plain, setsMark), mostSets, keptSetOf);
}

/** Plain bytes that are to be sealed. */
export function encodeUnfinished(setId: string, run: UnfinishedRun): Bytes {
  return utf8(runMark + JSON.stringify({ setId, run }));
}

/** Throws FormatError "unknown-encoding" if the bytes are no run of this set. */
export function decodeUnfinished(plain: Bytes, wantedId: string): UnfinishedRun {
  const { setId, run } = fieldsOf(jsonIn(plain, runMark));
  if (setId !== wantedId) throw unexpected("a run of this set");
  const { startedMs, filesDone, bytesDone, bytesUploaded, currentPath } = fieldsOf(run);
  return {
    startedMs: countOf(startedMs),
    filesDone: countOf(filesDone),
    bytesDone: countOf(bytesDone),
    bytesUploaded: countOf(bytesUploaded),
    currentPath: textOfField(currentPath, longestPath),
  };
}

/** The same set, checked: what this refuses would not be read again. Throws FormatError "unknown-encoding". */
export function backupSetOf(value: unknown): BackupSet {
  const set = fieldsOf(value);
  return {
    id: idOfField(set["id"]),
    name: textOfField(set["name"], longestName),
    hostname: textOfField(set["hostname"], longestName),
    sources: listOf(set["sources"], mostSources, sourceOf),
    tags: listOf(set["tags"], mostTags, (tag) => textOfField(tag, longestName)),
    compression: oneOf(set["compression"], ["auto", "off", "max"]),
    rules: rulesOf(set["rules"]),
    packSizeBytes: orNull(set["packSizeBytes"], countOf),
    uploadLimit: orNull(set["uploadLimit"], countOf),
    skipIfUnchanged: flagOf(set["skipIfUnchanged"]),
    rereadEvery: orNull(set["rereadEvery"], countOf),
    reminderDays: orNull(set["reminderDays"], countOf),
    runsOnChange: flagOf(set["runsOnChange"]),
  };
}

function keptSetOf(value: unknown): KeptSet {
  const { set, runs, rereadTurn } = fieldsOf(value);
  return {
    set: backupSetOf(set),
    runs: listOf(runs, mostRuns, runOf),
    rereadTurn: orNull(rereadTurn, countOf),
  };
}

function sourceOf(value: unknown): BackupSetSource {
  const { id, rootName, kind } = fieldsOf(value);
  return {
    id: idOfField(id),
    rootName: textOfField(rootName, longestName),
    kind: oneOf(kind, ["folder", "files"]),
  };
}

function rulesOf(value: unknown): BackupRules {
  const rules = fieldsOf(value);
  const pattern = (text: unknown) => textOfField(text, longestPattern);
  return {
    exclude: listOf(rules["exclude"], mostPatterns, pattern),
    iexclude: listOf(rules["iexclude"], mostPatterns, pattern),
    excludeCaches: flagOf(rules["excludeCaches"]),
    excludeIfPresent: listOf(rules["excludeIfPresent"], mostMarkers, markerOf),
    excludeLargerThanBytes: orNull(rules["excludeLargerThanBytes"], countOf),
  };
}

function markerOf(value: unknown): BackupRules["excludeIfPresent"][number] {
  const { name, header } = fieldsOf(value);
  return { name: textOfField(name, longestName), header: textOfField(header, longestPattern) };
}

function runOf(value: unknown): BackupRun {
  const run = fieldsOf(value);
  return {
    startedMs: countOf(run["startedMs"]),
    durationMs: countOf(run["durationMs"]),
    outcome: oneOf(run["outcome"], ["stored", "unchanged", "dry-run", "failed", "cancelled"]),
    code: orNull(run["code"], codeOf),
    snapshot: orNull(run["snapshot"], snapshotOf),
    filesNew: countOf(run["filesNew"]),
    filesChanged: countOf(run["filesChanged"]),
    filesUnmodified: countOf(run["filesUnmodified"]),
    failures: countOf(run["failures"]),
    bytesRead: countOf(run["bytesRead"]),
    bytesStored: countOf(run["bytesStored"]),
  };
}

/** Ids become parts of keys and names of claims. */
function idOfField(value: unknown): string {
  const id = textOfField(value, longestId);
  if (/^[0-9A-Za-z_-]+$/.test(id)) return id;
  throw unexpected("id");
}

function snapshotOf(value: unknown): string {
  const id = textOfField(value, longestId);
  if (/^[0-9a-f]{64}$/.test(id)) return id;
  throw unexpected("snapshot");
}

/** Another version's code may be none of ours, but it is a word of ours that was sealed under the repository's key. */
function codeOf(value: unknown): ErrorCode {
  const code = textOfField(value, longestId);
  if (/^[a-z][a-z0-9-]*$/.test(code)) return code as ErrorCode;
  throw unexpected("code");
}

function jsonIn(plain: Bytes, mark: string): unknown {
  if (plain.length > longestRecord) throw unexpected("a shorter record");
  try {
    const text = textOf(plain);
    if (text.startsWith(mark)) return JSON.parse(text.slice(mark.length));
  } catch {
    // Neither text nor JSON: not what was kept either way.
  }
  throw unexpected(mark.trim());
}
