import { type BigIntStats, openAsBlob } from "node:fs";
import { copyFile, type FileHandle, link, lstat, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import type { Bytes } from "../../src/core/base/bytes.ts";
import { HoldallError, QuotaError } from "../../src/core/base/errors.ts";
import type { ExistingFile, FileSink, FileWriter } from "../../src/core/base/ports.ts";
import { bytesOfRawName, type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";

/** "text": names are text, as a browser's sink gets them. "raw": each character is a byte (verbatimNames). */
export type SinkNames = "text" | "raw";

/** A folder of this machine as the restorer writes it. Files appear under their names when they are complete. */
export class NodeFolderSink implements FileSink {
  readonly filesAtOnce = 256;
  private readonly root: Buffer;
  private writers = 0;

  constructor(
    root: string,
    private readonly names: SinkNames,
  ) {
    this.root = Buffer.from(root);
  }

  async foldsCase(): Promise<boolean> {
    return false;
  }

  async folder(path: readonly string[]): Promise<void> {
    await refusalsNamed(path, () => mkdir(this.pathOf(path), { recursive: true }));
  }

  async existing(path: readonly string[]): Promise<ExistingFile | null> {
    const target = this.pathOf(path);
    return refusalsNamed(path, async () => {
      const state = await stateOf(target);
      if (state === null) return null;
      if (!state.isFile()) throw new HoldallError("exists-already", {});
      const amend = (size: number) => refusalsNamed(path, () => this.amend(target, state, size));
      return { blob: await openAsBlob(target), amend };
    });
  }

  async file(path: readonly string[], size: number, overwrite: boolean): Promise<FileWriter> {
    const target = this.pathOf(path);
    return refusalsNamed(path, async () => {
      const state = await stateOf(target);
      if (state && (!overwrite || state.isDirectory())) throw new HoldallError("exists-already", {});
      const partial = this.partialOf(target);
      const handle = await open(partial, "wx");
      if (size > 0) await handle.truncate(size);
      return new NodeFileWriter(handle, partial, target, overwrite);
    });
  }

  private async amend(target: Buffer, before: BigIntStats, size: number): Promise<FileWriter> {
    const partial = this.partialOf(target);
    await copyFile(target, partial);
    const now = await stateOf(target);
    if (now?.mtimeNs !== before.mtimeNs || now.size !== before.size || now.ino !== before.ino) {
      await rm(partial, { force: true });
      throw new HoldallError("target-changed", {});
    }
    const handle = await open(partial, "r+");
    await handle.truncate(size);
    return new NodeFileWriter(handle, partial, target, true);
  }

  /** Beside the target, so that the rename stays in one file system; short, since names may have 255 bytes. */
  private partialOf(target: Buffer): Buffer {
    const folder = target.subarray(0, target.lastIndexOf("/") + 1);
    return Buffer.concat([folder, Buffer.from(`.holdall-${process.pid}-${this.writers++}.partial`)]);
  }

  private pathOf(path: readonly string[]): Buffer {
    const parts = path.map((name) => bytesOfRawName(this.names === "raw" ? (name as RawName) : rawNameOf(name)));
    return Buffer.concat([this.root, ...parts.flatMap((part) => [Buffer.from("/"), part])]);
  }
}

class NodeFileWriter implements FileWriter {
  constructor(
    private readonly handle: FileHandle,
    private readonly partial: Buffer,
    private readonly target: Buffer,
    private readonly overwrite: boolean,
  ) {}

  async write(position: number, bytes: Bytes): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, position + written);
      written += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
    if (this.overwrite) return rename(this.partial, this.target);
    // A link is refused if the name was taken meanwhile; a rename would replace what is there.
    try {
      await link(this.partial, this.target);
    } catch (cause) {
      throw isCode(cause, "EEXIST") ? new HoldallError("exists-already", {}, { cause }) : cause;
    } finally {
      await unlink(this.partial);
    }
  }

  async abort(): Promise<void> {
    await this.handle.close();
    await rm(this.partial, { force: true });
  }
}

/** Null if nothing has this name. */
async function stateOf(path: Buffer): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

async function refusalsNamed<T>(path: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof HoldallError) throw cause;
    if (isCode(cause, "EEXIST") || isCode(cause, "ENOTDIR")) throw new HoldallError("exists-already", {}, { cause });
    if (isCode(cause, "ENOSPC") || isCode(cause, "EDQUOT")) throw new QuotaError("quota-exceeded", {}, { cause });
    throw new HoldallError("sink-refused", { path: path.join("/") }, { cause });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
