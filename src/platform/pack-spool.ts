import type { Bytes } from "../core/base/bytes.ts";
import { orElse } from "../core/base/leniency.ts";
import type { PackSpool, SpoolFile } from "../core/base/ports.ts";
import { holdClaim, isClaimHeld } from "./web-claim.ts";

/** The folder of the browser's private file system in which each spool has one of its own. */
const folderName = "packs";
/** Two open packs of each type, and as many on their way as there are connections, and then some. */
const mostFiles = 12;
/** So many are kept ready. */
const readyFiles = 4;

/**
 * Room for packs in the browser's private file system, for a worker. Writing there costs a copy into the system's cache;
 * sending from there spares the browser two copies of all that is uploaded, and the memory to hold them. Where there is no
 * such file system, or it is full, there is no room.
 *
 * What is in it ends with the run. A tab that is killed leaves its folder behind, and the next spool removes it: a folder is
 * in use while the Web Lock of its name is held.
 */
export function openPackSpool(): PackSpool {
  return new BrowserPackSpool();
}

class BrowserPackSpool implements PackSpool {
  private readonly ready: OpenSpoolFile[] = [];
  private folder: Promise<FileSystemDirectoryHandle> | null = null;
  private files = 0;
  private opening = 0;
  private isFull = false;

  prepare(): void {
    this.isFull = false;
    this.openMore();
  }

  take(): SpoolFile | null {
    const file = this.ready.pop() ?? null;
    this.openMore();
    return file;
  }

  trim(): void {
    for (const file of this.ready.splice(0)) void this.discard(file);
  }

  private openMore(): void {
    while (!this.isFull && this.ready.length + this.opening < readyFiles && this.files < mostFiles) void this.openOne();
  }

  private async openOne(): Promise<void> {
    this.files++;
    this.opening++;
    try {
      this.folder ??= claimFolder();
      const folder = await this.folder;
      const name = crypto.randomUUID();
      const handle = await folder.getFileHandle(name, { create: true });
      const access = await (handle as unknown as SyncFileHandle).createSyncAccessHandle();
      this.ready.push(new OpenSpoolFile({ folder, name, handle, access }, (file) => this.ready.push(file)));
    } catch {
      this.files--;
      this.isFull = true;
    } finally {
      this.opening--;
    }
  }

  private async discard(file: OpenSpoolFile): Promise<void> {
    this.files--;
    await file.remove();
  }
}

/** Only workers have it, so the page's types do not know it. */
interface SyncFileHandle {
  createSyncAccessHandle(): Promise<SyncAccess>;
}

interface SyncAccess {
  read(bytes: Bytes, options: { at: number }): number;
  write(bytes: Bytes, options: { at: number }): number;
  close(): void;
}

interface SpoolFileParts {
  folder: FileSystemDirectoryHandle;
  name: string;
  handle: FileSystemFileHandle;
  access: SyncAccess;
}

class OpenSpoolFile implements SpoolFile {
  constructor(
    private readonly parts: SpoolFileParts,
    private readonly onReleased: (file: OpenSpoolFile) => void,
  ) {}

  write(bytes: Bytes, offset: number): boolean {
    try {
      return this.parts.access.write(bytes, { at: offset }) === bytes.length;
    } catch {
      return false; // the disk, or the browser's share of it, is full
    }
  }

  read(bytes: Bytes, offset: number): void {
    const read = this.parts.access.read(bytes, { at: offset });
    if (read !== bytes.length) throw new DOMException("the file is shorter than what was written", "NotReadableError");
  }

  async content(length: number): Promise<Blob> {
    return (await this.parts.handle.getFile()).slice(0, length);
  }

  release(): void {
    this.onReleased(this);
  }

  /** Never rejects: what stays is removed by the next spool. */
  async remove(): Promise<void> {
    const { access, folder, name } = this.parts;
    access.close();
    await orElse(() => folder.removeEntry(name), undefined);
  }
}

/** A new folder, which counts as in use as long as this thread lives; folders of threads that are gone are removed. */
async function claimFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  const packs = await root.getDirectoryHandle(folderName, { create: true });
  const name = crypto.randomUUID();
  await holdClaim(claimOf(name)); // until this thread ends
  await removeAbandoned(packs);
  return packs.getDirectoryHandle(name, { create: true });
}

async function removeAbandoned(packs: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of packs.keys()) {
    if (!(await isClaimHeld(claimOf(name))))
      await orElse(() => packs.removeEntry(name, { recursive: true }), undefined);
  }
}

function claimOf(folder: string): string {
  return `holdall-packs-${folder}`;
}

/** Removes what spools have left behind. Never rejects: what another tab is using stays. */
export function removePackSpools(): Promise<void> {
  return orElse(async () => {
    const root = await navigator.storage.getDirectory();
    await removeAbandoned(await root.getDirectoryHandle(folderName));
  }, undefined);
}
