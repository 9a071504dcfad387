import type { ErrorCode, ErrorContext } from "../core/base/errors.ts";
import { errorTexts } from "./text/errors.ts";

/** A thrown error as the page shows it. */
export interface Failure {
  code: ErrorCode;
  context: ErrorContext;
}

/** The failure that an error is; whatever carries no known code is "bug", with its name and message as facts. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Error && "code" in error && isErrorCode(error.code)) {
    return { code: error.code, context: contextOf(error) };
  }
  if (error instanceof Error) return { code: "bug", context: { error: error.name, message: error.message } };
  return { code: "bug", context: { error: typeof error } };
}

/** Nobody answered: another try may find somebody. */
export function isUnreachable({ code }: Failure): boolean {
  return code === "network" || code === "timeout";
}

export function isAborted(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(errorTexts, code);
}

function contextOf(error: Error): ErrorContext {
  if (!("context" in error) || typeof error.context !== "object" || error.context === null) return {};
  const plain: Record<string, string | number | boolean | null> = {};
  for (const [key, value] of Object.entries(error.context)) {
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) plain[key] = value;
  }
  return plain;
}
