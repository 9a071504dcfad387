import { type Bytes, equalBytes } from "../base/bytes.ts";
import { BackendError } from "../base/errors.ts";
import type { Id } from "../base/id.ts";
import {
  type Backend,
  type BeforeSending,
  type ByteRange,
  describeHandle,
  type FileType,
  type Handle,
  type ListedFile,
  type NamedFileType,
} from "./backend.ts";
import { checkRange } from "./byte-range.ts";
import { bytesOf, type FileContent } from "./file-content.ts";

/** A repository in memory, gone with the object. Buffers are copied on the way in and out. */
export class MemoryBackend implements Backend {
  readonly location = "memory";
  readonly connections: number;
  private readonly files = new Map<FileType, Map<Id | "", Bytes>>();

  constructor(options: { connections?: number } = {}) {
    this.connections = options.connections ?? 5;
  }

  async create(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  async stat(handle: Handle, signal: AbortSignal): Promise<number | null> {
    signal.throwIfAborted();
    return this.find(handle)?.length ?? null;
  }

  async list(type: NamedFileType, signal: AbortSignal): Promise<ListedFile[]> {
    signal.throwIfAborted();
    const files: ListedFile[] = [];
    for (const [id, bytes] of this.filesOf(type)) if (id !== "") files.push({ id, length: bytes.length });
    return files;
  }

  async load(handle: Handle, signal: AbortSignal, range?: ByteRange): Promise<Bytes> {
    signal.throwIfAborted();
    if (range) checkRange(range);
    const bytes = this.find(handle);
    if (!bytes) throw new BackendError("not-found", { file: describeHandle(handle) });
    if (!range) return bytes.slice();
    const end = range.offset + range.length;
    if (end > bytes.length) throw new BackendError("range-refused", { file: describeHandle(handle), end });
    return bytes.slice(range.offset, end);
  }

  async save(handle: Handle, content: FileContent, signal: AbortSignal, beforeSending?: BeforeSending): Promise<void> {
    signal.throwIfAborted();
    await beforeSending?.();
    const bytes = await bytesOf(content);
    const present = this.find(handle);
    if (present && !equalBytes(present, bytes)) {
      throw new BackendError("already-exists", { file: describeHandle(handle) });
    }
    if (!present) this.filesOf(handle.type).set(nameOf(handle), bytes.slice());
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.filesOf(handle.type).delete(nameOf(handle));
  }

  private find(handle: Handle): Bytes | undefined {
    return this.filesOf(handle.type).get(nameOf(handle));
  }

  private filesOf(type: FileType): Map<Id | "", Bytes> {
    const files = this.files.get(type) ?? new Map<Id | "", Bytes>();
    this.files.set(type, files);
    return files;
  }
}

function nameOf(handle: Handle): Id | "" {
  return handle.type === "config" ? "" : handle.id;
}
