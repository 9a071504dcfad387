import type { Bytes } from "../../src/core/base/bytes.ts";
import { HoldallError } from "../../src/core/base/errors.ts";
import type { FileSink, FileWriter, SourceEntry, SourceFolder } from "../../src/core/base/ports.ts";
import { rawNameOf } from "../../src/core/base/raw-name.ts";

export interface MemoryFile {
  bytes: Bytes;
  modifiedMs: number;
  /** Reading it fails, as a file that is gone or locked does. */
  unreadable?: boolean;
}

export interface MemoryTree {
  [name: string]: MemoryFile | MemoryTree;
}

function isFile(entry: MemoryFile | MemoryTree): entry is MemoryFile {
  return entry["bytes"] instanceof Uint8Array;
}

/** A source folder in memory that counts what is read of it. */
export class MemoryFolder implements SourceFolder {
  constructor(
    private readonly tree: MemoryTree,
    readonly reads: { files: number } = { files: 0 },
    private readonly order: (names: string[]) => string[] = (names) => names,
  ) {}

  async *entries(): AsyncIterable<SourceEntry> {
    for (const text of this.order(Object.keys(this.tree))) {
      const entry = this.tree[text];
      if (entry === undefined) continue;
      const name = rawNameOf(text);
      if (isFile(entry)) yield { kind: "file", name, open: async () => this.open(entry) };
      else yield { kind: "folder", name, folder: new MemoryFolder(entry, this.reads, this.order) };
    }
  }

  private open({ bytes, modifiedMs, unreadable = false }: MemoryFile) {
    return { size: bytes.length, modifiedMs, blob: new CountedBlob(bytes, this.reads, unreadable) };
  }
}

/** A Blob that tells when its bytes are read, alone or as a part of another Blob. */
class CountedBlob extends Blob {
  constructor(
    private readonly bytes: Bytes,
    private readonly reads: { files: number },
    private readonly unreadable: boolean,
  ) {
    super([bytes]);
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    this.reads.files++;
    if (this.unreadable) throw new DOMException("gone", "NotReadableError");
    return super.arrayBuffer();
  }

  override slice(start?: number, end?: number): Blob {
    return new CountedBlob(this.bytes.slice(start, end), this.reads, this.unreadable);
  }
}

/** A sink that keeps complete files by path, and says what it was asked for. */
export class MemorySink implements FileSink {
  readonly files = new Map<string, Bytes>();
  readonly folders = new Set<string>();
  readonly aborted: string[] = [];

  /** Writing to these paths fails. */
  constructor(private readonly refused: ReadonlySet<string> = new Set()) {}

  async folder(path: readonly string[]): Promise<void> {
    this.folders.add(path.join("/"));
  }

  async file(path: readonly string[], size: number, overwrite: boolean): Promise<FileWriter> {
    const key = path.join("/");
    if (this.refused.has(key)) throw new HoldallError("sink-refused", { path: key });
    if (this.files.has(key) && !overwrite) throw new HoldallError("exists-already", { path: key });
    const bytes = new Uint8Array(size);
    return {
      write: async (position, part) => bytes.set(part, position),
      close: async () => void this.files.set(key, bytes),
      abort: async () => void this.aborted.push(key),
    };
  }
}
