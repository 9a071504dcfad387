import { expect, test } from "vitest";
import { type Bytes, utf8 } from "../../../../src/core/base/bytes.ts";
import { FormatError } from "../../../../src/core/base/errors.ts";
import { hashId, type Id } from "../../../../src/core/base/id.ts";
import { type RawName, rawNameOf } from "../../../../src/core/base/raw-name.ts";
import { encodeNode, fileNode, folderNode, type Node } from "../../../../src/core/format/node.ts";
import { decodeTree, encodeTree, TreeBuilder, whyNotCanonical } from "../../../../src/core/format/tree.ts";

const blob = "6e6c7a6fbb477a6073df1eb4a3d66a72c357b85c7209a4e3aeb9cb2333c7c676" as Id;
const emptyTree = "ac08ce34ba4f8123618661bef2425f7028ffb9ac740578a3ee88684d2523fee8" as Id;
const time = "2024-01-01T00:00:00Z";
const modifiedMs = Date.parse(time);
const times = `"mtime":"${time}","atime":"${time}","ctime":"${time}"`;
const plainNode = `{"name":"a","type":"file","mode":420,${times},"uid":0,"gid":0,"content":[]}`;

function treeOf(...nodes: string[]): Bytes {
  return utf8(`{"nodes":[${nodes.join(",")}]}\n`);
}

function text(bytes: Bytes): string {
  return new TextDecoder().decode(bytes);
}

function onlyNode(json: string): Node {
  const [node] = decodeTree(treeOf(json)).nodes;
  if (node === undefined) throw new Error("no node");
  return node;
}

function refusal(plain: Bytes): FormatError {
  try {
    decodeTree(plain);
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error(`${text(plain)} was accepted`);
}

test("an empty folder has the id that restic gives it", async () => {
  expect(await hashId(encodeTree([]))).toBe(emptyTree);
  expect(decodeTree(encodeTree([]))).toEqual({ nodes: [], isOrdered: true, unknownFields: [], isCompact: true });
});

test("a tree is compact if there is nothing beside its nodes but what must be", () => {
  const nodes = [named("a"), named("b"), named("c")];
  expect(decodeTree(treeOf(...nodes)).isCompact).toBe(true);
  const others = [
    utf8(`{"nodes":[${nodes.join(", ")}]}\n`),
    utf8(`{"nodes":[${nodes.join(",")}],"later":1}\n`),
    utf8(`{"nodes":[${nodes.join(",")}]}`),
  ];
  for (const plain of others) expect(decodeTree(plain).isCompact).toBe(false);
});

test("a new file says what a browser knows, in the form that restic gives standard input", () => {
  const node = fileNode({ name: rawNameOf("stdin.txt"), size: 11, modifiedMs, content: [blob] });
  expect(text(encodeNode(node))).toBe(
    `{"name":"stdin.txt","type":"file","mode":420,${times},"uid":0,"gid":0,"size":11,"content":["${blob}"]}`,
  );
});

test("an empty file has an empty content and no size; a folder has null content and its tree", () => {
  const file = fileNode({ name: rawNameOf("a"), size: 0, modifiedMs, content: [] });
  expect(text(encodeNode(file))).toBe(plainNode);
  const folder = folderNode({ name: rawNameOf("dir"), modifiedMs, subtree: emptyTree });
  expect(text(encodeNode(folder))).toBe(
    `{"name":"dir","type":"dir","mode":2147484141,${times},"uid":0,"gid":0,"content":null,"subtree":"${emptyTree}"}`,
  );
});

test("a changed file keeps mode and owner of the parent's node and drops what may be another file's", () => {
  const from = onlyNode(
    `{"name":"a","type":"file","mode":8389101,"mtime":"2020-01-01T00:00:00.123456789Z","atime":"${time}","ctime":"${time}",` +
      `"uid":1000,"gid":100,"user":"u","group":"g","inode":7,"device_id":8,"size":3,"links":2,` +
      `"extended_attributes":[{"name":"x","value":"AA=="}],"content":["${blob}"],"new":1}`,
  );
  const node = fileNode({ name: from.name, size: 0, modifiedMs, content: [], from });
  expect(text(encodeNode(node))).toBe(
    `{"name":"a","type":"file","mode":8389101,${times},"uid":1000,"gid":100,"user":"u","group":"g","content":[]}`,
  );
});

test("modification times are written in UTC with no more digits than they need", () => {
  const node = fileNode({ name: rawNameOf("a"), size: 0, modifiedMs: modifiedMs + 120, content: [] });
  expect(node.mtime).toBe("2024-01-01T00:00:00.12Z");
  expect([node.atime, node.ctime]).toEqual([node.mtime, node.mtime]);
});

test.each(["", ".", "..", "a/b", "a\0b"])("no node is made of the name %j", (name) => {
  expect(() => fileNode({ name: rawNameOf(name), size: 0, modifiedMs, content: [] })).toThrow(RangeError);
  expect(() => folderNode({ name: rawNameOf(name), modifiedMs, subtree: emptyTree })).toThrow(RangeError);
});

test("every field is read and written again byte for byte", () => {
  const json =
    `{"name":"\\\\xff","type":"symlink","mode":134218239,"mtime":"2024-01-01T00:00:00.123456789+05:30",` +
    `"atime":"2024-01-01T00:00:00.1Z","ctime":"0001-01-01T00:00:00Z","uid":4294967295,"gid":1,"user":"\\u003cü","group":"g",` +
    `"inode":18446744073709551615,"device_id":9007199254740993,"size":9223372036854775807,"links":2,` +
    `"linktarget":"f\\ufffd\\ufffdo","linktarget_raw":"Zv/+bw==",` +
    `"extended_attributes":[{"name":"user.a","value":"AAE="},{"name":"b","value":""},{"name":"c","value":null}],` +
    `"generic_attributes":{"windows.creation_time":{"LowDateTime":1,"HighDateTime":2},"windows.file_attributes":32},` +
    `"device":259,"content":null,"subtree":"${emptyTree}","error":"e"}`;
  const node = onlyNode(json);
  expect(node).toMatchObject({
    name: "\xff",
    uid: 4294967295,
    user: "<ü",
    inode: 18446744073709551615n,
    deviceId: 9007199254740993n,
    size: 9223372036854775807n,
    links: 2n,
    linkTarget: "f\xff\xfeo",
    device: 259n,
    content: null,
    subtree: emptyTree,
    error: "e",
    mtime: "2024-01-01T00:00:00.123456789+05:30",
    extendedAttributes: [
      { name: "user.a", value: Uint8Array.of(0, 1) },
      { name: "b", value: new Uint8Array() },
      { name: "c", value: null },
    ],
  });
  expect(text(encodeNode(node))).toBe(json);
  expect(text(node.source)).toBe(json);
  expect(whyNotCanonical(treeOf(json))).toBeNull();
});

test("what is absent or null is empty, zero or null, and restic would write it so", () => {
  const node = onlyNode('{"name":"a","type":"file","user":null,"size":null,"content":null,"subtree":null}');
  expect(node).toMatchObject({ mode: 0, uid: 0, user: "", size: 0n, content: null, subtree: null });
  expect(text(encodeNode(node))).toBe(
    '{"name":"a","type":"file","mtime":"0001-01-01T00:00:00Z","atime":"0001-01-01T00:00:00Z",' +
      '"ctime":"0001-01-01T00:00:00Z","uid":0,"gid":0,"content":null}',
  );
});

test("unknown fields of nodes and tree are kept as they were written", () => {
  const json = plainNode.replace('"content":[]', '"content":[],"new":{"b":1.50, "a":12345678901234567890}');
  const tree = decodeTree(utf8(`{"v":[1],"nodes":[${json}],"w":null}`));
  expect(tree.unknownFields).toEqual([
    { name: "v", json: "[1]" },
    { name: "w", json: "null" },
  ]);
  const [node] = tree.nodes;
  expect(node?.unknownFields).toEqual([{ name: "new", json: '{"b":1.50, "a":12345678901234567890}' }]);
  expect(text(encodeNode(node as Node))).toBe(json);
});

test("a node's source is the exact bytes of its object, white space inside included", () => {
  const odd = '{ "type":"file",\n"name":"a" }';
  expect(text(decodeTree(utf8(`{"nodes": [ ${odd} , ${plainNode} ] }`)).nodes[0]?.source ?? utf8(""))).toBe(odd);
});

test.each([
  ["a name that is not quoted", '{"name":"a\\"b"}'],
  ["a name with an unknown escape", '{"name":"\\\\q"}'],
  ["a time that is none", '{"name":"a","mtime":"yesterday"}'],
  ["a negative size", '{"name":"a","size":-1}'],
  ["a size beyond 64 bits", '{"name":"a","size":18446744073709551616}'],
  ["a mode beyond 32 bits", '{"name":"a","mode":4294967296}'],
  ["content that is no list", '{"name":"a","content":{}}'],
  ["a null among the content", '{"name":"a","content":[null]}'],
  ["an id that is none", '{"name":"a","subtree":"00"}'],
  ["a null for a node", "null"],
  ["a string for a node", '"a"'],
])("%s is refused", (_, node) => {
  expect(refusal(treeOf(node)).code).toBe("tree-malformed");
});

test.each([
  ["", "tree-malformed"],
  ["{}", "tree-malformed"],
  ["[]", "tree-malformed"],
  ['{"nodes":null}', "tree-malformed"],
  ['{"nodes":[]}x', "tree-malformed"],
  ['{"nodes":[]}{"nodes":[]}', "tree-malformed"],
  ['{"nodes":[],"nodes":[]}', "tree-malformed"],
  ['{"packs":[]}', "wrong-file-type"],
  [`{"time":"${time}","tree":"${emptyTree}","paths":[]}`, "wrong-file-type"],
])("%j is refused as %s", (json, code) => {
  expect(refusal(utf8(json)).code).toBe(code);
});

test("errors name the tree", () => {
  expect(() => decodeTree(utf8("{"), emptyTree)).toThrow(emptyTree);
});

function named(name: string): string {
  return plainNode.replace('"name":"a"', `"name":"${name}"`);
}

test("a tree out of order or with a name twice is read, but told", () => {
  expect(decodeTree(treeOf(named("b"), named("a")))).toMatchObject({ isOrdered: false, nodes: [{}, {}] });
  expect(decodeTree(treeOf(named("a"), named("a"))).isOrdered).toBe(false);
  expect(decodeTree(treeOf(named("ｚ"), named("😀"))).isOrdered).toBe(true);
});

test("a tree is built in the order of bytes, and in no other", () => {
  const order = ["0", "10", "2", "A", "B", "Z", "_", "a", "a-", "a.", "a0", "aa", "~", "ä", "ｚ", "😀"];
  const builder = new TreeBuilder();
  for (const name of order) builder.add(rawNameOf(name), utf8(named(name)));
  expect(text(builder.finish())).toBe(text(treeOf(...order.map(named))));
  expect(builder).toHaveLength(order.length);
  for (const name of ["😀", "ｚ", "", "a"]) {
    expect(() => builder.add(rawNameOf(name), utf8(named(name)))).toThrow(FormatError);
  }
  expect(() => new TreeBuilder().add("" as RawName, utf8(named("")))).toThrow(FormatError);
});

test.each([
  ["an unknown field", plainNode.replace("[]", '[],"new":1'), /node "a": restic does not know the field "new"/],
  ["no uid", plainNode.replace('"uid":0,', ""), /node "a": has .* where restic writes .*uid/],
  ["a zero that restic leaves out", plainNode.replace('"gid":0', '"gid":0,"size":0'), /where restic writes/],
  ["a raw <", plainNode.replace('"gid":0', '"gid":0,"user":"<"'), /003c/],
  ["milliseconds of zero", plainNode.replaceAll(":00Z", ":00.000Z"), /where restic writes/],
  ["another order of fields", plainNode.replace('"uid":0,"gid":0', '"gid":0,"uid":0'), /where restic writes/],
  ["a name of another case", plainNode.replace('"uid"', '"UID"'), /where restic writes/],
  ["an id in capitals", plainNode.replace("[]", `["${blob.toUpperCase()}"]`), /where restic writes/],
  ["white space in a node", plainNode.replace(",", ", "), /where restic writes/],
  [
    "a needless raw target",
    plainNode.replace('"content"', '"linktarget":"a","linktarget_raw":"YQ==","content"'),
    /restic writes/,
  ],
])("%s is not canonical", (_, node, reason) => {
  expect(whyNotCanonical(treeOf(node))).toMatch(reason);
});

test("disorder, white space, unknown fields and what is no tree are reasons too", () => {
  expect(whyNotCanonical(treeOf(plainNode))).toBeNull();
  expect(whyNotCanonical(treeOf(named("b"), named("a")))).toMatch(/order/);
  expect(whyNotCanonical(utf8(`{"nodes":[${plainNode}]}`))).toMatch(/white space/);
  expect(whyNotCanonical(utf8(`{"nodes":[${plainNode}],"v":1}\n`))).toMatch(/"v"/);
  expect(whyNotCanonical(utf8("{"))).toMatch(/cannot be read/);
});

test("a large folder is read in time that grows with its size", () => {
  const nodes = Array.from({ length: 20_000 }, (_, i) => named(`file${String(i).padStart(6, "0")}`));
  expect(decodeTree(treeOf(...nodes))).toMatchObject({ isOrdered: true, nodes: { length: 20_000 } });
});
