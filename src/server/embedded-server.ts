import { readFile, realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { sendStatus, sendText } from "./answer.ts";
import { type Authority, authorityOf, examineCaller, examineRepositoryCaller, type Refusal } from "./authority.ts";
import { type MadeUpLogin, makeUpLogin, ownPasswordFile, prepareDataFolder } from "./data-folder.ts";
import { LoginGate } from "./login-gate.ts";
import type { ServerOptions } from "./options.ts";
import { PasswordFile } from "./password-file.ts";
import { Quota } from "./quota.ts";
import { RepositoryRoutes } from "./repository-routes.ts";
import { RepositoryStore, sweepDataFolder } from "./repository-store.ts";
import { logRequest, type WriteLine } from "./request-log.ts";
import { parseRequestTarget, type RequestTarget } from "./request-target.ts";
import { repositoryHeaders, securityHeaders } from "./security-headers.ts";
import { StaticFiles } from "./static-files.ts";
import { UpstreamProxy } from "./upstream-proxy.ts";

const headersTimeoutMilliseconds = 20_000;
const idleTimeoutMilliseconds = 5 * 60_000; // restic gives up a request that does not move after the same time
const keepAliveMilliseconds = 2 * 60_000; // longer than clients keep idle connections, so that they close first
const closeGraceMilliseconds = 5_000;
const longestDroppedBytes = 256 * 1024 * 1024; // more than any pack

export interface RunningServer {
  /** The canonical origin, with the port that was taken. */
  readonly origin: string;
  /** The port that is listened on, also behind a reverse proxy. */
  readonly port: number;
  readonly dataDirectory: string;
  /** Only at the first start on a data folder: the one time the password is known. */
  readonly madeUpLogin: MadeUpLogin | undefined;
  readonly warnings: readonly string[];
  /** Stops listening, lets running requests end for some seconds, then cuts them. May be called twice. */
  close(): Promise<void>;
}

export interface ServerSurroundings {
  readonly appDirectory: string;
  readonly writeLine: WriteLine;
}

/**
 * Starts the app, the hosted repositories and the proxies on one origin. Rejects if the port is taken, or a file or
 * folder of the options cannot be used.
 */
export async function startServer(options: ServerOptions, around: ServerSurroundings): Promise<RunningServer> {
  const { othersMayRead } = await prepareDataFolder(options.dataDirectory);
  const dataDirectory = await realpath(options.dataDirectory);
  const { storedBytes } = await sweepDataFolder(dataDirectory);
  const quota = options.maxBytes === undefined ? undefined : new Quota(options.maxBytes, storedBytes);
  const { gate, madeUpLogin } = await prepareLogin(options, dataDirectory);
  const repositories = new RepositoryRoutes(new RepositoryStore(dataDirectory, quota), { ...options, gate });
  const proxies = await openProxies(options);
  const site = new Site(options, around, { repositories, proxies });
  const server = await createListener(options, (request, response) => void site.answer(request, response));
  server.on("clientError", (error, socket) => site.answerBroken(error, socket));
  const port = await listen(server, options);
  site.authority = authorityOf({ host: options.host, port, secure: options.tls !== undefined }, options.publicUrl);
  return {
    origin: site.authority.canonical,
    port,
    dataDirectory,
    madeUpLogin,
    warnings: othersMayRead ? [`${dataDirectory} can be read by other users of this machine`] : [],
    close: async () => {
      await close(server);
      for (const proxy of proxies.values()) proxy.close();
    },
  };
}

async function openProxies(options: ServerOptions): Promise<Map<string, UpstreamProxy>> {
  const { upstreams, upstreamCertificateFile: file } = options;
  const authority = file === undefined ? undefined : await readFile(file);
  return new Map(upstreams.map((upstream) => [upstream.name, new UpstreamProxy(upstream, authority)]));
}

async function prepareLogin(options: ServerOptions, dataDirectory: string) {
  if (!options.authentication) return { gate: undefined, madeUpLogin: undefined };
  const madeUpLogin = options.passwordFile === undefined ? await makeUpLogin(dataDirectory) : undefined;
  const passwords = await PasswordFile.open(options.passwordFile ?? ownPasswordFile(dataDirectory));
  return { gate: new LoginGate(passwords), madeUpLogin };
}

async function createListener(options: ServerOptions, listener: RequestListener): Promise<Server> {
  const settings = {
    headersTimeout: headersTimeoutMilliseconds,
    requestTimeout: 0, // an upload may take hours, as long as it moves
    keepAliveTimeout: keepAliveMilliseconds,
    requireHostHeader: false, // examined here, so that this answer too has the security headers
  };
  const server =
    options.tls === undefined
      ? createServer(settings, listener)
      : createTlsServer(
          { ...settings, cert: await readFile(options.tls.certificateFile), key: await readFile(options.tls.keyFile) },
          listener,
        );
  server.timeout = idleTimeoutMilliseconds;
  return server;
}

async function listen(server: Server, options: ServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const address = server.address();
  return isAddressInfo(address) ? address.port : options.port;
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMilliseconds);
  // A connection that becomes idle after its last answer would otherwise be kept until its client lets go.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cut);
}

/** Who may ask, and which part answers. */
class Site {
  /** Set as soon as the port is known; nobody can call before. */
  authority: Authority = { origins: new Map(), canonical: "http://localhost" };
  private readonly app: StaticFiles;
  private readonly openAnswers = new WeakMap<Duplex, ServerResponse>();

  constructor(
    private readonly options: ServerOptions,
    private readonly around: ServerSurroundings,
    private readonly parts: { repositories: RepositoryRoutes; proxies: ReadonlyMap<string, UpstreamProxy> },
  ) {
    this.app = new StaticFiles(around.appDirectory);
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

  /** What the HTTP parser refuses, or a body that ends early, while the client still listens. */
  answerBroken(error: Error, socket: Duplex): void {
    const open = this.openAnswers.get(socket);
    // Inside an answer that has begun these bytes would be taken for a part of it.
    if (!socket.writable || (open?.headersSent === true && !open.writableFinished)) {
      socket.destroy();
      return;
    }
    const tooLarge = "code" in error && error.code === "HPE_HEADER_OVERFLOW";
    const body = tooLarge ? "Request Header Fields Too Large\n" : "Bad Request\n";
    const headers = {
      ...securityHeaders(this.authority.canonical, this.options),
      "Content-Type": "text/plain; charset=utf-8",
      "Content-Length": String(body.length),
      Connection: "close",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const status = tooLarge ? "431 Request Header Fields Too Large" : "400 Bad Request";
    socket.end([`HTTP/1.1 ${status}`, ...lines, "", body].join("\r\n"));
  }

  private async route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const caller = examineCaller(request, this.authority);
    const origin = typeof caller === "string" ? caller : this.authority.canonical;
    setHeaders(response, securityHeaders(origin, this.options));
    if (typeof caller !== "string") return refuse(response, caller);
    const target = parseRequestTarget(request.url ?? "");
    if (target === undefined) return refuse(response, { status: 400, reason: "that is not a path of this server" });
    const [prefix = "", ...segments] = target.segments;
    if (prefix !== "repos" && prefix !== "up") return this.app.answer(request, response, target.segments);
    setHeaders(response, repositoryHeaders(origin, this.options));
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
