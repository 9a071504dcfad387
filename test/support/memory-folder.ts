import type { Bytes } from "../../src/core/base/bytes.ts";
import { HoldallError } from "../../src/core/base/errors.ts";
import type { ExistingFile, FileSink, FileWriter, SourceEntry, SourceFolder } from "../../src/core/base/ports.ts";
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

/** A source folder in memory. */
export class MemoryFolder implements SourceFolder {
  constructor(
    private readonly tree: MemoryTree,
    private readonly order: (names: string[]) => string[] = (names) => names,
  ) {}

  async *entries(): AsyncIterable<SourceEntry> {
    for (const text of this.order(Object.keys(this.tree))) {
      const entry = this.tree[text];
      if (entry === undefined) continue;
      const name = rawNameOf(text);
      if (isFile(entry)) yield { kind: "file", name, open: async () => this.open(entry) };
      else yield { kind: "folder", name, folder: new MemoryFolder(entry, this.order) };
    }
  }

  private open({ bytes, modifiedMs, unreadable = false }: MemoryFile) {
    return { size: bytes.length, modifiedMs, blob: unreadable ? new UnreadableBlob() : new Blob([bytes]) };
  }
}

/** A file that is gone by the time that it is read. */
class UnreadableBlob extends Blob {
  override arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.reject(new DOMException("gone", "NotReadableError"));
  }

  override slice(): Blob {
    return new UnreadableBlob();
  }
}

/** A sink that keeps complete files by path, and says what it was asked for. */
export class MemorySink implements FileSink {
  readonly filesAtOnce = 256;
  readonly files = new Map<string, Bytes>();
  readonly folders = new Set<string>();
  readonly aborted: string[] = [];

  /** Writing to `refused` paths fails; `isCaseBlind` is what it says of itself. */
  constructor(
    private readonly refused: ReadonlySet<string> = new Set(),
    private readonly isCaseBlind = false,
  ) {}

  async foldsCase(): Promise<boolean> {
    return this.isCaseBlind;
  }

  async folder(path: readonly string[]): Promise<void> {
    const key = path.join("/");
    if (this.files.has(key)) throw new HoldallError("exists-already", { path: key });
    this.folders.add(key);
  }

  async existing(path: readonly string[]): Promise<ExistingFile | null> {
    const key = path.join("/");
    if (this.folders.has(key)) throw new HoldallError("exists-already", { path: key });
    const bytes = this.files.get(key);
    return bytes ? { blob: new Blob([bytes]), amend: async (size) => this.amend(key, bytes, size) } : null;
  }

  async file(path: readonly string[], size: number, overwrite: boolean): Promise<FileWriter> {
    const key = path.join("/");
    if (this.refused.has(key)) throw new HoldallError("sink-refused", { path: key });
    if (this.folders.has(key) || (this.files.has(key) && !overwrite)) {
      throw new HoldallError("exists-already", { path: key });
    }
    return this.writer(key, new Uint8Array(size));
  }

  private amend(key: string, before: Bytes, size: number): FileWriter {
    if (this.refused.has(key)) throw new HoldallError("sink-refused", { path: key });
    if (this.files.get(key) !== before) throw new HoldallError("target-changed", { path: key });
    const bytes = new Uint8Array(size);
    bytes.set(before.subarray(0, size));
    return this.writer(key, bytes);
  }

  private writer(key: string, bytes: Bytes): FileWriter {
    return {
      write: async (position, part) => bytes.set(part, position),
      close: async () => void this.files.set(key, bytes),
      abort: async () => void this.aborted.push(key),
    };
  }
}
