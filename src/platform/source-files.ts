import type { Bytes } from "../core/base/bytes.ts";
import { HoldallError } from "../core/base/errors.ts";
import type { FileStat } from "../core/base/ports.ts";
import { readExactly } from "../core/codec/small-files.ts";
import type { FileToRead, SourceApi } from "../workers/api/source.ts";
import { type Served, transfer } from "../workers/rpc.ts";

/** Handles of a larger folder's files are looked for again by their names: one takes some ten kilobytes of the browser. */
const mostHandles = 2000;

/** The files of a picked folder. Whatever the browser lists is given on, also a file without a name. */
export class SourceFiles implements Omit<Served<SourceApi>, "init"> {
  /** Of whoever asks at once, one looks: many files of a folder are opened together. */
  private readonly folders = new Map<string, Promise<FileSystemDirectoryHandle>>();
  private readonly handles = new Map<string, FileSystemFileHandle>();
  private readonly opened = new Map<string, File>();

  constructor(private readonly root: FileSystemDirectoryHandle) {}

  async list({ path }: { path: string[] }, { signal }: Context): Promise<{ folders: string[]; files: string[] }> {
    const folders: string[] = [];
    const files: string[] = [];
    try {
      for await (const child of (await this.folderAt(path)).values()) {
        signal.throwIfAborted();
        const key = keyOf(path, child.name);
        if (child.kind === "directory") {
          folders.push(child.name);
          this.folders.set(key, Promise.resolve(child));
        } else {
          files.push(child.name);
          if (files.length <= mostHandles) this.handles.set(key, child);
        }
      }
      return { folders, files };
    } catch (error) {
      throw unreadable(error, signal);
    }
  }

  open({ path, names }: { path: string[]; names: string[] }): Promise<(FileStat | { reason: string })[]> {
    return Promise.all(
      names.map(async (name) => {
        try {
          const file = await this.openFile(path, name);
          this.opened.set(keyOf(path, name), file);
          return { size: file.size, modifiedMs: file.lastModified };
        } catch (error) {
          return { reason: reasonOf(error) };
        }
      }),
    );
  }

  async read({ files }: { files: FileToRead[] }, { signal }: Context): Promise<Bytes> {
    try {
      const opened = await Promise.all(files.map(({ path, name }) => this.takeOpened(path, name)));
      if (opened.some(({ size }, i) => size !== files[i]?.size))
        throw new HoldallError("source-unreadable", lengthChanged);
      const length = files.reduce((sum, { size }) => sum + size, 0);
      const bytes = await readExactly(new Blob(opened), length);
      return transfer(bytes, [bytes.buffer]);
    } catch (error) {
      throw unreadable(error, signal);
    }
  }

  async file({ path, name }: { path: string[]; name: string }, { signal }: Context): Promise<File> {
    try {
      return await this.takeOpened(path, name);
    } catch (error) {
      throw unreadable(error, signal);
    }
  }

  private async takeOpened(path: readonly string[], name: string): Promise<File> {
    const key = keyOf(path, name);
    const file = this.opened.get(key);
    this.opened.delete(key);
    return file ?? this.openFile(path, name);
  }

  private async openFile(path: readonly string[], name: string): Promise<File> {
    const key = keyOf(path, name);
    const handle = this.handles.get(key) ?? (await (await this.folderAt(path)).getFileHandle(name));
    this.handles.delete(key);
    return handle.getFile();
  }

  private async folderAt(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
    const name = path.at(-1);
    if (name === undefined) return this.root;
    const above = path.slice(0, -1);
    const key = keyOf(above, name);
    const folder = this.folders.get(key) ?? this.folderAt(above).then((parent) => parent.getDirectoryHandle(name));
    this.folders.set(key, folder);
    // Perhaps it is there the next time.
    folder.catch(() => this.folders.delete(key));
    return folder;
  }
}

type Context = { signal: AbortSignal };

const lengthChanged = { reason: "length changed" };

function keyOf(path: readonly string[], name: string): string {
  return [...path, name].join("/");
}

/** The platform's AbortErrors are no aborts of ours: only the signal's are. */
function unreadable(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HoldallError) return error;
  return new HoldallError("source-unreadable", { reason: reasonOf(error) }, { cause: error });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}
