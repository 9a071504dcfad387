import type { Bytes } from "../base/bytes.ts";
import { type ErrorContext, HoldallError } from "../base/errors.ts";

/**
 * What a file is to hold: bytes in memory, or a Blob of bytes that lie elsewhere (on this device's disk) and are read when
 * they are sent.
 */
export type FileContent = Bytes | Blob;

/** In bytes. */
export function lengthOf(content: FileContent): number {
  return content instanceof Blob ? content.size : content.length;
}

/** All of it in memory: the same object if it is there already. Rejects with the platform's error if a Blob cannot be read. */
export async function bytesOf(content: FileContent): Promise<Bytes> {
  return content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content;
}

/** The same as a Blob, which can be sent more than once. Bytes are copied into it. */
export function blobOf(content: FileContent): Blob {
  return content instanceof Blob ? content : new Blob([content]);
}

/**
 * Throws HoldallError "storage-refused", with the platform's error as cause, if the content is a Blob that can no longer be
 * read: what lies on a disk can be lost there.
 */
export async function refuseLost(content: FileContent, context: ErrorContext): Promise<void> {
  if (!(content instanceof Blob) || content.size === 0) return;
  try {
    await content.slice(0, 1).arrayBuffer();
  } catch (cause) {
    throw new HoldallError("storage-refused", { ...context, reason: "pack-lost" }, { cause });
  }
}
