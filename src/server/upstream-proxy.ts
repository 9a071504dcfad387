import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { sendMethodNotAllowed, sendStatus, sendText } from "./answer.ts";
import { errorCode } from "./durable-file.ts";
import type { Upstream } from "./options.ts";
import { listingTypes } from "./repository-routes.ts";
import { parseRepositoryTarget, type RepositoryTarget } from "./repository-target.ts";
import type { RequestTarget } from "./request-target.ts";

const idleTimeoutMilliseconds = 5 * 60_000;
const deepestRepository = 8;
const methods = ["HEAD", "GET", "POST", "DELETE"];
// Nothing else goes either way: no cookies, no forwarding headers, no CORS, no authentication prompts.
const forwardedHeaders = ["authorization", "accept", "content-type", "content-length", "range"] as const;
// `server` tells a client that it talks to rclone, which answers some requests differently.
const passedHeaders = ["accept-ranges", "allow", "content-length", "content-range", "retry-after", "server"] as const;

/**
 * Shows another REST server below a path of this one, so that a page may talk to it without CORS. Only requests of the
 * REST protocol pass. The upstream's own login applies: the Authorization header goes there and is not looked at here.
 */
export class UpstreamProxy {
  private readonly agent: HttpAgent | HttpsAgent;
  private readonly base: URL;

  /** `certificateAuthority` in PEM is trusted instead of the usual ones. */
  constructor(upstream: Upstream, certificateAuthority?: Buffer) {
    this.base = new URL(upstream.url);
    const trust = certificateAuthority === undefined ? {} : { ca: certificateAuthority };
    this.agent =
      this.base.protocol === "https:"
        ? new HttpsAgent({ keepAlive: true, ...trust })
        : new HttpAgent({ keepAlive: true });
  }

  async answer(request: IncomingMessage, response: ServerResponse, target: RequestTarget): Promise<void> {
    const path = parseRepositoryTarget(target.segments, { minimum: 0, maximum: deepestRepository });
    if (path === undefined) return sendStatus(response, 404);
    if (!methods.includes(request.method ?? "")) return sendMethodNotAllowed(response, methods);
    // Several ranges would come back as multipart, whose boundary stands in a content type that is not passed on.
    if (request.headers.range?.includes(",")) return sendStatus(response, 416);
    const url = new URL(this.base.href + upstreamPath(path, target.query));
    let answer: IncomingMessage;
    try {
      answer = await this.ask(request, url);
    } catch (error) {
      return sendUnreachable(request, response, error);
    }
    await pass(answer, response);
  }

  close(): void {
    this.agent.destroy();
  }

  private async ask(request: IncomingMessage, url: URL): Promise<IncomingMessage> {
    const first = this.send(request, url);
    try {
      return await answerOf(first, request);
    } catch (error) {
      // The upstream closed an idle connection just as it was used again. Nothing of a body can be sent twice.
      const closedIdle = first.reusedSocket && errorCode(error) === "ECONNRESET" && !carriesBody(request);
      if (!closedIdle) throw error;
      return await answerOf(this.send(request, url), request);
    }
  }

  private send(request: IncomingMessage, url: URL): ClientRequest {
    const headers: Record<string, string> = {};
    for (const name of forwardedHeaders) {
      const value = request.headers[name];
      if (value !== undefined) headers[name] = value;
    }
    if (!carriesBody(request)) delete headers["content-length"];
    else if (request.headers["transfer-encoding"] === undefined) headers["content-length"] ??= "0";
    const start = url.protocol === "https:" ? httpsRequest : httpRequest;
    return start(url, { method: request.method, headers, agent: this.agent, timeout: idleTimeoutMilliseconds });
  }
}

function carriesBody(request: IncomingMessage): boolean {
  return request.method === "POST";
}

function upstreamPath(target: RepositoryTarget, query: string): string {
  const names = target.repository.map(encodeURIComponent);
  if (target.kind === "listing") return [...names, target.type, ""].join("/");
  if (target.kind === "file") {
    const { file } = target;
    return [...names, ...(file.type === "config" ? ["config"] : [file.type, file.id])].join("/");
  }
  const create = new URLSearchParams(query).get("create");
  const folder = names.map((name) => `${name}/`).join("");
  return create === null ? folder : `${folder}?create=${encodeURIComponent(create)}`;
}

class UpstreamTimeout extends Error {}

/**
 * Sends the body and resolves with the head of the answer, which may come before the body has ended. From then on
 * the rest of the body is read to its end and dropped should the upstream want no more of it.
 */
function answerOf(sent: ClientRequest, request: IncomingMessage): Promise<IncomingMessage> {
  const stopSending = () => {
    request.unpipe(sent);
    request.resume();
  };
  const callerLeft = () => {
    if (!request.complete) sent.destroy();
  };
  sent.once("timeout", () => sent.destroy(new UpstreamTimeout()));
  sent.once("close", () => {
    request.off("close", callerLeft);
    stopSending();
  });
  sent.once("response", (answer) => {
    // The upstream has said all it has to say and wants no more of the body: that connection is of no use any more.
    answer.once("end", () => {
      if (!sent.writableFinished) sent.destroy();
    });
  });
  request.once("close", callerLeft);
  const head = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject);
  });
  if (carriesBody(request)) request.pipe(sent);
  else sent.end();
  return head;
}

function sendUnreachable(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (request.destroyed && !request.complete) return;
  if (error instanceof UpstreamTimeout) sendText(response, 504, "the upstream server does not answer");
  else sendText(response, 502, `the upstream server cannot be reached (${errorCode(error) ?? "no answer"})`);
}

async function pass(answer: IncomingMessage, response: ServerResponse): Promise<void> {
  const problem = unusable(answer);
  if (problem !== undefined) {
    answer.resume();
    return sendText(response, 502, problem);
  }
  for (const name of passedHeaders) {
    const value = answer.headers[name];
    if (value !== undefined) response.setHeader(name, value);
  }
  response.writeHead(answer.statusCode ?? 502, { "Content-Type": contentTypeOf(answer) });
  await pipeline(answer, response);
}

function unusable(answer: IncomingMessage): string | undefined {
  const status = answer.statusCode ?? 0;
  if (status >= 300 && status < 400) return "the upstream server redirects; name its final address with --proxy";
  const encoding = answer.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") return "the upstream server encodes its answers";
  return undefined;
}

/** Whatever the upstream says, its bytes are no page; only the two listings are told apart by their type. */
function contentTypeOf(answer: IncomingMessage): string {
  const type = answer.headers["content-type"];
  return Object.values(listingTypes).find((listing) => listing === type) ?? "application/octet-stream";
}
