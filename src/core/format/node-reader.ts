import type { Bytes } from "../base/bytes.ts";
import { FieldNames } from "../base/field-names.ts";
import type { RawField } from "../base/go-json.ts";
import type { JsonReader } from "../base/go-json-reader.ts";
import type { Id } from "../base/id.ts";
import { type RawName, rawNameOf, rawNameOfBytes } from "../base/raw-name.ts";
import { zeroTime } from "../base/rfc3339.ts";
import type { ExtendedAttribute, Node } from "./node.ts";
import { unquoteName } from "./node-name.ts";
import { readFields } from "./stored-object.ts";

const nodeNames = [
  "name",
  "type",
  "mode",
  "mtime",
  "atime",
  "ctime",
  "uid",
  "gid",
  "user",
  "group",
  "inode",
  "device_id",
  "size",
  "links",
  "linktarget",
  "linktarget_raw",
  "extended_attributes",
  "generic_attributes",
  "device",
  "content",
  "subtree",
  "error",
] as const;
type NodeField = (typeof nodeNames)[number];
const names = new FieldNames<NodeField>(nodeNames);

const none: readonly never[] = [];
const noBytes: Bytes = new Uint8Array();

/** Reads one node of a tree. What is absent is as Go leaves it: empty, 0, null, the zero time. */
export function readNode(reader: JsonReader): Node {
  const from = reader.offset;
  const node = emptyNode();
  const unknownFields: RawField[] = [];
  let rawTarget: Bytes | null = null;
  for (let more = reader.enterObject(); more; more = reader.moreFields()) {
    const name = reader.readName(names);
    if (typeof name === "object") unknownFields.push(reader.readRawField(name.unknown));
    else if (reader.skipNull()) node.content = name === "content" ? null : node.content;
    else if (name === "linktarget_raw") rawTarget = reader.readBase64();
    else readField(node, name, reader);
  }
  if (rawTarget !== null) node.linkTarget = rawNameOfBytes(rawTarget);
  if (unknownFields.length > 0) node.unknownFields = unknownFields;
  node.source = reader.bytesSince(from);
  return node;
}

function readField(node: Node, name: Exclude<NodeField, "linktarget_raw">, reader: JsonReader): void {
  switch (name) {
    case "name":
      node.name = readName(reader);
      break;
    case "type":
    case "user":
    case "group":
    case "error":
      node[name] = reader.readString();
      break;
    case "mode":
    case "uid":
    case "gid":
      node[name] = reader.readUint32();
      break;
    case "mtime":
    case "atime":
    case "ctime":
      node[name] = reader.readTime();
      break;
    case "inode":
    case "size":
    case "links":
    case "device":
      node[name] = reader.readUint64();
      break;
    case "device_id":
      node.deviceId = reader.readUint64();
      break;
    case "linktarget":
      node.linkTarget = rawNameOf(reader.readString());
      break;
    case "extended_attributes":
      node.extendedAttributes = readExtendedAttributes(reader);
      break;
    case "generic_attributes":
      node.genericAttributes = readGenericAttributes(reader);
      break;
    case "content":
      node.content = readContent(reader);
      break;
    case "subtree":
      node.subtree = reader.readId();
      break;
  }
}

function readName(reader: JsonReader): RawName {
  const offset = reader.offset;
  return unquoteName(reader.readString()) ?? reader.fail("name not quoted as Go does", offset);
}

function readContent(reader: JsonReader): Id[] {
  const content: Id[] = [];
  for (let more = reader.enterArray(); more; more = reader.moreItems()) content.push(reader.readId());
  return content;
}

const attributeNames = new FieldNames(["name", "value"]);

function readExtendedAttributes(reader: JsonReader): ExtendedAttribute[] {
  const attributes: ExtendedAttribute[] = [];
  for (let more = reader.enterArray(); more; more = reader.moreItems()) {
    const attribute: ExtendedAttribute = { name: "", value: null };
    readFields(reader, attributeNames, (name) => {
      if (name === "name") attribute.name = reader.readString();
      else attribute.value = reader.readBase64();
    });
    attributes.push(attribute);
  }
  return attributes;
}

const noNames = new FieldNames<never>([]);

/** A map of any names; of two equal ones the last counts. */
function readGenericAttributes(reader: JsonReader): RawField[] {
  const fields = readFields(reader, noNames, () => {});
  return Array.from(new Map(fields.map((field) => [field.name, field])).values());
}

function emptyNode(): Node {
  return {
    name: "" as RawName,
    type: "",
    mode: 0,
    mtime: zeroTime,
    atime: zeroTime,
    ctime: zeroTime,
    uid: 0,
    gid: 0,
    user: "",
    group: "",
    inode: 0n,
    deviceId: 0n,
    size: 0n,
    links: 0n,
    linkTarget: "" as RawName,
    extendedAttributes: none,
    genericAttributes: none,
    device: 0n,
    content: null,
    subtree: null,
    error: "",
    unknownFields: none,
    source: noBytes,
  };
}
