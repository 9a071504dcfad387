import { randomBytes } from "node:crypto";
import { existsSync, renameSync } from "node:fs";
import { type FileHandle, link, mkdir, open, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

/** Thrown when a file of this name is there already; it is left as it was. */
export class FileExists extends Error {
  constructor() {
    super("a file of this name exists already");
    this.name = "FileExists";
  }
}

/**
 * Writes a new file that is either there as a whole, also after a power cut, or not at all: written under a temporary
 * name in the same folder, synced, given its name only if nothing has that name, and the folder synced. If `write`
 * throws, nothing stays behind.
 */
export async function writeDurableFile(path: string, write: (file: FileHandle) => Promise<void>): Promise<void> {
  const temporary = join(dirname(path), temporaryName());
  const file = await open(temporary, "wx", privateFileMode);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await giveName(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
}

/** Makes a folder with its parents, private and durable. */
export async function makeDurableFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: privateFolderMode });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) await syncFolder(dirname(folder));
}

/** Makes additions to and removals from a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return; // folders cannot be opened there; NTFS journals its names itself
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** True for temporary files that no living process can still be writing; those of another server on the same folder stay. */
export function isAbandonedUpload(name: string): boolean {
  const match = /^\.upload-(\d+)-[0-9a-f]+$/.exec(name);
  return match !== null && !isOtherLivingProcess(Number(match[1]));
}

function temporaryName(): string {
  return `.upload-${process.pid}-${randomBytes(12).toString("hex")}`;
}

function isOtherLivingProcess(pid: number): boolean {
  if (pid === process.pid || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "EPERM"; // it lives and belongs to somebody else
  }
}

/** Names a written file without ever replacing one: link() fails where rename() would overwrite. */
async function giveName(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const code = errorCode(error);
    if (code === "EEXIST") throw new FileExists();
    if (code === undefined || !withoutHardLinks.has(code)) throw error;
    // FAT, exFAT and some network file systems. Both calls run in one turn, so no other upload comes in between.
    if (existsSync(path)) throw new FileExists();
    renameSync(temporary, path);
  }
}

const withoutHardLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EACCES"]);

/** The code of a system error such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
