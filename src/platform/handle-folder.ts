import { HoldallError } from "../core/base/errors.ts";
import type { SourceEntry, SourceFile, SourceFolder } from "../core/base/ports.ts";
import { isPlainName, rawNameOf } from "../core/base/raw-name.ts";
import { isRenamed, portableNames } from "../core/restorer/name-policy.ts";
import type { ListedFolder } from "../workers/api/folder-stats.ts";

/** Tells what is in the folder at a path below the picked one; null if it is not known. */
export type FolderLister = (path: string[], signal: AbortSignal) => Promise<ListedFolder | null>;

/** A folder of which there is a handle, or can be one. */
export class HandleFolder implements SourceFolder {
  private handle: FileSystemDirectoryHandle | null = null;

  /** The handle is looked for when it is needed. The path leads from the picked folder to this one. */
  constructor(
    private readonly findHandle: () => Promise<FileSystemDirectoryHandle>,
    private readonly path: readonly string[],
    private readonly lister: FolderLister | null,
  ) {}

  async *entries(signal: AbortSignal): AsyncGenerator<SourceEntry> {
    signal.throwIfAborted();
    try {
      for await (const child of (await this.find()).values()) {
        yield this.entryOf(child);
        signal.throwIfAborted();
      }
    } catch (error) {
      throw unreadable(error, signal);
    }
  }

  /** Null too for a folder with names that handles leave out without a word: those are not to come and go. */
  async stats(signal: AbortSignal): Promise<SourceEntry[] | null> {
    const listed = (await this.lister?.([...this.path], signal)) ?? null;
    if (listed === null || ![...listed.folders, ...listed.files].every(isListedByHandles)) return null;
    const { folders, files, sizes, modifiedMs } = listed;
    return [
      ...folders.map((name) => this.folderOf(name, async () => (await this.find()).getDirectoryHandle(name))),
      ...files.map((name, i): SourceEntry => {
        const stat = { size: sizes[i] ?? 0, modifiedMs: modifiedMs[i] ?? 0 };
        const open = (signal: AbortSignal) => openFile(async () => (await this.find()).getFileHandle(name), signal);
        return { kind: "file", name: rawNameOf(name), stat, open };
      }),
    ];
  }

  private async find(): Promise<FileSystemDirectoryHandle> {
    this.handle ??= await this.findHandle();
    return this.handle;
  }

  private entryOf(handle: FileSystemDirectoryHandle | FileSystemFileHandle): SourceEntry {
    const { name } = handle;
    if (handle.kind === "directory") return this.folderOf(name, async () => handle);
    return { kind: "file", name: rawNameOf(name), open: (signal) => openFile(async () => handle, signal) };
  }

  private folderOf(name: string, findHandle: () => Promise<FileSystemDirectoryHandle>): SourceEntry {
    const folder = new HandleFolder(findHandle, [...this.path, name], this.lister);
    return { kind: "folder", name: rawNameOf(name), folder };
  }
}

function isListedByHandles(name: string): boolean {
  const rawName = rawNameOf(name);
  return isPlainName(rawName) && !isRenamed(rawName, portableNames(rawName));
}

async function openFile(find: () => Promise<FileSystemFileHandle>, signal: AbortSignal): Promise<SourceFile> {
  signal.throwIfAborted();
  try {
    return sourceFileOf(await (await find()).getFile());
  } catch (error) {
    throw unreadable(error, signal);
  }
}

export function sourceFileOf(file: File): SourceFile {
  return { size: file.size, modifiedMs: file.lastModified, blob: file };
}

/** The platform's AbortErrors are no aborts of ours: only the signal's are. */
function unreadable(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof HoldallError) return error;
  const reason = error instanceof Error ? error.name : "unknown";
  return new HoldallError("source-unreadable", { reason }, { cause: error });
}
