import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { type ConnectionCounts, startCountingServer } from "./counting-server.ts";

/**
 * Whose answers the server gives: rest-server's, those of an old rest-server that knows only listings without lengths,
 * or rclone's. Each difference was observed on the real program.
 */
export type RestFlavour = "rest-server" | "rest-server-v1" | "rclone";

export interface SeenRequest {
  method: string;
  /** Within the repository: "config", "data/", "data/<id>", "?create=true". */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** An answer in the server's place. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
  /** Lets the server do its work, then answers this instead (or breaks, or stalls). */
  afterwards?: boolean;
  /** Breaks the connection after the headers and this many bytes of the body; without a status, instead of an answer. */
  breakAfter?: number;
  /** Sends headers and body, and never ends. */
  stall?: boolean;
}

export interface RestTestServerOptions {
  flavour?: RestFlavour;
  login?: { username: string; password: string };
  appendOnly?: boolean;
  /** Turns of the event loop before each answer, so that requests overlap as they do over a network. Default 0. */
  turnsBeforeAnswer?: number;
}

export interface RestTestServer {
  /** The repository's folder. */
  readonly url: string;
  /** Stored files by path within the repository; tests may change them. */
  readonly files: Map<string, Buffer>;
  readonly requests: SeenRequest[];
  readonly counts: ConnectionCounts;
  /** Asked for every request before it is served. */
  fault: (request: SeenRequest) => Fault | undefined;
  close(): Promise<void>;
}

/** Starts a small REST server with real sockets, files in memory, and faults to order. */
export async function startRestTestServer(options: RestTestServerOptions = {}): Promise<RestTestServer> {
  const world = new RestWorld(options);
  const server = await startCountingServer((request, response) => {
    world.serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  return Object.assign(world, {
    url: `${server.origin}/repository/`,
    counts: server.counts,
    close: () => server.close(),
  });
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer;
  /** For HEAD: what the body's length would be. */
  length?: number;
}

const v2 = "application/vnd.x.restic.rest.v2";
const v1 = "application/vnd.x.restic.rest.v1";
const folders = ["data", "index", "keys", "locks", "snapshots"];

class RestWorld {
  readonly files = new Map<string, Buffer>();
  readonly requests: SeenRequest[] = [];
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  private readonly existingFolders = new Set<string>();
  private readonly isRclone: boolean;

  constructor(private readonly options: RestTestServerOptions) {
    this.isRclone = options.flavour === "rclone";
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await read(request);
    this.requests.push(seen);
    for (let turn = this.options.turnsBeforeAnswer ?? 0; turn > 0; turn--) await setImmediate();
    const fault = this.fault(seen);
    if (!fault || fault.afterwards) {
      const answer = this.answer(seen);
      if (!fault) return send(response, seen.method, this.withServer(answer));
    }
    sendFault(response, fault);
  }

  private withServer(answer: Answer): Answer {
    return this.isRclone ? { ...answer, headers: { Server: "rclone/v1.60.1", ...answer.headers } } : answer;
  }

  private answer(request: SeenRequest): Answer {
    if (!this.isAllowed(request)) return text(401, "Unauthorized");
    if (request.path.startsWith("?")) return this.create(request);
    if (request.path.endsWith("/")) return this.list(request);
    if (request.method === "HEAD") return this.head(request.path);
    if (request.method === "GET") return this.load(request);
    if (request.method === "POST") return this.save(request);
    if (request.method === "DELETE") return this.remove(request.path);
    return text(405, "Method Not Allowed");
  }

  private isAllowed({ headers }: SeenRequest): boolean {
    const { login } = this.options;
    if (!login) return true;
    const expected = Buffer.from(`${login.username}:${login.password}`).toString("base64");
    return headers.authorization === `Basic ${expected}`;
  }

  private create({ method, path }: SeenRequest): Answer {
    if (method !== "POST") return text(405, "Method Not Allowed");
    if (path !== "?create=true") return text(400, "Bad Request");
    for (const folder of folders) this.existingFolders.add(folder);
    return { status: 200 };
  }

  private list({ method, path, headers }: SeenRequest): Answer {
    if (method !== "GET") return text(405, "Method Not Allowed");
    const folder = path.slice(0, -1);
    if (this.isRclone && headers.accept !== v2) return text(400, "Restic v2 API required");
    if (!this.isRclone && !this.existingFolders.has(folder)) return text(404, "Not Found");
    const found = [...this.files].filter(([name]) => name.startsWith(path));
    const entries = found.map(([name, bytes]) => ({ name: name.slice(path.length), size: bytes.length }));
    if (headers.accept === v2 && this.options.flavour !== "rest-server-v1") return json(v2, entries);
    return json(
      v1,
      entries.map(({ name }) => name),
    );
  }

  private head(path: string): Answer {
    const file = this.files.get(path);
    return file ? { status: 200, length: file.length } : text(404, "Not Found");
  }

  private load({ path, headers }: SeenRequest): Answer {
    const file = this.files.get(path);
    if (!file) return text(404, "Not Found");
    const match = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "");
    if (!match || (path === "config" && !this.isRclone)) return { status: 200, body: file };
    const first = Number(match[1]);
    const last = Math.min(match[2] ? Number(match[2]) : file.length - 1, file.length - 1);
    if (first >= file.length && !this.isRclone) {
      return {
        ...text(416, "Requested Range Not Satisfiable"),
        headers: { "Content-Range": `bytes */${file.length}` },
      };
    }
    const body = file.subarray(first, last + 1);
    return { status: 206, body, headers: { "Content-Range": `bytes ${first}-${last}/${file.length}` } };
  }

  private save({ path, body }: SeenRequest): Answer {
    const [folder = "", name = ""] = path.split("/");
    if (!this.isRclone) {
      if (path !== "config" && !/^[0-9a-f]{64}$/.test(name)) return text(404, "Not Found");
      if (this.files.has(path)) return text(403, "Forbidden");
      if (path !== "config" && sha256(body) !== name) return text(400, "Bad Request");
    } else if (this.options.appendOnly && this.files.has(path)) return text(403, "Forbidden");
    this.existingFolders.add(folder);
    this.files.set(path, body);
    return { status: 200 };
  }

  private remove(path: string): Answer {
    if (this.options.appendOnly && !path.startsWith("locks/")) return text(403, "Forbidden");
    if (!this.files.delete(path) && this.isRclone) return text(404, "Not Found");
    return { status: 200 };
  }
}

async function read(request: IncomingMessage): Promise<SeenRequest> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const path = (request.url ?? "").replace(/^\/repository\//, "");
  return { method: request.method ?? "", path, headers: request.headers, body: Buffer.concat(parts) };
}

function send(response: ServerResponse, method: string, answer: Answer): void {
  const body = answer.body ?? Buffer.alloc(0);
  response.writeHead(answer.status, { ...answer.headers, "Content-Length": answer.length ?? body.length });
  response.end(method === "HEAD" ? undefined : body);
}

function sendFault(response: ServerResponse, fault: Fault): void {
  if (fault.status === undefined) {
    response.socket?.destroy();
    return;
  }
  const body = Buffer.from(fault.body ?? "");
  const length = fault.headers?.["Transfer-Encoding"] ? {} : { "Content-Length": body.length };
  response.writeHead(fault.status, { ...length, ...fault.headers });
  if (fault.stall) return void response.write(body);
  if (fault.breakAfter === undefined) return void response.end(body);
  response.flushHeaders();
  response.write(body.subarray(0, fault.breakAfter), () => response.socket?.destroy());
}

function text(status: number, words: string): Answer {
  return { status, headers: { "Content-Type": "text/plain; charset=utf-8" }, body: Buffer.from(`${words}\n`) };
}

function json(type: string, value: unknown): Answer {
  return { status: 200, headers: { "Content-Type": type }, body: Buffer.from(JSON.stringify(value)) };
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
