import { type BackendCode, BackendError, type ErrorContext } from "../base/errors.ts";
import type { AnswerBody } from "./answer-body.ts";

export type RestMethod = "GET" | "HEAD" | "POST" | "DELETE";

/** What a server said to one request; the body is read to its end by whoever made the request. */
export interface RestAnswer {
  /** 0 for a redirect that the platform does not show. */
  readonly status: number;
  readonly headers: Headers;
  /** False where the platform hides headers from a page of another origin. */
  readonly showsAllHeaders: boolean;
  readonly body: AnswerBody;
}

const permanent: Readonly<Record<number, BackendCode>> = {
  401: "login-rejected",
  403: "access-denied",
  404: "not-found",
  405: "method-refused",
  409: "conflict",
  410: "gone",
  413: "too-large",
  416: "range-refused",
  507: "storage-full",
};

const temporary = new Set([408, 425, 429]);

/**
 * The error that an answer means which is no success. `context` should name the file; the status is added, and what
 * Retry-After says as `retryAfterMs`.
 */
export function errorOfAnswer(
  method: RestMethod,
  answer: RestAnswer,
  context: ErrorContext,
  nowMs: number,
): BackendError {
  const { status } = answer;
  const full = { ...context, method, status };
  if (status === 0 || (status >= 300 && status < 400)) return new BackendError("redirected", full);
  if (status === 403 && method === "DELETE") return new BackendError("append-only", full);
  const code = permanent[status];
  if (code) return new BackendError(code, full);
  if (status < 500 && !temporary.has(status)) return new BackendError("unexpected-status", full);
  const retryAfterMs = retryAfter(answer.headers, nowMs);
  const waiting = retryAfterMs === null ? full : { ...full, retryAfterMs };
  return new BackendError("server-busy", waiting, { retry: "later" });
}

/** Retry-After comes as seconds or as a date; nothing asks for more than an hour. */
function retryAfter(headers: Headers, nowMs: number): number | null {
  const text = headers.get("retry-after")?.trim();
  if (!text) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs;
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), 3_600_000);
}

/** True for web pages: a captive portal, a router, an app's fallback page, a proxy's login form. */
export function isHtml(answer: RestAnswer): boolean {
  return mediaType(answer) === "text/html" || mediaType(answer) === "application/xhtml+xml";
}

/** The content type without parameters, or "". */
export function mediaType(answer: RestAnswer): string {
  return (answer.headers.get("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** rclone answers 404 when it failed itself, stores uploads unverified and overwrites; rest-server does none of these. */
export function isRclone(answer: RestAnswer): boolean {
  return (answer.headers.get("server") ?? "").startsWith("rclone/");
}

/**
 * True if an upload's presence proves its content: the server is known to compare the hash with the name. rest-server
 * and the embedded server send no Server header; where it is hidden or a proxy put its own, nobody knows what is behind.
 */
export function verifiesUploads(answer: RestAnswer): boolean {
  return answer.showsAllHeaders && answer.headers.get("server") === null;
}
