import {
  BackendError,
  type ErrorCode,
  type ErrorContext,
  type ErrorKind,
  FormatError,
  HoldallError,
  IntegrityError,
  isAbort,
  LockedError,
  QuotaError,
  UnsupportedError,
  WrongPasswordError,
} from "../core/base/errors.ts";

/** An error as plain data: structured cloning alone would drop class, code and context. */
export type WireError =
  | { kind: "AbortError"; message: string }
  | { kind: ErrorKind; code: ErrorCode; retry: "never" | "later"; context: ErrorContext; cause: WireCause | null };

interface WireCause {
  name: string;
  message: string;
  stack: string;
}

/** Any thrown value as data that may cross a port. What is no HoldallError becomes "bug"; login data in its text is cut out. */
export function encodeError(error: unknown): WireError {
  if (isAbort(error)) return { kind: "AbortError", message: withoutLogin(messageOf(error)) };
  if (!(error instanceof HoldallError)) return encodeError(bugOf(error));
  const { name: kind, code, retry, context } = error;
  return { kind, code, retry, context, cause: error.cause === undefined ? null : encodeCause(error.cause) };
}

/** The error again: of its class, with code, retry and context; the cause is an Error of the same name and message. */
export function decodeError(wire: WireError): Error {
  if (wire.kind === "AbortError") return new DOMException(wire.message, "AbortError");
  const options = wire.cause === null ? {} : { cause: decodeCause(wire.cause) };
  return new classes[wire.kind](wire.code, wire.context, { retry: wire.retry, ...options });
}

const classes: Record<ErrorKind, typeof HoldallError> = {
  HoldallError,
  BackendError,
  IntegrityError,
  FormatError,
  WrongPasswordError,
  LockedError,
  QuotaError,
  UnsupportedError,
};

function bugOf(error: unknown): HoldallError {
  const { name, message } = encodeCause(error);
  return new HoldallError("bug", { error: name, message }, { cause: error });
}

function encodeCause(cause: unknown): WireCause {
  const name = cause instanceof Error ? cause.name : typeof cause;
  const stack = cause instanceof Error ? (cause.stack ?? "") : "";
  return { name, message: withoutLogin(messageOf(cause)), stack: withoutLogin(stack) };
}

function decodeCause({ name, message, stack }: WireCause): Error {
  return Object.defineProperties(new Error(message), {
    name: { value: name, configurable: true },
    stack: { value: stack, configurable: true },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Platforms quote the offending URL or header in their messages ("Request cannot be constructed from a URL that includes credentials: …").
function withoutLogin(text: string): string {
  return text
    .replace(/\/\/\S*@/g, "//")
    .replace(/\b(Basic|Bearer)\s+[^\s'"]+/gi, "$1")
    .slice(0, longestText);
}

const longestText = 4000;
