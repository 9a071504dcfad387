import { type Bytes, utf8 } from "../../src/core/base/bytes.ts";
import { hashId, type Id } from "../../src/core/base/id.ts";
import { type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";
import { encodeNode, fileNode, folderNode, type NewNode } from "../../src/core/format/node.ts";
import { encodeTree } from "../../src/core/format/tree.ts";
import type { BlobSaver } from "../../src/core/repository/blob-saver.ts";
import type { Repository } from "../../src/core/repository/repository.ts";
import { hostileNames, refusedNames } from "./hostile-names.ts";

/** Folders in the snapshot's root, in the order of their names. */
export const hostileFolders = ["damaged", "files", "folders", "links", "refused", "sound"] as const;

const signal = new AbortController().signal;
const modifiedMs = Date.UTC(2026, 0, 2, 3, 4, 5);

/** What a file of this name holds. */
export function contentOf(name: RawName): string {
  return `the contents of ${JSON.stringify(name)}\n`;
}

/**
 * Stores a snapshot that no honest program would: `files` and `folders` with every hostile name, `refused` with names that
 * lead elsewhere, `damaged` whose list is none, `links` in which folders have the names of links that lead out, and
 * `sound`, which must not suffer from its neighbours. Its own words are hostile too.
 */
export async function storeHostileSnapshot(repository: Repository): Promise<Id> {
  await using lock = await repository.lock("shared", signal);
  const saver = repository.createBlobSaver(lock, signal);
  const store = new NodeStore(repository, saver);
  const folders: Record<(typeof hostileFolders)[number], Promise<Id>> = {
    damaged: store.blob("tree", utf8('{"nodes":[{"name":"\\\\q","type":"file","content":[]}]}\n')),
    files: store.tree(hostileNames.map(({ name }) => store.file(name))),
    folders: store.tree(hostileNames.map(({ name }) => store.folder(name, [store.file(rawNameOf("leaf.txt"))]))),
    links: store.tree(links(store)),
    refused: store.tree(refusedNames.flatMap(({ name }) => refused(store, name))),
    sound: store.tree([store.file(rawNameOf("letter.txt"))]),
  };
  const root = await store.tree(
    hostileFolders.map(async (name) => folderNode({ name: rawNameOf(name), modifiedMs, subtree: await folders[name] })),
  );
  await saver.finish();
  const words = '<img src=x onerror=hostile(20)>\u202e"><script>hostile(21)</script>';
  return repository.saveSnapshot(
    {
      time: "2026-01-02T03:04:05Z",
      parent: null,
      tree: root,
      paths: [`/${words}`, "/../../escaped"],
      hostname: words,
      username: words,
      uid: 0,
      gid: 0,
      excludes: [],
      tags: [words, "javascript:hostile(22)", "__proto__"],
      original: null,
      programVersion: words,
      summary: null,
      unknownFields: [],
    },
    signal,
  );
}

/** A program that made the links first would write the folders' files through them. */
function links(store: NodeStore): Promise<NewNode>[] {
  const targets = ["../..", "/tmp", "..\\..", "javascript:hostile(30)", "<img src=x onerror=hostile(31)>"];
  return targets.flatMap((target, i) => {
    const name = rawNameOf(`escape ${i}`);
    return [store.link(name, rawNameOf(target)), store.folder(name, [store.file(rawNameOf("escaped.txt"))])];
  });
}

function refused(store: NodeStore, name: RawName): Promise<NewNode>[] {
  return [store.file(name), store.folder(name, [store.file(rawNameOf("escaped.txt"))])];
}

class NodeStore {
  constructor(
    private readonly repository: Repository,
    private readonly saver: BlobSaver,
  ) {}

  async file(name: RawName): Promise<NewNode> {
    const bytes = utf8(contentOf(name));
    const content = [await this.blob("data", bytes)];
    return { ...fileNode({ name: plain, size: bytes.length, modifiedMs, content }), name };
  }

  async folder(name: RawName, nodes: readonly Promise<NewNode>[]): Promise<NewNode> {
    return { ...folderNode({ name: plain, modifiedMs, subtree: await this.tree(nodes) }), name };
  }

  async link(name: RawName, linkTarget: RawName): Promise<NewNode> {
    const { content: _, ...node } = fileNode({ name: plain, size: 0, modifiedMs, content: [] });
    return { ...node, name, type: "symlink", linkTarget, content: null };
  }

  /** In the order of the names, as restic writes them; equal names stay as they come. */
  async tree(nodes: readonly Promise<NewNode>[]): Promise<Id> {
    const sorted = (await Promise.all(nodes)).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return this.blob("tree", encodeTree(sorted.map(encodeNode)));
  }

  async blob(type: "data" | "tree", bytes: Bytes): Promise<Id> {
    const id = await hashId(bytes);
    if (this.saver.claim(type, [id])[0] !== true) return id;
    await this.saver.store([await this.repository.codec.sealBlob(type, bytes, "off", signal)]);
    return id;
  }
}

/** The functions that make nodes refuse other names. */
const plain = rawNameOf("plain");
