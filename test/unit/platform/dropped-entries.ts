/** Entries as a drop gives them, in memory. */
export class DroppedEntry implements FileSystemEntry {
  readonly filesystem = { name: "", root: null as never };
  readonly fullPath = "";
  readonly isFile: boolean = false;
  readonly isDirectory: boolean = false;

  constructor(readonly name: string) {}

  getParent(): void {}
}

export class DroppedFile extends DroppedEntry implements FileSystemFileEntry {
  override readonly isFile = true;

  /** An error is what the file refuses to be opened with, and to tell anything of itself. */
  constructor(
    name: string,
    private readonly content: string | DOMException,
    private readonly modifiedMs = 0,
  ) {
    super(name);
  }

  file(resolve: FileCallback, reject?: ErrorCallback): void {
    if (this.content instanceof DOMException) reject?.(this.content);
    else resolve(new File([this.content], this.name));
  }

  getMetadata(
    resolve: (metadata: { size: number; modificationTime: Date }) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.content instanceof DOMException) reject(this.content);
    else resolve({ size: this.content.length, modificationTime: new Date(this.modifiedMs) });
  }
}

/** Gives its children three at a time, as browsers give a hundred. */
export class DroppedFolder extends DroppedEntry implements FileSystemDirectoryEntry {
  override readonly isDirectory = true;
  /** How often it was listed. */
  listings = 0;

  /** An error is what the folder refuses to be listed with. */
  constructor(
    name: string,
    private readonly children: readonly DroppedEntry[] | DOMException,
  ) {
    super(name);
  }

  createReader(): FileSystemDirectoryReader {
    let at = 0;
    this.listings++;
    return {
      readEntries: (resolve, reject) => {
        if (this.children instanceof DOMException) reject?.(this.children);
        else resolve(this.children.slice(at, at + 3));
        at += 3;
      },
    };
  }

  getMetadata(): void {}

  getDirectory(path?: string | null, _options?: unknown, resolve?: FileSystemEntryCallback, reject?: ErrorCallback) {
    const found = (path ?? "").split("/").reduce<DroppedEntry | undefined>((folder, name) => {
      const children = folder instanceof DroppedFolder && Array.isArray(folder.children) ? folder.children : [];
      return children.find((child) => child.name === name);
    }, this);
    if (found instanceof DroppedFolder) resolve?.(found);
    else reject?.(new DOMException("no such folder", "NotFoundError"));
  }

  getFile(): void {}
}
