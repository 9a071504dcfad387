type Fault = "list" | "getFile" | "create" | "createWritable" | "write" | "close" | "move";

/** A local folder in memory, behind the browser's handle interfaces, with faults that a test plants by name. */
export class MemoryFolder implements FileSystemDirectoryHandle {
  readonly kind = "directory";
  readonly children = new Map<string, MemoryFolder | MemoryFile>();
  readonly faults = new Map<Fault, Error>();
  /** Names that the platform refuses. */
  readonly refused = new Set<string>();
  /** How often a folder in it was asked for. */
  asked = 0;

  constructor(readonly name: string) {}

  addFolder(name: string): MemoryFolder {
    const folder = new MemoryFolder(name);
    this.children.set(name, folder);
    return folder;
  }

  addFile(name: string, content: string, modifiedMs = 0): MemoryFile {
    const file = new MemoryFile(name, new TextEncoder().encode(content), modifiedMs, this);
    this.children.set(name, file);
    return file;
  }

  /** Contents by path, folders ending in "/". */
  tree(prefix = ""): Record<string, string> {
    const found: Record<string, string> = {};
    for (const [name, child] of this.children) {
      if (child instanceof MemoryFile) found[prefix + name] = new TextDecoder().decode(child.content);
      else Object.assign(found, { [`${prefix}${name}/`]: "" }, child.tree(`${prefix}${name}/`));
    }
    return found;
  }

  async getDirectoryHandle(name: string, options?: FileSystemGetDirectoryOptions): Promise<FileSystemDirectoryHandle> {
    this.asked++;
    const child = this.child(name);
    if (child instanceof MemoryFolder) return child;
    if (child) throw new DOMException("a file", "TypeMismatchError");
    if (!options?.create) throw new DOMException("nothing there", "NotFoundError");
    return this.addFolder(name);
  }

  async getFileHandle(name: string, options?: FileSystemGetFileOptions): Promise<FileSystemFileHandle> {
    const child = this.child(name);
    if (child instanceof MemoryFile) return child;
    if (child) throw new DOMException("a folder", "TypeMismatchError");
    if (!options?.create) throw new DOMException("nothing there", "NotFoundError");
    const fault = this.faults.get("create");
    if (fault) throw fault;
    const file = this.addFile(name, "");
    for (const [at, error] of this.faults) file.faults.set(at, error);
    return file;
  }

  async removeEntry(name: string): Promise<void> {
    if (!this.children.delete(name)) throw new DOMException("nothing there", "NotFoundError");
  }

  async *values(): AsyncGenerator<FileSystemDirectoryHandle | FileSystemFileHandle, undefined> {
    for (const child of this.children.values()) {
      const fault = this.faults.get("list");
      if (fault) throw fault;
      yield child;
    }
  }

  async *entries(): AsyncGenerator<[string, FileSystemDirectoryHandle | FileSystemFileHandle], undefined> {
    for await (const child of this.values()) yield [child.name, child];
  }

  async *keys(): AsyncGenerator<string, undefined> {
    for await (const child of this.values()) yield child.name;
  }

  [Symbol.asyncIterator]() {
    return this.entries();
  }

  async isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return other === this;
  }

  async resolve(): Promise<string[] | null> {
    return null;
  }

  private child(name: string): MemoryFolder | MemoryFile | undefined {
    if (name === "" || this.refused.has(name)) throw new TypeError("Name is not allowed.");
    return this.children.get(name);
  }
}

export class MemoryFile implements FileSystemFileHandle {
  readonly kind = "file";
  readonly faults = new Map<Fault, Error>();

  constructor(
    public name: string,
    public content: Uint8Array<ArrayBuffer>,
    public modifiedMs: number,
    private readonly parent: MemoryFolder,
  ) {}

  /** As Chromium does it: what has the name already is replaced. */
  async move(name: string): Promise<void> {
    const fault = this.faults.get("move");
    if (fault) throw fault;
    this.parent.children.delete(this.name);
    this.name = name;
    this.parent.children.set(name, this);
  }

  async getFile(): Promise<File> {
    const fault = this.faults.get("getFile");
    if (fault) throw fault;
    return new File([this.content], this.name, { lastModified: this.modifiedMs });
  }

  async createWritable(options?: FileSystemCreateWritableOptions): Promise<FileSystemWritableFileStream> {
    const fault = this.faults.get("createWritable");
    if (fault) throw fault;
    return new MemoryWritable(this, options?.keepExistingData ? this.content : new Uint8Array());
  }

  async isSameEntry(other: FileSystemHandle): Promise<boolean> {
    return other === this;
  }
}

/** What is written appears in the file at close, as browsers do it. */
class MemoryWritable extends WritableStream<FileSystemWriteChunkType> implements FileSystemWritableFileStream {
  constructor(file: MemoryFile, before: Uint8Array<ArrayBuffer>) {
    let content = before;
    super({
      write(chunk) {
        const fault = file.faults.get("write");
        if (fault) throw fault;
        if (chunk instanceof Object && "type" in chunk && chunk.type === "truncate") {
          const cut = new Uint8Array(chunk.size ?? 0);
          cut.set(content.subarray(0, cut.length));
          content = cut;
          return;
        }
        if (!(chunk instanceof Object && "position" in chunk && chunk.data instanceof Uint8Array))
          throw new TypeError("only positioned writes of bytes are expected");
        const end = (chunk.position ?? 0) + chunk.data.length;
        const grown = new Uint8Array(Math.max(content.length, end));
        grown.set(content);
        grown.set(chunk.data, chunk.position ?? 0);
        content = grown;
      },
      close() {
        const fault = file.faults.get("close");
        if (fault) throw fault;
        file.content = content;
        file.modifiedMs++;
      },
    });
  }

  async write(chunk: FileSystemWriteChunkType): Promise<void> {
    // As the standard says, the lock lasts only while the chunk is queued: writes may overlap.
    const writer = this.getWriter();
    const written = writer.write(chunk);
    writer.releaseLock();
    await written;
  }

  async seek(): Promise<void> {
    throw new Error("not expected");
  }

  truncate(size: number): Promise<void> {
    return this.write({ type: "truncate", size });
  }
}
