import { type Bytes, utf8 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { FieldNames } from "../base/field-names.ts";
import { encodeRawFields, goJsonString, goJsonStrings, type RawField } from "../base/go-json.ts";
import type { JsonReader } from "../base/go-json-reader.ts";
import type { Id } from "../base/id.ts";
import { zeroTime } from "../base/rfc3339.ts";
import { decodeSummary, encodeSummary, type SnapshotSummary } from "./snapshot-summary.ts";
import { readStoredObject, type StoredObjectType } from "./stored-object.ts";

/** The state of some folders at one time. Its id is the name of its file, not part of it. */
export interface Snapshot {
  /** RFC 3339 with the writer's offset, as it is written; base/rfc3339.ts reads it. */
  time: string;
  parent: Id | null;
  /** The root tree. */
  tree: Id;
  paths: readonly string[];
  hostname: string;
  username: string;
  uid: number;
  gid: number;
  excludes: readonly string[];
  tags: readonly string[];
  /** The snapshot that this one was first a copy of. */
  original: Id | null;
  programVersion: string;
  summary: SnapshotSummary | null;
  /** What newer programs have written: kept when the snapshot is written again. */
  unknownFields: readonly RawField[];
}

const names = new FieldNames([
  "time",
  "parent",
  "tree",
  "paths",
  "hostname",
  "username",
  "uid",
  "gid",
  "excludes",
  "tags",
  "original",
  "program_version",
  "summary",
]);
type SnapshotField = typeof names extends FieldNames<infer Name> ? Name : never;

const type: StoredObjectType<SnapshotField> = {
  kind: "snapshot",
  code: "snapshot-malformed",
  names,
  longestBytes: 64 * 1024 * 1024,
};

/** The JSON of a snapshot, field for field as restic writes it, with unknown fields behind. */
export function encodeSnapshot(snapshot: Snapshot): Bytes {
  let json = `{"time":"${snapshot.time}"`;
  if (snapshot.parent !== null) json += `,"parent":"${snapshot.parent}"`;
  json += `,"tree":"${snapshot.tree}","paths":${goJsonStrings(snapshot.paths)}`;
  if (snapshot.hostname !== "") json += `,"hostname":${goJsonString(snapshot.hostname)}`;
  if (snapshot.username !== "") json += `,"username":${goJsonString(snapshot.username)}`;
  if (snapshot.uid !== 0) json += `,"uid":${snapshot.uid}`;
  if (snapshot.gid !== 0) json += `,"gid":${snapshot.gid}`;
  if (snapshot.excludes.length > 0) json += `,"excludes":${goJsonStrings(snapshot.excludes)}`;
  if (snapshot.tags.length > 0) json += `,"tags":${goJsonStrings(snapshot.tags)}`;
  if (snapshot.original !== null) json += `,"original":"${snapshot.original}"`;
  if (snapshot.programVersion !== "") json += `,"program_version":${goJsonString(snapshot.programVersion)}`;
  if (snapshot.summary !== null) json += `,"summary":${encodeSummary(snapshot.summary)}`;
  return utf8(`${json}${encodeRawFields(snapshot.unknownFields)}}`);
}

/**
 * Reads a snapshot. One without a tree is refused: nothing can be done with it, and restic's check dies of it. Throws
 * FormatError "snapshot-malformed" or "wrong-file-type".
 */
export function decodeSnapshot(json: Bytes): Snapshot {
  const draft: SnapshotDraft = {
    time: zeroTime,
    parent: null,
    tree: null,
    paths: [],
    hostname: "",
    username: "",
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    original: null,
    programVersion: "",
    summary: null,
  };
  const unknownFields = readStoredObject(json, type, (name, reader) => readField(draft, name, reader));
  const { tree } = draft;
  if (tree === null) throw new FormatError("snapshot-malformed", { reason: "no tree" });
  return { ...draft, tree, unknownFields };
}

interface SnapshotDraft extends Omit<Snapshot, "tree" | "unknownFields"> {
  tree: Id | null;
}

function readField(draft: SnapshotDraft, name: SnapshotField, reader: JsonReader): void {
  switch (name) {
    case "time":
      draft.time = reader.readTime();
      break;
    case "parent":
    case "tree":
    case "original":
      draft[name] = reader.readId();
      break;
    case "paths":
    case "excludes":
    case "tags":
      draft[name] = reader.readStrings();
      break;
    case "hostname":
    case "username":
      draft[name] = reader.readString();
      break;
    case "uid":
    case "gid":
      draft[name] = reader.readUint32();
      break;
    case "program_version":
      draft.programVersion = reader.readString();
      break;
    case "summary":
      draft.summary = decodeSummary(reader);
      break;
  }
}
