import { once } from "node:events";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { setImmediate, setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type ConnectionCounts, type CountingServer, startCountingServer } from "../support/counting-server.ts";
import { type EmbeddedServer, startEmbeddedServer } from "../support/embedded-server.ts";
import type { AnswerFault, AnswerFaults } from "./answer-faults.ts";

/** Where `npm run build` puts the app. */
const appDirectory = fileURLToPath(new URL("../../dist/app/", import.meta.url));

/** So that requests overlap as they do over a network. */
const turnsBetweenPieces = 5;

/** A line on which a client that leaves is noticed before the rest of a body has come: pieces, and the time for each. */
const slowPieceBytes = 16 * 1024;
const slowPieceMs = 4;
const mostSlowBytes = 512 * 1024;

/** An answer that stands still until it is released; of an upload, before the server hears of it. */
export interface HeldAnswer {
  /** Resolves when it stands still, after half of a body. */
  readonly reached: Promise<void>;
  release(): void;
}

type IsHeld = (method: string, path: string) => boolean;

/**
 * The built app and its repositories on Holdall's own server, behind a counter that sees the sockets of whoever comes. What is
 * counted are requests for repositories. Faults take the place of answers.
 */
export class CountedSite implements AsyncDisposable {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly holds = new Set<Hold>();

  private constructor(
    private readonly front: CountingServer,
    private readonly server: EmbeddedServer,
  ) {}

  /** `dataDirectory` is kept; without one, what is stored goes with the site. */
  static async start(faults: AnswerFaults, dataDirectory?: string): Promise<CountedSite> {
    let site: CountedSite | null = null;
    const front = await startCountingServer(
      (asked, answer) => void site?.serve(asked, answer, faults),
      isForRepository,
    );
    // The server compares the origin of a request with its own, so it has to know the address in front.
    const options = ["--public-url", front.origin];
    const data = dataDirectory === undefined ? {} : { dataDirectory };
    site = new CountedSite(front, await startEmbeddedServer({ appDirectory, options, ...data }));
    return site;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const hold of this.holds) hold.release();
    await this.front.close();
    this.agent.destroy();
    await this.server.close();
  }

  /** Without a slash at its end. */
  get origin(): string {
    return this.front.origin;
  }

  get counts(): ConnectionCounts {
    return this.front.counts;
  }

  repositoryUrl(repository: string): string {
    return `${this.origin}/repos/${repository}/`;
  }

  /** The next such request gets no more than half of its answer until it is released. */
  holdNext(isHeld: IsHeld): HeldAnswer {
    const hold = new Hold(isHeld, () => this.holds.delete(hold));
    this.holds.add(hold);
    return hold;
  }

  private async serve(asked: IncomingMessage, answer: ServerResponse, faults: AnswerFaults): Promise<void> {
    const { method = "", url = "/" } = asked;
    try {
      if (!isForRepository(asked)) return await this.pass(asked, answer, null);
      const fault = faults.next(method, url);
      if (fault !== null) return await this.fail(asked, answer, fault);
      const hold = [...this.holds].find((one) => one.takes(method, url)) ?? null;
      if (method === "POST") await hold?.stand();
      await this.pass(asked, answer, hold);
    } catch {
      // The client is gone, or the server behind, which the client is to notice.
      answer.destroy();
    }
  }

  private async fail(asked: IncomingMessage, answer: ServerResponse, fault: AnswerFault): Promise<void> {
    if (fault.afterwards) await drain(await this.forward(asked));
    else await drain(asked);
    const body = Buffer.alloc(asked.method === "HEAD" ? 0 : fault.bodyLength, "No. ");
    answer.writeHead(fault.status, { "Content-Type": "text/plain", "Content-Length": body.length });
    await pipeline(slowly(body), answer);
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse, hold: Hold | null): Promise<void> {
    const response = await this.forward(asked);
    const { connection: _, "keep-alive": __, ...headers } = response.headers;
    answer.writeHead(response.statusCode ?? 502, headers);
    await pipeline(response, (body: AsyncIterable<Buffer>) => paced(body, hold, lengthOf(response)), answer);
  }

  private async forward(asked: IncomingMessage): Promise<IncomingMessage> {
    const { method, url, headers } = asked;
    const { connection: _, ...kept } = headers;
    // Node's client writes no more of a body that it is given bit by bit once an answer has come.
    const body = await buffer(asked);
    const sent = request(new URL(url ?? "/", this.upstream), { method, headers: kept, agent: this.agent });
    sent.end(body);
    const [response] = await once(sent, "response");
    return response as IncomingMessage;
  }

  private get upstream(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }
}

class Hold implements HeldAnswer {
  readonly reached: Promise<void>;
  private reach: () => void = () => {};
  private readonly released: Promise<void>;
  private letGo: () => void = () => {};

  constructor(
    private readonly isHeld: IsHeld,
    private readonly onTaken: () => void,
  ) {
    this.reached = new Promise((resolve) => (this.reach = resolve));
    this.released = new Promise((resolve) => (this.letGo = resolve));
  }

  /** Whether it is for this request, and then for no other any more. */
  takes(method: string, path: string): boolean {
    const isTaken = this.isHeld(method, path);
    if (isTaken) this.onTaken();
    return isTaken;
  }

  stand(): Promise<void> {
    this.reach();
    return this.released;
  }

  release(): void {
    this.onTaken();
    this.letGo();
  }
}

function isForRepository({ url }: IncomingMessage): boolean {
  return url?.startsWith("/repos/") ?? false;
}

async function* paced(body: AsyncIterable<Buffer>, hold: Hold | null, length: number): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const piece of body) {
    for (let turn = 0; turn < turnsBetweenPieces; turn++) await setImmediate();
    const half = Math.floor(length / 2);
    if (hold === null || sent > half || sent + piece.length < half) yield piece;
    else {
      yield piece.subarray(0, half - sent);
      await hold.stand();
      yield* slowly(piece.subarray(half - sent));
    }
    sent += piece.length;
  }
}

/** What is longer than a line may take comes at once. */
async function* slowly(bytes: Buffer): AsyncGenerator<Buffer> {
  const slow = Math.min(bytes.length, mostSlowBytes);
  for (let at = 0; at < slow; at += slowPieceBytes) {
    yield bytes.subarray(at, Math.min(at + slowPieceBytes, slow));
    if (at + slowPieceBytes < slow) await setTimeout(slowPieceMs);
  }
  if (slow < bytes.length) yield bytes.subarray(slow);
}

function lengthOf({ headers }: IncomingMessage): number {
  return Number(headers["content-length"] ?? 0);
}

async function drain(message: IncomingMessage): Promise<void> {
  message.resume();
  await finished(message, { writable: false });
}
