import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { sendStatus } from "./answer.ts";
import { type ByteRange, parseRangeHeader, rangeLength } from "./byte-range.ts";
import type { OpenedFile } from "./repository-store.ts";

const contentType = "application/octet-stream";
const readAheadBytes = 256 * 1024;

/** Streams a file or the ranges asked for, at the pace of the reader, and closes the file. `"ignored"` means no ranges at all. */
export async function sendStoredFile(
  response: ServerResponse,
  file: OpenedFile,
  range: string | "ignored" | undefined,
): Promise<void> {
  try {
    if (range === "ignored") {
      response.writeHead(200, { "Content-Type": contentType, "Content-Length": file.size });
      return await sendBytes(response, file, { first: 0, last: file.size - 1 });
    }
    await sendRanges(response, file, range);
  } finally {
    await file.handle.close();
  }
}

async function sendRanges(response: ServerResponse, file: OpenedFile, header: string | undefined): Promise<void> {
  const ranges = parseRangeHeader(header, file.size);
  response.setHeader("Accept-Ranges", "bytes");
  if (ranges === "whole") {
    response.writeHead(200, { "Content-Type": contentType, "Content-Length": file.size });
    return sendBytes(response, file, { first: 0, last: file.size - 1 });
  }
  if (ranges === "unsatisfiable") {
    response.setHeader("Content-Range", `bytes */${file.size}`);
    return sendStatus(response, 416);
  }
  if (ranges.length > 1) return sendMultipart(response, file, ranges);
  response.writeHead(206, {
    "Content-Type": contentType,
    "Content-Length": rangeLength(ranges[0]),
    "Content-Range": contentRange(ranges[0], file.size),
  });
  await sendBytes(response, file, ranges[0]);
}

async function sendMultipart(response: ServerResponse, file: OpenedFile, ranges: readonly ByteRange[]): Promise<void> {
  const boundary = randomBytes(24).toString("hex");
  const heads = ranges.map((range, at) => {
    const before = at === 0 ? "" : "\r\n";
    const type = `Content-Type: ${contentType}\r\nContent-Range: ${contentRange(range, file.size)}`;
    return Buffer.from(`${before}--${boundary}\r\n${type}\r\n\r\n`);
  });
  const end = Buffer.from(`\r\n--${boundary}--\r\n`);
  const length = ranges.reduce((sum, range, at) => sum + rangeLength(range) + (heads[at]?.length ?? 0), end.length);
  response.writeHead(206, { "Content-Type": `multipart/byteranges; boundary=${boundary}`, "Content-Length": length });
  async function* parts(): AsyncGenerator<Uint8Array> {
    for (const [at, range] of ranges.entries()) {
      yield heads[at] ?? Buffer.alloc(0);
      yield* readBytes(file, range);
    }
    yield end;
  }
  await pipeline(Readable.from(parts(), { objectMode: false }), response);
}

async function sendBytes(response: ServerResponse, file: OpenedFile, range: ByteRange): Promise<void> {
  if (rangeLength(range) === 0) response.end();
  else await pipeline(readBytes(file, range), response);
}

function readBytes(file: OpenedFile, range: ByteRange): Readable {
  return file.handle.createReadStream({
    start: range.first,
    end: range.last,
    highWaterMark: readAheadBytes,
    autoClose: false, // the handle serves several ranges, and its owner closes it
  });
}

function contentRange(range: ByteRange, size: number): string {
  return `bytes ${range.first}-${range.last}/${size}`;
}
