import { type Bytes, textOf } from "../base/bytes.ts";
import { BackendError, type ErrorContext, FormatError } from "../base/errors.ts";
import { type Id, parseId } from "../base/id.ts";
import type { ListedFile } from "./backend.ts";

/** Four million files of 16 MiB are 64 TiB. */
const largestCount = 4_000_000;

/** A version 2 listing has lengths, a version 1 listing does not. */
export type RestListing = { version: 2; files: ListedFile[] } | { version: 1; ids: Id[] };

/**
 * Decodes a listing's body: `[{"name":…,"size":…},…]` (version 2) or `["name",…]` (version 1). Names that are no ids are
 * left out, names that come twice (some remotes of rclone have them) count once. Throws BackendError "short-body" if
 * the text was cut off, FormatError "listing-malformed" for anything else.
 */
export function decodeListing(bytes: Bytes, context: ErrorContext): RestListing {
  const entries = parseArray(bytes, context);
  if (entries.length > largestCount) throw malformed(context, "too-many");
  if (typeof entries[0] === "string") return { version: 1, ids: decodeNames(entries, context) };
  return { version: 2, files: decodeFiles(entries, context) };
}

function parseArray(bytes: Bytes, context: ErrorContext): unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (cause) {
    if (looksCutOff(bytes)) throw new BackendError("short-body", context, { retry: "later", cause });
    throw new FormatError("listing-malformed", { ...context, reason: "not-json" }, { cause });
  }
  if (!Array.isArray(value)) throw malformed(context, "not-an-array");
  return value;
}

/** A listing begins with "[" and ends with "]"; with the end missing, the rest was lost on the way. */
function looksCutOff(bytes: Bytes): boolean {
  if (bytes[0] !== 0x5b) return bytes.length === 0;
  let end = bytes.length - 1;
  while (end > 0 && isSpace(bytes[end])) end--;
  return bytes[end] !== 0x5d;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function decodeNames(entries: readonly unknown[], context: ErrorContext): Id[] {
  const ids = new Set<Id>();
  for (const name of entries) {
    if (typeof name !== "string") throw malformed(context, "entry");
    const id = parseId(name);
    if (id !== null) ids.add(id);
  }
  return [...ids];
}

function decodeFiles(entries: readonly unknown[], context: ErrorContext): ListedFile[] {
  const files = new Map<Id, ListedFile>();
  for (const entry of entries) {
    if (typeof entry !== "object" || entry === null) throw malformed(context, "entry");
    const { name, size } = entry as { name?: unknown; size?: unknown };
    if (typeof name !== "string") throw malformed(context, "name");
    const id = parseId(name);
    if (id === null) continue;
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) throw malformed(context, "size");
    if (!files.has(id)) files.set(id, { id, length: size });
  }
  return [...files.values()];
}

function malformed(context: ErrorContext, reason: string): FormatError {
  return new FormatError("listing-malformed", { ...context, reason });
}
