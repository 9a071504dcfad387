import { type Bytes, concatBytes, equalBytes, utf8 } from "../base/bytes.ts";
import { FormatError } from "../base/errors.ts";
import { FieldNames } from "../base/field-names.ts";
import type { RawField } from "../base/go-json.ts";
import { JsonReader } from "../base/go-json-reader.ts";
import type { Id } from "../base/id.ts";
import { displayName, type RawName } from "../base/raw-name.ts";
import { encodeNode, type Node } from "./node.ts";
import { readNode } from "./node-reader.ts";
import { refuseOtherKind } from "./stored-object.ts";

/** One folder: its nodes in the order in which they are written. */
export interface Tree {
  nodes: readonly Node[];
  /** False if the names are not strictly ascending by bytes: such a tree can be browsed, but restic misses nodes of it. */
  isOrdered: boolean;
  /** What newer programs have written beside the nodes. */
  unknownFields: readonly RawField[];
  /** True if the plain bytes are no longer than what encodeTree makes of the nodes' sources: there is nothing else in them. */
  isCompact: boolean;
}

/** More entries than any folder has; a bound for what a hostile tree can make of memory. */
export const mostNodes = 2_000_000;

const names = new FieldNames(["nodes"]);

/**
 * Reads a tree's plain bytes, which the nodes keep views of. The id, if given, is named in errors. Disorder is told, not
 * refused. Throws FormatError "tree-malformed" or "wrong-file-type".
 */
export function decodeTree(plain: Bytes, id?: Id): Tree {
  const reader = new JsonReader(plain, "tree-malformed", id === undefined ? {} : { tree: id });
  const unknownFields: RawField[] = [];
  let nodes: Node[] | null = null;
  for (let more = reader.enterObject(); more; more = reader.moreFields()) {
    const name = reader.readName(names);
    if (typeof name === "object") unknownFields.push(reader.readRawField(name.unknown));
    else if (nodes !== null) reader.fail("second list of nodes");
    else nodes = readNodes(reader);
  }
  reader.end();
  if (nodes === null) {
    refuseOtherKind(
      "tree",
      unknownFields.map((field) => field.name),
    );
    return reader.fail("no list of nodes");
  }
  return {
    nodes,
    isOrdered: isAscending(nodes),
    unknownFields,
    isCompact: plain.length === encodedLength(nodes.map(({ source }) => source)),
  };
}

function isAscending(nodes: readonly Node[]): boolean {
  let last: RawName | null = null;
  for (const { name } of nodes) {
    if (last !== null && name <= last) return false;
    last = name;
  }
  return true;
}

function readNodes(reader: JsonReader): Node[] {
  const nodes: Node[] = [];
  for (let more = reader.enterArray(); more; more = reader.moreItems()) {
    if (nodes.length === mostNodes) reader.fail("too many nodes");
    nodes.push(readNode(reader));
  }
  return nodes;
}

const start = utf8('{"nodes":[');
const comma = utf8(",");
const end = utf8("]}\n");

function encodedLength(encodedNodes: readonly Bytes[]): number {
  const commas = Math.max(0, encodedNodes.length - 1);
  return encodedNodes.reduce((sum, { length }) => sum + length, start.length + commas + end.length);
}

/**
 * A tree's plain bytes of its encoded nodes, new ones by encodeNode or kept ones' `source`. They must be in order:
 * TreeBuilder makes sure of it.
 */
export function encodeTree(encodedNodes: readonly Bytes[]): Bytes {
  const parts = encodedNodes.flatMap((node, i) => (i === 0 ? [node] : [comma, node]));
  return concatBytes([start, ...parts, end]);
}

/** Collects the nodes of a tree and refuses any that does not come behind the one before. */
export class TreeBuilder {
  private readonly encodedNodes: Bytes[] = [];
  private lastName: RawName | null = null;

  get length(): number {
    return this.encodedNodes.length;
  }

  /**
   * Adds a node by its name and encoded bytes, which are lent until finish(). Throws FormatError "tree-malformed" if the
   * name is empty, or not behind the last one by bytes.
   */
  add(name: RawName, encoded: Bytes): void {
    if (name === "" || (this.lastName !== null && name <= this.lastName)) {
      throw new FormatError("tree-malformed", { reason: "names out of order", name: displayName(name) });
    }
    this.lastName = name;
    this.encodedNodes.push(encoded);
  }

  /** The tree's plain bytes; the caller owns them. */
  finish(): Bytes {
    return encodeTree(this.encodedNodes);
  }
}

/**
 * Null if decoding and encoding again gives the very same bytes, else why not, in words. restic cannot rewrite a tree
 * that is not canonical, nor does it deduplicate with one. Never throws for what the bytes are.
 */
export function whyNotCanonical(plain: Bytes): string | null {
  let tree: Tree;
  try {
    tree = decodeTree(plain);
  } catch (error) {
    if (error instanceof FormatError) return `cannot be read: ${error.message}`;
    throw error;
  }
  const [unknown] = tree.unknownFields;
  if (unknown !== undefined) return `restic does not know the field ${JSON.stringify(unknown.name)}`;
  if (!tree.isOrdered) return "names are not in strictly ascending order of their bytes";
  for (const node of tree.nodes) {
    const reason = whyNodeIsNotCanonical(node);
    if (reason !== null) return `node ${JSON.stringify(displayName(node.name))}: ${reason}`;
  }
  const isSame = equalBytes(plain, encodeTree(tree.nodes.map((node) => node.source)));
  return isSame ? null : "white space between the nodes or around them";
}

function whyNodeIsNotCanonical(node: Node): string | null {
  const [unknown] = node.unknownFields;
  if (unknown !== undefined) return `restic does not know the field ${JSON.stringify(unknown.name)}`;
  const canonical = encodeNode(node);
  if (equalBytes(canonical, node.source)) return null;
  const at = canonical.findIndex((byte, i) => byte !== node.source[i]);
  return `has ${excerpt(node.source, at)} where restic writes ${excerpt(canonical, at)}`;
}

/** Some bytes around the place where two differ. */
function excerpt(bytes: Bytes, at: number): string {
  const from = Math.max(0, at - 24);
  return JSON.stringify(new TextDecoder().decode(bytes.subarray(from, Math.max(at, 0) + 24)));
}
