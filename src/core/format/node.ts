import { base64Of } from "../base/base64.ts";
import { type Bytes, utf8 } from "../base/bytes.ts";
import { compactGoJson, encodeRawFields, goJsonString, goJsonStringOfBytes, type RawField } from "../base/go-json.ts";
import type { Id } from "../base/id.ts";
import { bytesOfRawName, isPlainName, type RawName } from "../base/raw-name.ts";
import { canonicalTime, formatTime } from "../base/rfc3339.ts";
import { validTextsOf } from "../base/utf8.ts";
import { quoteName } from "./node-name.ts";

/** What a tree says of one file, folder or other thing, as it can be written. Times are RFC 3339 text: base/rfc3339.ts. */
export interface NewNode {
  name: RawName;
  /** file, dir, symlink, dev, chardev, fifo, socket, irregular; another text if a newer program wrote it. */
  type: string;
  /** Go's os.FileMode, not st_mode: type bits from 2^31 downwards, permissions in the low nine. */
  mode: number;
  mtime: string;
  atime: string;
  ctime: string;
  uid: number;
  gid: number;
  user: string;
  group: string;
  inode: bigint;
  deviceId: bigint;
  size: bigint;
  links: bigint;
  /** Where a symlink leads, as raw bytes; empty if the node is none. */
  linkTarget: RawName;
  extendedAttributes: readonly ExtendedAttribute[];
  /** What other systems know of the node (windows.creation_time and the like): values as JSON text. */
  genericAttributes: readonly RawField[];
  device: bigint;
  /** The chunks of a file; null for everything else. */
  content: readonly Id[] | null;
  /** The tree of a folder. */
  subtree: Id | null;
  error: string;
  /** What newer programs have written. */
  unknownFields: readonly RawField[];
}

/** A node as it was read. */
export interface Node extends NewNode {
  /**
   * The exact bytes of its JSON object: a view of the tree's plain bytes, which it keeps alive. Put into a new tree as
   * it is, nothing of the node is lost, whoever wrote it.
   */
  source: Bytes;
}

export interface ExtendedAttribute {
  name: string;
  /** Null where null was written. */
  value: Bytes | null;
}

const fileMode = 0o644;
const folderMode = 2 ** 31 + 0o755;

export interface NewFile {
  name: RawName;
  size: number;
  /** Milliseconds since 1970. */
  modifiedMs: number;
  content: readonly Id[];
  /** The file's node in the parent snapshot. */
  from?: Node | null;
}

/**
 * The node of a new or changed file: what a browser knows of it. A changed one keeps mode and owner of its node in the
 * parent, but not inode, links and extended attributes, which may be another file's by now. Throws RangeError if the
 * name is no file name.
 */
export function fileNode({ name, size, modifiedMs, content, from }: NewFile): NewNode {
  return { ...bareNode(name, "file", from?.mode ?? fileMode, modifiedMs, from), size: BigInt(size), content };
}

export interface NewFolder {
  name: RawName;
  /** Milliseconds since 1970. */
  modifiedMs: number;
  subtree: Id;
  /** The folder's node in the parent snapshot. */
  from?: Node | null;
}

/** The node of a new or changed folder; mode and owner are kept as for files. Throws RangeError if the name is no file name. */
export function folderNode({ name, modifiedMs, subtree, from }: NewFolder): NewNode {
  return { ...bareNode(name, "dir", from?.mode ?? folderMode, modifiedMs, from), subtree };
}

function bareNode(
  name: RawName,
  type: "file" | "dir",
  mode: number,
  modifiedMs: number,
  from: Node | null | undefined,
): NewNode {
  if (!isPlainName(name)) throw new RangeError("not a file name");
  const time = formatTime(modifiedMs);
  return {
    name,
    type,
    mode,
    mtime: time,
    atime: time,
    ctime: time,
    uid: from?.uid ?? 0,
    gid: from?.gid ?? 0,
    user: from?.user ?? "",
    group: from?.group ?? "",
    inode: 0n,
    deviceId: 0n,
    size: 0n,
    links: 0n,
    linkTarget: "" as RawName,
    extendedAttributes: [],
    genericAttributes: [],
    device: 0n,
    content: null,
    subtree: null,
    error: "",
    unknownFields: [],
  };
}

/**
 * The canonical JSON of a node: byte for byte what restic writes of it, with unknown fields behind. Throws RangeError if
 * a time is none.
 */
export function encodeNode(node: NewNode): Bytes {
  let json = `{"name":${goJsonString(quoteName(node.name))},"type":${goJsonString(node.type)}`;
  if (node.mode !== 0) json += `,"mode":${node.mode}`;
  json += encodeTimes(node);
  json += `,"uid":${node.uid},"gid":${node.gid}`;
  if (node.user !== "") json += `,"user":${goJsonString(node.user)}`;
  if (node.group !== "") json += `,"group":${goJsonString(node.group)}`;
  if (node.inode !== 0n) json += `,"inode":${node.inode}`;
  if (node.deviceId !== 0n) json += `,"device_id":${node.deviceId}`;
  if (node.size !== 0n) json += `,"size":${node.size}`;
  if (node.links !== 0n) json += `,"links":${node.links}`;
  if (node.linkTarget !== "") json += encodeLinkTarget(node.linkTarget);
  if (node.extendedAttributes.length > 0) json += encodeExtendedAttributes(node.extendedAttributes);
  if (node.genericAttributes.length > 0) json += encodeGenericAttributes(node.genericAttributes);
  if (node.device !== 0n) json += `,"device":${node.device}`;
  json += node.content === null ? `,"content":null` : `,"content":[${encodeIds(node.content)}]`;
  if (node.subtree !== null) json += `,"subtree":"${node.subtree}"`;
  if (node.error !== "") json += `,"error":${goJsonString(node.error)}`;
  return utf8(`${json}${encodeRawFields(node.unknownFields)}}`);
}

function encodeIds(ids: readonly Id[]): string {
  return ids.length === 0 ? "" : `"${ids.join('","')}"`;
}

function encodeTimes({ mtime, atime, ctime }: NewNode): string {
  const modified = encodeTime(mtime);
  const accessed = atime === mtime ? modified : encodeTime(atime);
  const changed = ctime === mtime ? modified : encodeTime(ctime);
  return `,"mtime":"${modified}","atime":"${accessed}","ctime":"${changed}"`;
}

function encodeTime(text: string): string {
  const canonical = canonicalTime(text);
  if (canonical === null) throw new RangeError("not a time");
  return canonical;
}

/** The raw form stands beside the text, and only if the text cannot say it. */
function encodeLinkTarget(target: RawName): string {
  const bytes = bytesOfRawName(target);
  const json = `,"linktarget":${goJsonStringOfBytes(bytes)}`;
  return validTextsOf(bytes).length === 1 ? json : `${json},"linktarget_raw":"${base64Of(bytes)}"`;
}

function encodeExtendedAttributes(attributes: readonly ExtendedAttribute[]): string {
  const items = attributes.map(({ name, value }) => {
    const encoded = value === null ? "null" : `"${base64Of(value)}"`;
    return `{"name":${goJsonString(name)},"value":${encoded}}`;
  });
  return `,"extended_attributes":[${items.join(",")}]`;
}

/** Go writes a map in the order of its keys' bytes. */
function encodeGenericAttributes(attributes: readonly RawField[]): string {
  const sorted = attributes
    .map((field) => ({ key: utf8Key(field.name), field }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const items = sorted.map(({ field }) => `${goJsonString(field.name)}:${compactGoJson(field.json)}`);
  return `,"generic_attributes":{${items.join(",")}}`;
}

/** Text whose order by code units is the order of the name's UTF-8 bytes. */
function utf8Key(name: string): string {
  return Array.from(utf8(name), (byte) => String.fromCharCode(byte)).join("");
}
