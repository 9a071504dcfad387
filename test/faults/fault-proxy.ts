import {
  createServer,
  type IncomingMessage,
  request as openRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What the network, the server or something between them does to one request. */
export type Disturbance =
  | "none"
  | "drop" // the connection is cut before the server hears of it
  | "lose-answer" // the server does what it is asked, and nobody hears of that
  | "stall" // taken, never passed on, never answered
  | "stall-answer" // half an answer, and then nothing
  | "cut-answer" // half an answer, and then the end of the connection
  | "corrupt-upload" // one bit of what is sent
  | "corrupt-answer" // one bit of what is answered
  | "login-page" // a page of HTML and the status 200
  | { status: number };

export interface SeenRequest {
  /** 1 for the first request of this proxy. */
  readonly n: number;
  /** 1 for the first upload; 0 if it is none. */
  readonly upload: number;
  readonly method: string;
  /** Of the repository's files, such as "data/<id>". */
  readonly path: string;
  readonly uploadLength: number;
  /** Null until the server has answered. */
  answerLength: number | null;
}

export interface ProxySettings {
  /** The server behind, with a slash at its end. */
  upstream: string;
  decide?: (request: SeenRequest) => Disturbance | Promise<Disturbance>;
  /** Awaited before an answer is given on. */
  hold?: (request: SeenRequest) => Promise<void> | undefined;
  /** Told of what the server behind answers. */
  onAnswer?: (answer: { status: number }) => void;
  /** A stalled request waits from now on. */
  onStalled?: () => void;
  /** The time that the server behind says it has: a device whose clock is moved has a server of the same time. */
  now?: () => number;
  /** From 0 to below 1: which bit is flipped. */
  fraction?: () => number;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

const loginPage: Answer = {
  status: 200,
  headers: { "content-type": "text/html" },
  body: Buffer.from("<!doctype html><title>Sign in</title><h1>Welcome to the hotel</h1>"),
};

function refusalOf(status: number): Answer {
  return { status, headers: { "content-type": "text/plain" }, body: Buffer.from("No\n") };
}

/** Stands between a client and a real REST server, counts the requests, and disturbs those that it is told to. */
export class FaultProxy {
  readonly requests: SeenRequest[] = [];
  /** Requests to which a disturbance really happened. */
  readonly disturbed: SeenRequest[] = [];
  /** Requests that found no server behind. */
  refused = 0;
  private uploads = 0;
  private readonly serving = new Map<number, Promise<void>>();

  private constructor(
    private readonly server: Server,
    private readonly settings: ProxySettings,
  ) {
    server.on("request", (request, response) => {
      // A client that is gone has nobody to tell.
      this.take(request, response).catch(() => response.destroy());
    });
  }

  static async start(settings: ProxySettings): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FaultProxy(server, settings);
  }

  /** Where the server behind appears, with a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Resolves when nothing more happens to a request. */
  async settled(n: number): Promise<void> {
    await this.serving.get(n);
  }

  /** Resolves when the server behind has done all that it was sent, also for clients that are gone. */
  async idle(): Promise<void> {
    await Promise.all(this.serving.values());
  }

  /** Cuts all connections; from then on nothing gets through. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const seen = this.note(request, body);
    const serving = this.serve(seen, request, body, response);
    this.serving.set(
      seen.n,
      serving.catch(() => {}),
    );
    await serving;
  }

  private async serve(
    seen: SeenRequest,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ): Promise<void> {
    const disturbance = (await this.settings.decide?.(seen)) ?? "none";
    if (disturbance === "drop") {
      this.cut(seen, response);
      return;
    }
    if (disturbance === "stall") {
      this.stall(seen);
      return;
    }
    if (typeof disturbance === "object" || disturbance === "login-page") {
      this.disturbed.push(seen);
      send(response, disturbance === "login-page" ? loginPage : refusalOf(disturbance.status));
      return;
    }
    const sent = disturbance === "corrupt-upload" ? this.flipped(body, seen) : body;
    const answer = await this.forward(request, sent).catch(() => null);
    if (answer === null) {
      this.refused++;
      response.destroy();
      return;
    }
    this.settings.onAnswer?.(answer);
    seen.answerLength = answer.body.length;
    const { now } = this.settings;
    if (now !== undefined) answer.headers.date = new Date(now()).toUTCString();
    await this.settings.hold?.(seen);
    this.give(seen, response, answer, disturbance);
  }

  private note(request: IncomingMessage, body: Buffer): SeenRequest {
    const { method = "" } = request;
    const isUpload = method === "POST";
    if (isUpload) this.uploads++;
    const path = (request.url ?? "").split("/").slice(2).join("/");
    const n = this.requests.length + 1;
    const upload = isUpload ? this.uploads : 0;
    const seen: SeenRequest = { n, upload, method, path, uploadLength: body.length, answerLength: null };
    this.requests.push(seen);
    return seen;
  }

  private give(seen: SeenRequest, response: ServerResponse, answer: Answer, disturbance: Disturbance): void {
    if (disturbance === "lose-answer") {
      this.cut(seen, response);
      return;
    }
    if (answer.body.length === 0) {
      send(response, answer);
      return;
    }
    if (disturbance === "cut-answer" || disturbance === "stall-answer") {
      response.writeHead(answer.status, answer.headers);
      response.write(answer.body.subarray(0, answer.body.length / 2), () => {
        if (disturbance === "cut-answer") this.cut(seen, response);
        else this.stall(seen);
      });
      return;
    }
    send(response, disturbance === "corrupt-answer" ? { ...answer, body: this.flipped(answer.body, seen) } : answer);
  }

  private cut(seen: SeenRequest, response: ServerResponse): void {
    this.disturbed.push(seen);
    response.destroy();
  }

  private stall(seen: SeenRequest): void {
    this.disturbed.push(seen);
    this.settings.onStalled?.();
  }

  private flipped(bytes: Buffer, seen: SeenRequest): Buffer {
    if (bytes.length === 0) return bytes;
    this.disturbed.push(seen);
    const bit = Math.floor((this.settings.fraction?.() ?? 0.5) * bytes.length * 8);
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return changed;
  }

  private forward(request: IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url = "/", headers } = request;
    return new Promise((resolve, reject) => {
      const target = new URL(url.slice(1), this.settings.upstream);
      const { connection: _, ...kept } = headers;
      // A connection of its own: the server behind may be another one at any moment.
      const sent = openRequest(target, { method, headers: { ...kept, host: target.host }, agent: false }, (answer) => {
        bodyOf(answer).then((answerBody) => {
          resolve({ status: answer.statusCode ?? 502, headers: withoutConnection(answer.headers), body: answerBody });
        }, reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }
}

function withoutConnection({ connection: _, ...headers }: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return headers;
}

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers);
  response.end(body);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
