import { type FileHandle, link, lstat, mkdir, open, rename, rm, unlink } from "node:fs/promises";
import type { Bytes } from "../../src/core/base/bytes.ts";
import { HoldallError, QuotaError } from "../../src/core/base/errors.ts";
import type { FileSink, FileWriter } from "../../src/core/base/ports.ts";
import { bytesOfRawName, type RawName, rawNameOf } from "../../src/core/base/raw-name.ts";

/** "text": names are text, as a browser's sink gets them. "raw": each character is a byte (verbatimNames). */
export type SinkNames = "text" | "raw";

/** A folder of this machine as the restorer writes it. Files appear under their names when they are complete. */
export class NodeFolderSink implements FileSink {
  private readonly root: Buffer;
  private writers = 0;

  constructor(
    root: string,
    private readonly names: SinkNames,
  ) {
    this.root = Buffer.from(root);
  }

  async folder(path: readonly string[]): Promise<void> {
    await refusalsNamed(path, () => mkdir(this.pathOf(path), { recursive: true }));
  }

  async file(path: readonly string[], size: number, overwrite: boolean): Promise<FileWriter> {
    const target = this.pathOf(path);
    return refusalsNamed(path, async () => {
      if (!overwrite && (await exists(target))) throw new HoldallError("exists-already", {});
      // Beside the target, so that the rename stays in one file system; short, since names may have 255 bytes.
      const folder = target.subarray(0, target.lastIndexOf("/") + 1);
      const partial = Buffer.concat([folder, Buffer.from(`.holdall-${process.pid}-${this.writers++}.partial`)]);
      const handle = await open(partial, "wx");
      if (size > 0) await handle.truncate(size);
      return new NodeFileWriter(handle, partial, target, overwrite);
    });
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

async function exists(path: Buffer): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isCode(error, "ENOENT")) return false;
    throw error;
  }
}

async function refusalsNamed<T>(path: readonly string[], work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof HoldallError) throw cause;
    if (isCode(cause, "ENOSPC") || isCode(cause, "EDQUOT")) throw new QuotaError("quota-exceeded", {}, { cause });
    throw new HoldallError("sink-refused", { path: path.join("/") }, { cause });
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
