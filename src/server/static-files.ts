import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { sendMethodNotAllowed, sendStatus, sendText } from "./answer.ts";
import { errorCode } from "./durable-file.ts";

const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/** The built app. Names with a hash in `assets` never change; everything else is asked for again each time. */
export class StaticFiles {
  constructor(private readonly directory: string) {}

  async answer(request: IncomingMessage, response: ServerResponse, segments: readonly string[]): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") return sendMethodNotAllowed(response, ["GET", "HEAD"]);
    const names = segments.length === 1 && segments[0] === "" ? ["index.html"] : segments;
    const handle = names.every(isFileName) ? await openFile(join(this.directory, ...names)) : undefined;
    if (handle === undefined) return sendMissing(response, names);
    try {
      await sendFile(request, response, handle, names);
    } finally {
      await handle.close();
    }
  }
}

function sendMissing(response: ServerResponse, names: readonly string[]): void {
  if (names[0] === "index.html")
    sendText(response, 404, "The app is not built yet; repositories are served all the same.");
  else sendStatus(response, 404);
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  handle: FileHandle,
  names: readonly string[],
): Promise<void> {
  const stats = await handle.stat();
  if (!stats.isFile()) return sendStatus(response, 404);
  const tag = `"${stats.size.toString(36)}-${Math.trunc(stats.mtimeMs).toString(36)}"`;
  response.setHeader("ETag", tag);
  response.setHeader("Cache-Control", cacheControl(names));
  if (request.headers["if-none-match"] === tag) {
    response.writeHead(304).end();
    return;
  }
  const type = contentTypes[extname(names.at(-1) ?? "").toLowerCase()] ?? "application/octet-stream";
  response.writeHead(200, { "Content-Type": type, "Content-Length": stats.size });
  if (request.method === "HEAD" || stats.size === 0) response.end();
  else await pipeline(createReadStream("", { fd: handle, autoClose: false, end: stats.size - 1 }), response);
}

function cacheControl(names: readonly string[]): string {
  const hashed = names[0] === "assets" && /-[A-Za-z0-9_-]{8,}\.\w+$/.test(names.at(-1) ?? "");
  return hashed ? "public, max-age=31536000, immutable" : "no-cache";
}

function isFileName(name: string): boolean {
  return name !== "" && !name.startsWith(".") && !/[\\/:\0]/.test(name);
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r");
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}
