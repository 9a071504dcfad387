import { type Bytes, equalBytes } from "../base/bytes.ts";
import type { Clock } from "../base/clock.ts";
import { BackendError, type ErrorContext, FormatError, HoldallError, IntegrityError, isAbort } from "../base/errors.ts";
import { hashId, type Id } from "../base/id.ts";
import {
  type Backend,
  type BeforeSending,
  type ByteRange,
  describeHandle,
  type Handle,
  type ListedFile,
  type NamedFileType,
} from "./backend.ts";
import { checkRange } from "./byte-range.ts";
import { blobOf, bytesOf, type FileContent, lengthOf, refuseLost } from "./file-content.ts";
import { errorOfAnswer, isHtml, isRclone, mediaType, type RestAnswer, verifiesUploads } from "./rest-answer.ts";
import { decodeListing } from "./rest-listing.ts";
import { isPrivate, normalRestUrl, type RestLogin } from "./rest-location.ts";
import { type RestRequest, RestTransport } from "./rest-transport.ts";

export interface RestOptions {
  /** The repository's folder, without a login in it (rest-location.ts takes it out). */
  url: string;
  login: RestLogin | null;
  /** How many operations may run at once; the caller keeps to it with withLimit. */
  connections?: number;
  fetch?: typeof fetch;
  clock?: Clock;
}

/** rest-server compares the whole header with this text; anything else gets listings without lengths, or a refusal. */
const accept = "application/vnd.x.restic.rest.v2";

const folders: Readonly<Record<NamedFileType, string>> = {
  key: "keys",
  data: "data",
  index: "index",
  snapshot: "snapshots",
  lock: "locks",
};

/** Bounds on what a server can make us hold in memory. */
const largestFileLength = 512 * 1024 * 1024;
const largestListingLength = 256 * 1024 * 1024;
/** A server may answer a range with the whole file (rest-server does for the config): taken up to this length. */
const largestSlicedLength = 4 * 1024 * 1024;

/** How often an upload is sent that arrives damaged. */
const uploadAttempts = 3;

/**
 * A repository on a restic REST server. Each call is one attempt: back-off is withRetry's business. What each answer
 * means is in rest-answer.ts; here is what one answer alone cannot tell.
 *
 * [Note: ambiguous uploads] After a lost connection or a 403 nobody knows whether the file is there. So we look: a file
 * of equal length was stored by a server that compares hashes; elsewhere it is read back and compared. Nor does anybody
 * know after a success with something to read, which no REST server says: a login page has many forms. A file is never
 * deleted to store it again: append-only servers refuse that, and elsewhere a crash in between would lose it.
 */
export class RestBackend implements Backend {
  readonly location: string;
  readonly connections: number;
  private readonly transport: RestTransport;

  /** Throws BackendError "bad-address"; "insecure-login" for a login over plain http beyond this machine. */
  constructor(options: RestOptions) {
    this.location = normalRestUrl(options.url);
    this.connections = options.connections ?? 5;
    if (options.login !== null && !isPrivate(this.location)) {
      throw new BackendError("insecure-login", { location: this.location });
    }
    // In Basic authentication the first colon ends the name.
    if (options.login?.username.includes(":")) throw new BackendError("bad-address", { reason: "colon-in-username" });
    this.transport = new RestTransport(options);
  }

  async create(signal: AbortSignal): Promise<void> {
    const request: RestRequest = {
      method: "POST",
      url: `${this.location}?create=true`,
      headers: { "Content-Type": "application/octet-stream" },
      context: { location: this.location },
    };
    await this.transport.exchange(request, signal, (answer) => this.expectDone(request, answer));
  }

  async stat(handle: Handle, signal: AbortSignal): Promise<number | null> {
    return (await this.look(handle, signal))?.length ?? null;
  }

  async list(type: NamedFileType, signal: AbortSignal): Promise<ListedFile[]> {
    const listing = await this.fetchListing(type, signal).catch((error: unknown) => {
      // A listing has no hash to check it by; one that was damaged on its way is nonsense, and comes whole the next time.
      if (error instanceof FormatError) return this.fetchListing(type, signal);
      throw error;
    });
    if (listing !== "missing") return listing.version === 2 ? listing.files : this.measure(type, listing.ids, signal);
    // A wrong address looks just like an empty folder; only a repository has a config.
    if ((await this.stat({ type: "config" }, signal)) !== null) return [];
    throw new BackendError("not-found", { file: folders[type], location: this.location, status: 404 });
  }

  async load(handle: Handle, signal: AbortSignal, range?: ByteRange): Promise<Bytes> {
    if (!range) return this.loadWhole(handle, signal);
    checkRange(range);
    if (range.length === 0) return this.loadNothing(handle, range, signal);
    const bytes = await this.loadRange(handle, signal, range);
    if (bytes.length === range.length) return bytes;
    throw await this.explainShortRange(handle, range, bytes.length, signal);
  }

  async save(handle: Handle, content: FileContent, signal: AbortSignal, beforeSending?: BeforeSending): Promise<void> {
    // rclone would overwrite a config, and with it lose every key of the repository that is there.
    if (handle.type === "config" && (await this.presence(handle, content, signal)) === "stored") return;
    for (let attempt = 1; attempt <= uploadAttempts; attempt++) {
      await beforeSending?.();
      if ((await this.upload(handle, content, signal)) === "stored") return;
    }
    const context = { ...contextOf(handle), attempts: uploadAttempts };
    if (handle.type === "config" || (await hashId(await bytesOf(content))) === handle.id) {
      throw new IntegrityError("upload-corrupted", context);
    }
    throw new IntegrityError("upload-corrupted", { ...context, reason: "these bytes have another hash than the name" });
  }

  async remove(handle: Handle, signal: AbortSignal): Promise<void> {
    const request = this.requestFor("DELETE", handle);
    await this.transport.exchange(request, signal, (answer) => {
      if (answer.status !== 404) this.expectDone(request, answer);
    });
  }

  clockAheadMs(): number | null {
    return this.transport.serverClock.aheadMs;
  }

  private async fetchListing(type: NamedFileType, signal: AbortSignal) {
    const folder = folders[type];
    const url = `${this.location}${folder}/`;
    const request: RestRequest = { method: "GET", url, headers: { Accept: accept }, context: { file: folder } };
    return this.transport.exchange(request, signal, async (answer) => {
      if (answer.status === 404 && !isRclone(answer)) return "missing";
      if (answer.status === 404) throw rcloneFailed(request.context);
      if (answer.status !== 200) throw this.errorOf(request, answer);
      if (isHtml(answer)) throw notARestServer(request.context, answer);
      const body = await this.readWhole(answer, largestListingLength, request.context);
      return decodeListing(body, request.context);
    });
  }

  /** The lengths that a version 1 listing lacks. Files that vanish meanwhile are left out. */
  private async measure(type: NamedFileType, ids: readonly Id[], signal: AbortSignal): Promise<ListedFile[]> {
    const files: ListedFile[] = [];
    const remaining = [...ids];
    const measureRemaining = async () => {
      for (let id = remaining.pop(); id !== undefined; id = remaining.pop()) {
        const length = await this.stat({ type, id }, signal);
        if (length !== null) files.push({ id, length });
      }
    };
    const stopAll = (error: unknown) => {
      remaining.length = 0;
      throw error;
    };
    const lanes = Array.from({ length: this.connections }, () => measureRemaining().catch(stopAll));
    for (const lane of await Promise.allSettled(lanes)) if (lane.status === "rejected") throw lane.reason;
    return files;
  }

  private async look(handle: Handle, signal: AbortSignal): Promise<{ length: number; isVerified: boolean } | null> {
    const request = this.requestFor("HEAD", handle);
    return this.transport.exchange(request, signal, (answer) => {
      if (answer.status === 404) return null;
      if (answer.status !== 200) throw this.errorOf(request, answer);
      if (isHtml(answer) || answer.body.length === null) throw notARestServer(request.context, answer);
      return { length: answer.body.length, isVerified: verifiesUploads(answer) };
    });
  }

  /** The range "from 0" makes browsers ask for unencoded bytes, so that the length is the file's. */
  private async loadWhole(handle: Handle, signal: AbortSignal): Promise<Bytes> {
    const request = this.requestFor("GET", handle, { Range: "bytes=0-" });
    const bytes = await this.transport.exchange(request, signal, async (answer) => {
      if (answer.status === 416) return null;
      if (answer.status !== 200 && answer.status !== 206) throw this.errorOf(request, answer);
      const body = await this.readWhole(answer, largestFileLength, request.context);
      if (isPage(answer, body)) throw notARestServer(request.context, answer);
      return body;
    });
    if (bytes !== null) return bytes;
    // No range begins in an empty file.
    if ((await this.stat(handle, signal)) === 0) return new Uint8Array(0);
    throw new BackendError("range-refused", { ...request.context, status: 416 });
  }

  private async loadRange(handle: Handle, signal: AbortSignal, { offset, length, into }: ByteRange): Promise<Bytes> {
    const end = offset + length;
    const request = this.requestFor("GET", handle, { Range: `bytes=${offset}-${end - 1}` });
    return this.transport.exchange(request, signal, async (answer) => {
      if (answer.status === 206) {
        if (!startsAt(answer, offset)) throw unexpected(request.context, answer, "another range");
        const bytes = await answer.body.read(length, into);
        return bytes ?? failed(unexpected(request.context, answer, "more than the range"));
      }
      if (answer.status !== 200) throw this.errorOf(request, answer);
      const body = await this.readWhole(answer, largestSlicedLength, request.context);
      if (isPage(answer, body)) throw notARestServer(request.context, answer);
      return body.slice(offset, end);
    });
  }

  private async loadNothing(handle: Handle, { offset }: ByteRange, signal: AbortSignal): Promise<Bytes> {
    const length = await this.stat(handle, signal);
    if (length === null) throw new BackendError("not-found", contextOf(handle));
    if (length < offset) throw new BackendError("range-refused", { ...contextOf(handle), end: offset, length });
    return new Uint8Array(0);
  }

  /** Servers shorten a range that ends behind the file, which looks like a body that was cut off: the length tells. */
  private async explainShortRange(handle: Handle, range: ByteRange, received: number, signal: AbortSignal) {
    const length = await this.stat(handle, signal);
    const end = range.offset + range.length;
    const context = { ...contextOf(handle), end, received };
    if (length === null) return new BackendError("not-found", context);
    if (length < end) return new BackendError("range-refused", { ...context, length });
    return new BackendError("short-body", context, { retry: "later" });
  }

  /** Reads a body that has to be complete. */
  private async readWhole(answer: RestAnswer, limit: number, context: ErrorContext): Promise<Bytes> {
    const bytes = await answer.body.read(limit);
    if (bytes === null) throw unexpected(context, answer, `longer than ${limit} bytes`);
    const expected = answer.body.length;
    if (expected === null || expected === bytes.length) return bytes;
    throw new BackendError("short-body", { ...context, expected, received: bytes.length }, { retry: "later" });
  }

  /** One upload. A damaged one may be sent again at once; see [Note: ambiguous uploads] for the others. */
  private async upload(handle: Handle, content: FileContent, signal: AbortSignal): Promise<"stored" | "damaged"> {
    const request: RestRequest = {
      ...this.requestFor("POST", handle, { "Content-Type": "application/octet-stream" }),
      body: blobOf(content),
    };
    try {
      const outcome = await this.transport.exchange(request, signal, async (answer) => {
        if (answer.status === 400) return "damaged";
        this.expectDone(request, answer);
        return (await isEmpty(answer)) ? "stored" : "doubtful";
      });
      if (outcome !== "doubtful") return outcome;
      if ((await this.presence(handle, content, signal)) === "stored") return "stored";
      throw new BackendError("not-a-rest-server", {
        ...request.context,
        reason: "said that it stored what it has not",
      });
    } catch (error) {
      if (await this.isStoredAfter(error, handle, content, signal)) return "stored";
      // Then it is no broken connection, and no repetition would help.
      await refuseLost(content, contextOf(handle));
      throw error;
    }
  }

  private async isStoredAfter(
    error: unknown,
    handle: Handle,
    content: FileContent,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (!(error instanceof HoldallError)) return false;
    if (error.code === "access-denied") return (await this.presence(handle, content, signal)) === "stored";
    if (error.code !== "network" && error.code !== "timeout") return false;
    try {
      return (await this.presence(handle, content, signal)) === "stored";
    } catch (lookError) {
      // The upload's own error says what is wrong; looking was only a chance.
      if (isAbort(lookError) || signal.aborted) throw lookError;
      return false;
    }
  }

  /** Whether the server has exactly this file. Throws "already-exists" if it has another one under that name. */
  private async presence(handle: Handle, content: FileContent, signal: AbortSignal): Promise<"stored" | "absent"> {
    const found = await this.look(handle, signal);
    if (found === null) return "absent";
    const expected = lengthOf(content);
    if (found.length === expected) {
      if (found.isVerified && handle.type !== "config") return "stored";
      if (equalBytes(await this.loadWhole(handle, signal), await bytesOf(content))) return "stored";
    }
    throw new BackendError("already-exists", { ...contextOf(handle), length: found.length, expected });
  }

  private requestFor(method: RestRequest["method"], handle: Handle, headers: Record<string, string> = {}): RestRequest {
    const path = handle.type === "config" ? "config" : `${folders[handle.type]}/${handle.id}`;
    const url = this.location + path;
    return { method, url, headers: { Accept: accept, ...headers }, context: contextOf(handle) };
  }

  private expectDone(request: RestRequest, answer: RestAnswer): void {
    if (answer.status !== 200) throw this.errorOf(request, answer);
    if (isHtml(answer) && answer.body.length !== 0) throw notARestServer(request.context, answer);
  }

  private errorOf(request: RestRequest, answer: RestAnswer): BackendError {
    return errorOfAnswer(request.method, answer, request.context, this.transport.now());
  }
}

function contextOf(handle: Handle): ErrorContext {
  return { file: describeHandle(handle) };
}

function rcloneFailed(context: ErrorContext): BackendError {
  const reason = "rclone answers 404 when it failed itself";
  return new BackendError("server-busy", { ...context, method: "GET", status: 404, reason }, { retry: "later" });
}

function notARestServer(context: ErrorContext, answer: RestAnswer): BackendError {
  return new BackendError("not-a-rest-server", { ...context, status: answer.status, contentType: mediaType(answer) });
}

function unexpected(context: ErrorContext, answer: RestAnswer, reason: string): BackendError {
  return new BackendError("unexpected-status", { ...context, status: answer.status, reason });
}

function failed(error: Error): never {
  throw error;
}

async function isEmpty(answer: RestAnswer): Promise<boolean> {
  return (await answer.body.read(0))?.length === 0;
}

/** False only if the server says that its bytes begin elsewhere; pages of another origin may not see what it says. */
function startsAt(answer: RestAnswer, offset: number): boolean {
  const range = answer.headers.get("content-range");
  const start = range === null ? null : /^bytes (\d+)-/.exec(range)?.[1];
  return start === null || start === undefined || Number(start) === offset;
}

/** Servers guess the type of an encrypted config from its bytes, so a page must be announced as one and read like one. */
function isPage(answer: RestAnswer, body: Bytes): boolean {
  if (!isHtml(answer)) return false;
  return body.subarray(0, 1024).every((byte) => byte >= 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
