import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError, QuotaError } from "../core/base/errors.ts";
import type { ExistingFile, FileSink, FileWriter } from "../core/base/ports.ts";

/**
 * Writes into a local folder that the user picked with write permission; in the page or in a worker. The browser writes a
 * file beside its place and moves it there at close; until then an empty file holds the name. Errors: "exists-already", "sink-refused", QuotaError.
 */
export function folderSinkOf(root: FileSystemDirectoryHandle): FileSink {
  return new FolderSink(root);
}

/** So many folder handles are kept; files of one folder mostly come together. */
const mostFolders = 1000;
/** So many entries are looked at for one that has letters. */
const mostLookedAt = 100;

class FolderSink implements FileSink {
  readonly filesAtOnce = 256;
  private readonly made = new Map<string, Promise<FileSystemDirectoryHandle>>();
  /** Folders that were only looked for; null: there was none. */
  private readonly found = new Map<string, Promise<FileSystemDirectoryHandle | null>>();

  constructor(private readonly root: FileSystemDirectoryHandle) {}

  /** What is there already tells; an empty folder is taken for what the system usually has. */
  async foldsCase(): Promise<boolean> {
    let looked = 0;
    for await (const entry of this.root.values()) {
      const answer = await meetsTwin(this.root, entry);
      if (answer !== null) return answer;
      looked++;
      if (looked === mostLookedAt) break;
    }
    return systemFoldsCase();
  }

  async folder(path: readonly string[]): Promise<void> {
    await this.makeFolders(path);
  }

  async existing(path: readonly string[]): Promise<ExistingFile | null> {
    try {
      const folder = await this.findFolder(path.slice(0, -1));
      const handle = folder && (await existingFile(folder, path.at(-1) ?? ""));
      return handle && existingFileOf(handle, await handle.getFile(), path);
    } catch (error) {
      throw sinkError(error, path);
    }
  }

  async file(path: readonly string[], _size: number, overwrite: boolean): Promise<FileWriter> {
    const folder = await this.makeFolders(path.slice(0, -1));
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

  private makeFolders(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    const key = path.join("/");
    const known = this.made.get(key);
    if (known !== undefined) return known;
    const handle = this.makeFolder(path);
    remember(this.made, key, handle);
    return handle;
  }

  private async makeFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    const parent = await this.makeFolders(path.slice(0, -1));
    try {
      return await parent.getDirectoryHandle(name, { create: true });
    } catch (error) {
      throw sinkError(error, path);
    }
  }

  private findFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle | null> {
    const key = path.join("/");
    const known = this.made.get(key) ?? this.found.get(key);
    if (known !== undefined) return known;
    const handle = this.lookForFolder(path);
    remember(this.found, key, handle);
    return handle;
  }

  private async lookForFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle | null> {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    const parent = await this.findFolder(path.slice(0, -1));
    return parent && (await foundOrNull(parent.getDirectoryHandle(name)));
  }
}

function remember<Handle>(handles: Map<string, Promise<Handle>>, key: string, handle: Promise<Handle>): void {
  const [oldest] = handles.keys();
  if (handles.size >= mostFolders && oldest !== undefined) handles.delete(oldest);
  handles.set(key, handle);
  handle.catch(() => handles.delete(key));
}

/** Whether an entry answers to its name in the other case too; null if that cannot be known of it. */
async function meetsTwin(folder: FileSystemDirectoryHandle, entry: FileSystemHandle): Promise<boolean | null> {
  const upper = entry.name.toUpperCase();
  const twin = upper === entry.name ? entry.name.toLowerCase() : upper;
  if (twin === entry.name) return null;
  try {
    const handle: Promise<FileSystemHandle> =
      entry.kind === "file" ? folder.getFileHandle(twin) : folder.getDirectoryHandle(twin);
    if ((await foundOrNull(handle)) === null) return false;
  } catch {
    return null; // another kind of thing, or a name that the browser does not take
  }
  for await (const name of folder.keys()) if (name === twin) return false;
  return true;
}

/** Windows, macOS and Android usually take "A" and "a" for one name, Linux and ChromeOS do not. */
function systemFoldsCase(): boolean {
  const system = typeof navigator === "undefined" ? "" : navigator.userAgent;
  return /android/i.test(system) || !/linux|cros/i.test(system);
}

function existingFileOf(handle: FileSystemFileHandle, blob: File, path: readonly string[]): ExistingFile {
  const amend = async (size: number) => {
    const stream = await handle.createWritable({ keepExistingData: true });
    const writer = new FolderFileWriter(stream, async () => {}, path);
    try {
      const now = await handle.getFile();
      if (now.size !== blob.size || now.lastModified !== blob.lastModified) {
        throw new HoldallError("target-changed", { path: path.join("/") });
      }
      if (size !== blob.size) await stream.truncate(size);
      return writer;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  };
  return {
    blob,
    amend: (size) =>
      amend(size).catch((error: unknown) => {
        throw sinkError(error, path);
      }),
  };
}

/** The file of this name, null if there is none. Throws TypeMismatchError if it is a folder. */
function existingFile(folder: FileSystemDirectoryHandle, name: string): Promise<FileSystemFileHandle | null> {
  return foundOrNull(folder.getFileHandle(name));
}

async function foundOrNull<Handle>(handle: Promise<Handle>): Promise<Handle | null> {
  try {
    return await handle;
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
