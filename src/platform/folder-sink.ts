import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError, QuotaError } from "../core/base/errors.ts";
import type { FileSink, FileWriter } from "../core/base/ports.ts";

/**
 * Writes into a local folder that the user picked with write permission; in the page or in a worker. The browser writes a
 * file beside its place and moves it there at close; until then an empty file holds the name. Errors: "exists-already", "sink-refused", QuotaError.
 */
export function folderSinkOf(root: FileSystemDirectoryHandle): FileSink {
  return new FolderSink(root);
}

/** So many folder handles are kept; files of one folder mostly come together. */
const mostFolders = 1000;

class FolderSink implements FileSink {
  private readonly folders = new Map<string, Promise<FileSystemDirectoryHandle>>();

  constructor(private readonly root: FileSystemDirectoryHandle) {}

  async folder(path: readonly string[]): Promise<void> {
    await this.folderHandle(path);
  }

  async file(path: readonly string[], _size: number, overwrite: boolean): Promise<FileWriter> {
    const folder = await this.folderHandle(path.slice(0, -1));
    const name = path.at(-1) ?? "";
    try {
      const existing = await existingFile(folder, name);
      if (existing && !overwrite) throw new HoldallError("exists-already", { path: path.join("/") });
      const file = existing ?? (await folder.getFileHandle(name, { create: true }));
      const undo = existing ? async () => {} : () => folder.removeEntry(name);
      return await openWriter(file, undo, path);
    } catch (error) {
      throw sinkError(error, path);
    }
  }

  private folderHandle(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    const key = path.join("/");
    const known = this.folders.get(key);
    if (known !== undefined) return known;
    const handle = this.makeFolder(path);
    this.remember(key, handle);
    return handle;
  }

  private async makeFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    const parent = await this.folderHandle(path.slice(0, -1));
    try {
      return await parent.getDirectoryHandle(name, { create: true });
    } catch (error) {
      throw sinkError(error, path);
    }
  }

  private remember(key: string, handle: Promise<FileSystemDirectoryHandle>): void {
    const [oldest] = this.folders.keys();
    if (this.folders.size >= mostFolders && oldest !== undefined) this.folders.delete(oldest);
    this.folders.set(key, handle);
    handle.catch(() => this.folders.delete(key));
  }
}

/** The file of this name, null if there is none. Throws TypeMismatchError if it is a folder. */
async function existingFile(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemFileHandle | null> {
  try {
    return await folder.getFileHandle(name);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotFoundError") return null;
    throw error;
  }
}

/** `undo` takes back the empty file that was made to get a handle. */
async function openWriter(
  file: FileSystemFileHandle,
  undo: () => Promise<void>,
  path: readonly string[],
): Promise<FileWriter> {
  try {
    return new FolderFileWriter(await file.createWritable(), undo, path);
  } catch (error) {
    await undo().catch(() => {});
    throw error;
  }
}

class FolderFileWriter implements FileWriter {
  private ended = false;

  constructor(
    private readonly stream: FileSystemWritableFileStream,
    private readonly undo: () => Promise<void>,
    private readonly path: readonly string[],
  ) {}

  async write(position: number, bytes: Bytes): Promise<void> {
    try {
      await this.stream.write({ type: "write", position, data: bytes });
    } catch (error) {
      throw sinkError(error, this.path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.stream.close();
      this.ended = true;
    } catch (error) {
      await this.abort();
      throw sinkError(error, this.path);
    }
  }

  /** May be called after a failed write or close, and twice. */
  async abort(): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    // A stream that has failed already refuses to be aborted; the empty file goes all the same.
    await this.stream.abort().catch(() => {});
    await this.undo().catch(() => {});
  }
}

/** No signal reaches the platform here, so an AbortError is a refusal too: that is how a scanner of downloads says no. */
function sinkError(error: unknown, path: readonly string[]): HoldallError {
  if (error instanceof HoldallError) return error;
  const reason = error instanceof Error ? error.name : "unknown";
  const context = { path: path.join("/"), reason };
  if (reason === "QuotaExceededError") return new QuotaError("quota-exceeded", context, { cause: error });
  if (reason === "TypeMismatchError") return new HoldallError("exists-already", context, { cause: error });
  return new HoldallError("sink-refused", context, { cause: error });
}
