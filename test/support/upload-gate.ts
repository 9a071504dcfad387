import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/**
 * Stands before a REST server and passes everything on; while it is closed, packs wait in front of it, so that a backup
 * lasts as long as a test wants.
 */
export class UploadGate implements AsyncDisposable {
  private readonly waiting: ((mayPass: boolean) => void)[] = [];
  /** How many packs may pass before the next one waits. */
  private room = Number.POSITIVE_INFINITY;
  private holdsIndexes = false;
  passedPacks = 0;
  passedBytes = 0;

  private constructor(
    private readonly upstream: URL,
    private readonly server: Server,
  ) {
    server.on("request", (asked, answer) => void this.pass(asked, answer));
  }

  static async before(upstream: string): Promise<UploadGate> {
    const gate = new UploadGate(new URL(upstream), createServer());
    gate.server.listen(0, "127.0.0.1");
    await once(gate.server, "listening");
    return gate;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.open();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close");
  }

  /** Without a slash at the end. */
  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** What waits now. */
  get waitingUploads(): number {
    return this.waiting.length;
  }

  /** From now on packs wait, but for the next few. */
  close(butFor = 0): void {
    this.room = butFor;
  }

  /** From now on index files wait, too. */
  closeForIndexes(): void {
    this.holdsIndexes = true;
  }

  open(): void {
    this.room = Number.POSITIVE_INFINITY;
    this.holdsIndexes = false;
    for (const decide of this.waiting.splice(0)) decide(true);
  }

  /** Breaks off what waits: a server that never saw it. A front server sends on what it has taken in, whoever is gone. */
  dropWaiting(): void {
    for (const decide of this.waiting.splice(0)) decide(false);
  }

  /** Lets the pack pass that has waited longest, if one waits. */
  letOneThrough(): void {
    this.waiting.shift()?.(true);
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const body = await buffer(asked);
      const [, uploaded] = (asked.method === "POST" && /\/(data|index)\/[0-9a-f]{64}$/.exec(asked.url ?? "")) || [];
      const mayPass = await this.turnOf(uploaded);
      // Whoever sent it is gone by now: what a server has not seen is not stored.
      if (answer.destroyed) return;
      if (!mayPass) return void answer.destroy();
      await this.forward(asked, body, answer);
      if (uploaded === "data") this.count(body);
    } catch {
      answer.destroy();
    }
  }

  /** Resolves with whether it may pass, when that is decided. */
  private async turnOf(uploaded: string | undefined): Promise<boolean> {
    const waits = uploaded === "data" ? this.room <= 0 : uploaded === "index" && this.holdsIndexes;
    if (waits) return new Promise((resolve) => this.waiting.push(resolve));
    if (uploaded === "data") this.room--;
    return true;
  }

  private count(pack: Buffer): void {
    this.passedPacks++;
    this.passedBytes += pack.length;
  }

  private async forward(
    { method, url, headers }: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
  ): Promise<void> {
    const target = new URL(url ?? "/", this.upstream);
    const sent = request(target, { method, headers: { ...headers, host: this.upstream.host } });
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    answer.writeHead(response.statusCode ?? 502, response.headers);
    response.pipe(answer);
    await once(answer, "close");
  }
}
