import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { sendStatus, sendText } from "./answer.ts";
import { type Authority, examineCaller, examineRepositoryCaller, type Refusal } from "./authority.ts";
import type { ServerOptions } from "./options.ts";
import type { RepositoryRoutes } from "./repository-routes.ts";
import { logRequest, type WriteLine } from "./request-log.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { repositoryHeaders, securityHeaders } from "./security-headers.ts";
import { StaticFiles } from "./static-files.ts";
import type { UpstreamProxy } from "./upstream-proxy.ts";

const longestDroppedBytes = 256 * 1024 * 1024; // more than any pack

export interface SiteSurroundings {
  /** The built app. */
  readonly appDirectory: string;
  readonly writeLine: WriteLine;
}

export interface SiteParts {
  readonly authority: Authority;
  readonly repositories: RepositoryRoutes;
  readonly proxies: ReadonlyMap<string, UpstreamProxy>;
}

/**
 * Who may ask, and which part answers: the app, the hosted repositories or a proxy.
 *
 * It stands on node:http alone. What it decides on (the request line as it came, repeated headers, when a body is
 * read) is what a web framework tidies away before its first handler, and three prefixes need no router.
 */
export class Site {
  readonly authority: Authority;
  private readonly app: StaticFiles;
  private readonly openAnswers = new WeakMap<Duplex, ServerResponse>();

  constructor(
    private readonly options: ServerOptions,
    private readonly around: SiteSurroundings,
    private readonly parts: SiteParts,
  ) {
    this.authority = parts.authority;
    this.app = new StaticFiles(around.appDirectory);
  }

  close(): void {
    for (const proxy of this.parts.proxies.values()) proxy.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.openAnswers.set(request.socket, response);
    logRequest(request, response, { write: this.around.writeLine, everything: this.options.logRequests });
    try {
      await this.route(request, response);
    } catch (error) {
      this.fail(request, response, error);
    }
    dropRest(request);
  }

  /** What the HTTP parser refuses or waits for in vain, or a body that ends early, while the client still listens. */
  answerBroken(error: Error, socket: Duplex): void {
    const open = this.openAnswers.get(socket);
    // Inside an answer that has begun these bytes would be taken for a part of it.
    if (!socket.writable || (open?.headersSent === true && !open.writableFinished)) {
      socket.destroy();
      return;
    }
    const status = statusOfBroken(error);
    const body = `${STATUS_CODES[status]}\n`;
    const headers = {
      ...securityHeaders(this.authority.canonical, this.options),
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": String(body.length),
      Connection: "close",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    socket.end([`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...lines, "", body].join("\r\n"));
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = examineCaller(request, this.authority);
    const origin = typeof caller === "string" ? caller : this.authority.canonical;
    const target = parseRequestTarget(request.url ?? "");
    const [prefix = "", ...segments] = target?.segments ?? [];
    const isRepository = prefix === "repos" || prefix === "up";
    // Foreign callers too are told what kind of answer this is.
    setHeaders(response, (isRepository ? repositoryHeaders : securityHeaders)(origin, this.options));
    if (typeof caller !== "string") return refuse(response, caller);
    if (target === undefined) return refuse(response, { status: 400, reason: "that is not a path of this server" });
    if (!isRepository) {
      // Tells the page that a repository can be made here, and where.
      response.setHeader("Holdall-Repositories", "/repos/");
      return this.app.answer(request, response, target.segments);
    }
    const refusal = examineRepositoryCaller(request);
    if (refusal !== undefined) return refuse(response, refusal);
    await this.routeRepository(request, response, { prefix, target: { ...target, segments } });
  }

  private async routeRepository(
    request: IncomingMessage,
    response: ServerResponse,
    { prefix, target }: { prefix: "repos" | "up"; target: RequestTarget },
  ): Promise<void> {
    if (prefix === "repos") return this.parts.repositories.answer(request, response, target);
    const [name = "", ...segments] = target.segments;
    const proxy = this.parts.proxies.get(name);
    if (proxy === undefined) return sendStatus(response, 404);
    await proxy.answer(request, response, { ...target, segments });
  }

  private fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    // A reader that went away is no failure of the server.
    if (response.destroyed || request.destroyed) return;
    this.around.writeLine(`${new Date().toISOString()} ${error instanceof Error ? error.message : String(error)}`);
    if (response.headersSent) response.destroy();
    else sendStatus(response, 500);
  }
}

/**
 * A browser opens connections ahead of its requests. One that stayed unused too long reads this answer to the request that
 * it is used for at last: 408, and no other, makes the browser repeat that on a fresh connection.
 */
function statusOfBroken(error: Error): 400 | 408 | 431 {
  if (!("code" in error)) return 400;
  if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") return 408;
  return error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400;
}

/** Reads what is left of a refused body, so that the client comes to read the answer and keeps its connection. */
function dropRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  let dropped = 0;
  request.on("data", (piece: Buffer) => {
    dropped += piece.length;
    if (dropped > longestDroppedBytes) request.socket.destroy();
  });
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  sendText(response, refusal.status, refusal.reason);
}

function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}
