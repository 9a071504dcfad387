import { openAsBlob } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import type { SourceEntry, SourceFile, SourceFolder } from "../../src/core/base/ports.ts";
import { bytesOfRawName, type RawName, rawNameOfBytes } from "../../src/core/base/raw-name.ts";

/**
 * A folder of this machine as the archiver reads it: names are the bytes that they are, files are opened when they are
 * wanted, and, as in a browser, links and devices are not listed.
 */
export class NodeFolderSource implements SourceFolder {
  private readonly path: Buffer;

  constructor(path: string | Buffer) {
    this.path = Buffer.from(path);
  }

  async *entries(signal: AbortSignal): AsyncGenerator<SourceEntry, void, undefined> {
    for (const entry of await readdir(this.path, { encoding: "buffer", withFileTypes: true })) {
      signal.throwIfAborted();
      const name = rawNameOfBytes(new Uint8Array(entry.name));
      if (entry.isDirectory()) yield { kind: "folder", name, folder: new NodeFolderSource(this.pathOf(name)) };
      else if (entry.isFile()) yield { kind: "file", name, open: (signal) => openFile(this.pathOf(name), signal) };
    }
  }

  private pathOf(name: RawName): Buffer {
    return Buffer.concat([this.path, Buffer.from("/"), bytesOfRawName(name)]);
  }
}

/** A file that changes after this cannot be read any more, as in a browser: its blob rejects. */
async function openFile(path: Buffer, signal: AbortSignal): Promise<SourceFile> {
  signal.throwIfAborted();
  const { mtimeNs } = await lstat(path, { bigint: true });
  const blob = await openAsBlob(path);
  return { size: blob.size, modifiedMs: wholeMilliseconds(mtimeNs), blob };
}

/** Rounded down, before 1970 too. */
function wholeMilliseconds(nanoseconds: bigint): number {
  const million = 1_000_000n;
  const milliseconds = nanoseconds / million;
  return Number(nanoseconds < 0n && nanoseconds % million !== 0n ? milliseconds - 1n : milliseconds);
}
