import type { Bytes } from "../base/bytes.ts";
import { type FormatCode, FormatError } from "../base/errors.ts";
import type { FieldNames } from "../base/field-names.ts";
import type { RawField } from "../base/go-json.ts";
import { JsonReader } from "../base/go-json-reader.ts";

/** What JSON is stored as in a repository. */
export type StoredKind = "config" | "key" | "index" | "snapshot" | "lock" | "tree";

/** Fields by which a kind is told from the others. A lock may lack its own: {"time":…} alone is one. */
const marks: Readonly<Record<StoredKind, readonly string[]>> = {
  config: ["chunker_polynomial"],
  key: ["kdf"],
  index: ["packs"],
  snapshot: ["tree", "paths"],
  lock: ["exclusive", "pid"],
  tree: ["nodes"],
};

/**
 * Throws "wrong-file-type" if an object's fields are another kind's. The repository's types share one key and one
 * encoding, so only the content tells that a server put a file under a type it was not written as.
 */
export function refuseOtherKind(expected: StoredKind, names: readonly string[]): void {
  if (marks[expected].some((mark) => names.includes(mark))) return;
  for (const [found, ownMarks] of Object.entries(marks)) {
    if (ownMarks.some((mark) => names.includes(mark))) throw new FormatError("wrong-file-type", { expected, found });
  }
}

export interface StoredObjectType<Name extends string> {
  kind: StoredKind;
  code: FormatCode;
  names: FieldNames<Name>;
  /** Longer files are refused unread. */
  longestBytes: number;
}

/**
 * Reads a stored file that is one small JSON object, a known field at a time (nulls are left out, as Go does), and gives
 * back its unknown fields. Throws FormatError of the type's code, or "wrong-file-type".
 */
export function readStoredObject<Name extends string>(
  json: Bytes,
  type: StoredObjectType<Name>,
  readField: (name: Name, reader: JsonReader) => void,
): RawField[] {
  const reader = new JsonReader(json, type.code);
  if (json.length > type.longestBytes) reader.fail("file too long");
  const names: string[] = [];
  const unknownFields = readFields(reader, type.names, (name) => {
    names.push(name);
    readField(name, reader);
  });
  reader.end();
  refuseOtherKind(type.kind, [...names, ...unknownFields.map((field) => field.name)]);
  return unknownFields;
}

/** Reads one object inside a file, a known field that is not null at a time; gives back its unknown fields. */
export function readFields<Name extends string>(
  reader: JsonReader,
  names: FieldNames<Name>,
  readField: (name: Name) => void,
): RawField[] {
  const unknownFields: RawField[] = [];
  for (let more = reader.enterObject(); more; more = reader.moreFields()) {
    const name = reader.readName(names);
    if (typeof name === "object") unknownFields.push(reader.readRawField(name.unknown));
    else if (!reader.skipNull()) readField(name);
  }
  return unknownFields;
}
