import type { ArchiverRepository } from "../../src/core/archiver/archiver.ts";
import { textOf, utf8 } from "../../src/core/base/bytes.ts";
import { hashId } from "../../src/core/base/id.ts";
import type { BlobReceiver, Codec, SaveJob, SealedBlob } from "../../src/core/codec/codec.ts";
import { smallFileLimit } from "../../src/core/codec/codec.ts";
import { encodeNode, type Node } from "../../src/core/format/node.ts";
import { encodeTree, type Tree } from "../../src/core/format/tree.ts";
import { type Backend, connectRest, type Id, type Repository } from "../../src/core/index.ts";
import type { Alterations, EngineLocation } from "../interop/engine.ts";
import { altered } from "./altered-backend.ts";
import { openKeyFile, openReference, type ReferenceKey, sealWithNarrowCounter } from "./restic-crypto.ts";

/**
 * Mistakes that a writer of restic's format can make. Each is put between the product's floors, at an interface that the
 * product itself offers, to prove that the checks which ought to notice it do.
 */
export type PlantedDefect =
  | "narrow-counter" // blobs encrypted with a 32-bit counter
  | "contents-swapped" // a snapshot in which two files have each other's contents
  | "contents-swapped-in-reading" // trees read so
  | "nothing-is-known" // the deduplication says that every blob is new
  | "other-cuts" // files cut every 512 KiB
  | "lock-left-behind"
  | "node-without-uid" // readable by everybody, rewritable by nobody
  | "node-out-of-order"
  | "name-escaped-otherwise"; // a tree encoded again without Go's HTML escapes

const signal = new AbortController().signal;

/** What to put between the floors for a defect. */
export async function alterationsOf(defect: PlantedDefect, location: EngineLocation): Promise<Alterations> {
  switch (defect) {
    case "narrow-counter": {
      const master = await loadMaster(location);
      return { codec: (codec) => withNarrowCounter(codec, master) };
    }
    case "contents-swapped":
      return { afterBackup: (repository, snapshot) => rewriteSnapshot(repository, snapshot, swapContents) };
    case "contents-swapped-in-reading":
      return { tree: (tree) => ({ ...tree, nodes: swapContents(tree.nodes) }) };
    case "nothing-is-known":
      return { archiver: withoutDeduplication };
    case "other-cuts":
      return { codec: withOtherCuts };
    case "lock-left-behind":
      return { backend: withoutUnlocking };
    case "node-without-uid":
      return { afterBackup: (repository, snapshot) => rewriteSnapshot(repository, snapshot, keepNodes, withoutUid) };
    case "node-out-of-order":
      return { afterBackup: (repository, snapshot) => rewriteSnapshot(repository, snapshot, reverseNodes) };
    case "name-escaped-otherwise":
      return { encodeNode: (node) => utf8(textOf(encodeNode(node)).replaceAll("\\u003c", "<")) };
  }
}

async function loadMaster({ url, login, password }: EngineLocation): Promise<ReferenceKey> {
  const backend = connectRest({ url, login });
  for (const { id } of await backend.list("key", signal)) {
    return openKeyFile(Buffer.from(await backend.load({ type: "key", id }, signal)), password);
  }
  throw new Error("a repository without keys");
}

function withNarrowCounter(codec: Codec, master: ReferenceKey): Codec {
  const seal = (blob: SealedBlob): SealedBlob => {
    const sealed = sealWithNarrowCounter(master, openReference(master, Buffer.from(blob.sealed)));
    return { ...blob, sealed: new Uint8Array(sealed) };
  };
  const altered = (job: SaveJob): SaveJob => {
    const receiver: BlobReceiver = {
      claim: (ids) => job.receiver.claim(ids),
      store: ({ buffer, blobs }) => job.receiver.store({ buffer, blobs: blobs.map(seal) }),
    };
    return { ...job, receiver };
  };
  return {
    ...boundCodec(codec),
    saveSmallFiles: (files, job) => codec.saveSmallFiles(files, altered(job)),
    saveStretch: (file, offset, onCut, job) => codec.saveStretch(file, offset, onCut, altered(job)),
  };
}

function withOtherCuts(codec: Codec): Codec {
  return {
    ...boundCodec(codec),
    saveStretch: async (file, offset, onCut, job) => {
      const end = Math.min(file.size, offset + smallFileLimit);
      onCut(end);
      const blob = file.blob.slice(offset, end);
      const [saved] = await codec.saveSmallFiles([{ blob, size: end - offset }], job);
      if (saved === undefined || "error" in saved) throw saved?.error;
      return { content: saved.content, length: end - offset };
    },
  };
}

/** A codec whose calls go to another: to be spread into one that does something else. */
export function boundCodec(codec: Codec): Codec {
  return {
    parallelism: codec.parallelism,
    saveSmallFiles: (files, job) => codec.saveSmallFiles(files, job),
    saveStretch: (file, offset, onCut, job) => codec.saveStretch(file, offset, onCut, job),
    sealBlob: (type, plain, compression, signal) => codec.sealBlob(type, plain, compression, signal),
    openBlobs: (sealed, blobs, signal) => codec.openBlobs(sealed, blobs, signal),
    checkPack: (pack, signal) => codec.checkPack(pack, signal),
    openIndex: (sealed, signal) => codec.openIndex(sealed, signal),
    close: () => codec.close(),
  };
}

function withoutDeduplication(repository: ArchiverRepository): ArchiverRepository {
  return {
    codec: repository.codec,
    index: repository.index,
    trees: repository.trees,
    lock: (...args) => repository.lock(...args),
    refreshIndex: (signal) => repository.refreshIndex(signal),
    loseMissingPacks: (signal) => repository.loseMissingPacks(signal),
    listSnapshots: (signal) => repository.listSnapshots(signal),
    saveSnapshot: (snapshot, signal) => repository.saveSnapshot(snapshot, signal),
    loadSnapshot: (id, signal) => repository.loadSnapshot(id, signal),
    createBlobSaver: (...args) => {
      const saver = repository.createBlobSaver(...args);
      saver.claim = (_, ids) => ids.map(() => true);
      return saver;
    },
  };
}

function withoutUnlocking(backend: Backend): Backend {
  return altered(backend, {
    remove: async (handle, signal) => {
      if (handle.type !== "lock") await backend.remove(handle, signal);
    },
  });
}

type AlterNodes = (nodes: readonly Node[]) => readonly Node[];

const keepNodes: AlterNodes = (nodes) => nodes;
const reverseNodes: AlterNodes = (nodes) => [...nodes].reverse();

function withoutUid(node: Node): Uint8Array<ArrayBuffer> {
  return utf8(textOf(encodeNode(node)).replace('"uid":0,', ""));
}

/** The first two files of a folder whose contents differ get each other's. */
const swapContents: AlterNodes = (nodes) => {
  const files = nodes.filter((node) => node.type === "file" && node.content !== null && node.content.length > 0);
  const [first] = files;
  const second = files.find((node) => String(node.content) !== String(first?.content));
  if (first === undefined || second === undefined) return nodes;
  return nodes.map((node) => {
    if (node === first) return { ...node, content: second.content, size: second.size };
    return node === second ? { ...node, content: first.content, size: first.size } : node;
  });
};

/** Stores a snapshot like the given one whose trees are all altered, removes nothing, and returns its id. */
async function rewriteSnapshot(
  repository: Repository,
  snapshotId: Id,
  alter: AlterNodes,
  encode: (node: Node) => Uint8Array<ArrayBuffer> = encodeNode,
): Promise<Id> {
  await using lock = await repository.lock("shared", signal);
  const saver = repository.createBlobSaver(lock, signal);
  const rewrite = async (id: Id): Promise<Id> => {
    const tree: Tree = await repository.trees.load(id, signal);
    const nodes: Node[] = [];
    for (const node of tree.nodes) {
      nodes.push(node.subtree === null ? node : { ...node, subtree: await rewrite(node.subtree) });
    }
    const plain = encodeTree(alter(nodes).map(encode));
    const newId = await hashId(plain);
    const isNew = saver.claim("tree", [newId])[0] === true;
    if (isNew) await saver.store([await repository.codec.sealBlob("tree", plain, "auto", signal)]);
    return newId;
  };
  const snapshot = await repository.loadSnapshot(snapshotId, signal);
  const tree = await rewrite(snapshot.tree);
  await saver.finish();
  return repository.saveSnapshot({ ...snapshot, tree }, signal);
}
