import { type Bytes, concatBytes } from "../../src/core/base/bytes.ts";
import { IntegrityError } from "../../src/core/base/errors.ts";
import { hashId, type Id } from "../../src/core/base/id.ts";
import { type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";
import type { OpenedBlob } from "../../src/core/codec/codec.ts";
import { encodeNode, type NewNode } from "../../src/core/format/node.ts";
import type { Snapshot } from "../../src/core/format/snapshot.ts";
import { decodeTree, encodeTree, type Tree } from "../../src/core/format/tree.ts";
import type { Deliver } from "../../src/core/repository/blob-loader.ts";
import type { RestorerRepository } from "../../src/core/restorer/restorer.ts";

/** One thing in a made-up snapshot: a file if it has chunks, a folder if it has entries, else what its type says. */
export interface FakeEntry extends Partial<Omit<NewNode, "name" | "content">> {
  name: string | RawName;
  chunks?: readonly Bytes[];
  entries?: readonly FakeEntry[];
}

/** A file of one chunk. */
export function fakeFile(name: string | RawName, content: Bytes, facts: Partial<NewNode> = {}): FakeEntry {
  return { name, chunks: content.length === 0 ? [] : [content], ...facts };
}

/**
 * A repository of one snapshot that is made up of nodes, hostile ones included: what a restorer needs, without packs and
 * keys. Names with characters beyond U+00FF are text, all others raw names.
 */
export class FakeSnapshot implements RestorerRepository {
  readonly snapshot = "5".repeat(64) as Id;
  /** Blobs that the index does not know. */
  readonly missing = new Set<Id>();
  /** Blobs that the index knows, and that cannot be loaded. */
  readonly broken = new Set<Id>();
  /** The ids of each call of loadEach. */
  readonly loads: Id[][] = [];
  private readonly treesById = new Map<Id, Bytes>();
  private readonly chunks = new Map<Id, Bytes>();
  private root: Id | null = null;

  static async of(entries: readonly FakeEntry[]): Promise<FakeSnapshot> {
    const made = new FakeSnapshot();
    made.root = await made.addTree(entries);
    return made;
  }

  readonly trees = { load: async (id: Id): Promise<Tree> => this.tree(id) };

  readonly index = {
    plainLength: (_type: "data", id: Id) => (this.missing.has(id) ? null : (this.chunks.get(id)?.length ?? null)),
  };

  readonly blobs = {
    loadEach: async (_type: "data", ids: Iterable<Id>, deliver: Deliver, signal: AbortSignal): Promise<void> => {
      const wanted = [...ids];
      this.loads.push(wanted);
      // The order of packs is none of the caller's business.
      for (const id of wanted.reverse()) {
        signal.throwIfAborted();
        const opened = this.open(id);
        // What is not needed any more is overwritten, as another's memory would be.
        if ((await deliver(id, opened)) && "plain" in opened) opened.plain.fill(0xee);
      }
    },
  };

  async loadSnapshot(): Promise<Snapshot> {
    return { tree: this.root } as Snapshot;
  }

  private open(id: Id): OpenedBlob {
    const plain = this.chunks.get(id);
    if (plain === undefined || this.broken.has(id)) return { error: new IntegrityError("mac-mismatch", { blob: id }) };
    return { plain: plain.slice() };
  }

  private tree(id: Id): Tree {
    const bytes = this.treesById.get(id);
    if (bytes === undefined) throw new IntegrityError("blob-missing", { type: "tree", blob: id });
    return decodeTree(bytes, id);
  }

  /** Stores a tree beside the snapshot's own; a folder can name it as its subtree. */
  async addTree(entries: readonly FakeEntry[]): Promise<Id> {
    const nodes: Bytes[] = [];
    for (const entry of entries) nodes.push(encodeNode(await this.nodeOf(entry)));
    const bytes = encodeTree(nodes);
    const id = await hashId(bytes);
    this.treesById.set(id, bytes);
    return id;
  }

  private async nodeOf({ chunks, entries, name, ...facts }: FakeEntry): Promise<NewNode> {
    const time = facts.mtime ?? "2024-02-29T12:34:56Z";
    const content = chunks && (await Promise.all(chunks.map((chunk) => this.addChunk(chunk))));
    return {
      type: chunks ? "file" : entries ? "dir" : "fifo",
      mode: entries ? 2 ** 31 + 0o755 : 0o644,
      uid: 0,
      gid: 0,
      user: "",
      group: "",
      inode: 0n,
      deviceId: 0n,
      size: BigInt(chunks ? concatBytes(chunks).length : 0),
      links: 0n,
      linkTarget: "" as RawName,
      extendedAttributes: [],
      genericAttributes: [],
      device: 0n,
      error: "",
      unknownFields: [],
      subtree: entries ? await this.addTree(entries) : null,
      ...facts,
      mtime: time,
      atime: time,
      ctime: time,
      content: content ?? null,
      name: asRaw(name),
    };
  }

  private async addChunk(chunk: Bytes): Promise<Id> {
    const id = await hashId(chunk);
    this.chunks.set(id, chunk);
    return id;
  }
}

function asRaw(name: string): RawName {
  return /^[\0-\xff]*$/.test(name) ? (name as RawName) : rawNameOf(name);
}
