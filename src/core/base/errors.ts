/** Every way in which Holdall can fail. The UI has a text for each, which the compiler enforces. */
export type ErrorCode = BackendCode | IntegrityCode | FormatCode | LockCode | UnsupportedCode | OtherCode;

export type BackendCode =
  | "network" // no answer: connection refused, reset, DNS, TLS, CORS; a page cannot tell these apart
  | "timeout" // 5 minutes without a byte
  | "server-busy" // 408, 425, 429, 5xx
  | "short-body" // fewer or more bytes than were asked for
  | "not-found" // 404
  | "login-rejected" // 401
  | "access-denied" // 403 on a read
  | "append-only" // 403 on a delete
  | "already-exists" // 403 on a write, and what is there differs
  | "method-refused" // 405
  | "conflict" // 409
  | "gone" // 410
  | "too-large" // 413
  | "range-refused" // 416
  | "storage-full" // 507
  | "redirected"
  | "not-a-rest-server" // HTML or another answer that no REST server gives
  | "insecure-login" // Basic authentication over plain http beyond loopback
  | "bad-address" // not a URL of a REST server
  | "permission-lapsed" // the browser no longer lets the page into a local folder
  | "folder-gone" // a local folder is not there: unplugged, moved, deleted
  | "folder-read-only" // the disk or folder takes no changes
  | "folder-failed" // the system fails at a local folder in some other way
  | "folder-not-empty" // other things lie where a repository should be made
  | "repository-inside" // a folder holds no repository, but one in it does
  | "unexpected-status";

export type IntegrityCode =
  | "file-hash-mismatch" // a stored file's SHA-256 is not its name
  | "mac-mismatch" // authentication failed: altered, or another key
  | "blob-hash-mismatch" // a blob's SHA-256 is not its id
  | "blob-length-mismatch" // a blob is not as long as the index says
  | "blob-missing" // no index names this blob
  | "upload-corrupted" // the server got other bytes than were sent, three times
  | "seal-verification-failed" // what was sealed does not open to what it was made from
  | "pack-missing" // an index names a pack that is not stored
  | "pack-length-mismatch" // a pack is longer or shorter than the index says
  | "pack-mismatch" // a pack's header and the index disagree
  | "tree-name-refused" // a node whose name could lead out of its folder
  | "tree-unreachable" // a folder node without a tree, or nested deeper than any file system allows
  | "file-size-mismatch" // a file's chunks do not add up to its size
  | "config-damaged"
  | "config-changed" // another repository than the one that this device has seen at this address
  | "packs-missing" // the server lost packs that the snapshot needs, again and again
  | "snapshot-not-stored"; // the new snapshot could not be read back

export type FormatCode =
  | "config-malformed"
  | "key-malformed"
  | "lock-malformed"
  | "index-malformed"
  | "snapshot-malformed"
  | "tree-malformed"
  | "pack-header-malformed"
  | "listing-malformed"
  | "unknown-encoding" // first byte of an unpacked file is none of 0x02 { [
  | "wrong-file-type" // a file of one type listed under another
  | "compressed-data-malformed"
  | "sealed-data-short" // fewer than 32 bytes, or a zero nonce
  | "id-malformed";

export type LockCode = "locked" | "lock-lost" | "writer-elsewhere";

export type UnsupportedCode =
  | "repository-version"
  | "kdf-unsupported"
  | "kdf-too-expensive"
  | "compression-in-format-1"
  | "kernel-unavailable"
  | "feature-missing";

export type OtherCode =
  | "wrong-password"
  | "no-repository"
  | "repository-exists"
  | "quota-exceeded" // the local disk or browser storage is full
  | "source-unreadable" // a file or folder of the source
  | "source-empty" // nothing to back up
  | "source-changed" // a file kept changing while it was read
  | "source-shrunk" // a folder lists far fewer entries than before, and the user did not believe it
  | "pattern-malformed" // an exclude pattern that means nothing
  | "clock-skewed" // this machine's clock and the server's are 20 minutes apart or more
  | "clock-behind" // this machine's clock is before the parent snapshot
  | "sink-refused" // the platform refuses a name or a write
  | "target-changed" // a file at the target changed while it was compared
  | "path-too-long" // a path has more bytes than the target has room for
  | "exists-already" // something of this name is already at the target
  | "not-found-in-snapshot"
  | "worker-died"
  | "set-refused" // a backup set that is larger, or other, than a device keeps
  | "storage-refused" // the browser's storage keeps nothing, or no more
  | "opened-offline" // opened from the offline copy, which is only read
  | "offline-budget" // a snapshot's trees need more room than offline copies may take
  | "closed" // the repository was closed while the call ran
  | "bug"; // an error that nobody foresaw, crossing a worker border

export type ErrorContext = Readonly<Record<string, string | number | boolean | null>>;

export type ErrorKind =
  | "BackendError"
  | "IntegrityError"
  | "FormatError"
  | "WrongPasswordError"
  | "LockedError"
  | "QuotaError"
  | "UnsupportedError"
  | "HoldallError";

interface ErrorOptions {
  /** "later": the same call can succeed without anybody changing anything. */
  retry?: "never" | "later";
  cause?: unknown;
}

/** Base of all errors that Holdall throws; aborts stay the platform's AbortError. Context never holds credentials. */
export class HoldallError extends Error {
  readonly code: ErrorCode;
  readonly retry: "never" | "later";
  readonly context: ErrorContext;

  constructor(code: ErrorCode, context: ErrorContext = {}, options: ErrorOptions = {}) {
    super(messageOf(code, context), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retry = options.retry ?? "never";
    this.context = context;
  }

  override get name(): ErrorKind {
    return "HoldallError";
  }
}

export class BackendError extends HoldallError {
  override get name(): ErrorKind {
    return "BackendError";
  }
}

export class IntegrityError extends HoldallError {
  override get name(): ErrorKind {
    return "IntegrityError";
  }
}

export class FormatError extends HoldallError {
  override get name(): ErrorKind {
    return "FormatError";
  }
}

export class WrongPasswordError extends HoldallError {
  override get name(): ErrorKind {
    return "WrongPasswordError";
  }
}

export class LockedError extends HoldallError {
  override get name(): ErrorKind {
    return "LockedError";
  }
}

export class QuotaError extends HoldallError {
  override get name(): ErrorKind {
    return "QuotaError";
  }
}

export class UnsupportedError extends HoldallError {
  override get name(): ErrorKind {
    return "UnsupportedError";
  }
}

/** True for the AbortError of an aborted signal: never an error of ours, always passed on unchanged. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** "code (key value, key value)": for logs and test output; people see the UI's texts. */
function messageOf(code: ErrorCode, context: ErrorContext): string {
  const details = Object.entries(context).map(([key, value]) => `${key} ${value}`);
  return details.length === 0 ? code : `${code} (${details.join(", ")})`;
}
