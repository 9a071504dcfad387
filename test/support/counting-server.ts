import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a server saw of its clients' connections. */
export interface ConnectionCounts {
  /** Requests ever made. */
  readonly requests: number;
  /** Connections ever opened. */
  readonly opened: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Most connections that were open at one moment. */
  readonly peakOpen: number;
  /** Requests that came on a connection that had carried another one before. */
  readonly reuses: number;
  /** Requests that are being answered now. */
  readonly running: number;
  /** Most requests that were being answered at one moment. */
  readonly peakRequests: number;
  /** Answers whose connection the client closed before it had taken all of it. */
  readonly abandonedBodies: number;
  /**
   * Connections that a client closed in good order before any request or next after a long upload or answer: a transfer
   * that was cut while nothing or all of it was in buffers on the way. When a program ends, it closes the others so, too.
   */
  readonly cutInBuffers: number;
}

export interface CountingServer {
  /** The origin, without a slash at its end. */
  readonly origin: string;
  readonly counts: ConnectionCounts;
  close(): Promise<void>;
}

/** What is shorter is sent and read to its end, whoever leaves: its connection is not closed for that. */
const longBytes = 256 * 1024;

type IsCounted = (request: IncomingMessage) => boolean;

/**
 * An HTTP server on loopback, at a port that the system chose, which counts what clients do with connections. It ends none
 * by itself, so that each that is opened anew was given up by a client. Whatever is not to be counted, such as the app's own
 * files, is left out together with the connections that carried nothing else.
 */
export async function startCountingServer(
  listener: RequestListener,
  isCounted: IsCounted = () => true,
): Promise<CountingServer> {
  const counter = new ConnectionCounter();
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    if (isCounted(request)) counter.begin(request.socket, response);
    else counter.leaveOut(request.socket);
    listener(request, response);
  });
  server.on("connection", (socket: Socket) => counter.connect(socket));
  await listenOnLoopback(server);
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts: counter,
    close: () => closeServer(server),
  };
}

class ConnectionCounter implements ConnectionCounts {
  requests = 0;
  opened = 0;
  peakOpen = 0;
  reuses = 0;
  running = 0;
  peakRequests = 0;
  abandonedBodies = 0;
  cutInBuffers = 0;
  private readonly sockets = new Set<Socket>();
  /** The last answer on each connection that has carried one. */
  private readonly answers = new WeakMap<Socket, ServerResponse>();

  get open(): number {
    return this.sockets.size;
  }

  connect(socket: Socket): void {
    this.take(socket);
    socket.once("close", (isReset) => {
      if (this.sockets.delete(socket)) this.end(this.answers.get(socket), isReset);
    });
  }

  begin(socket: Socket, response: ServerResponse): void {
    this.requests++;
    if (this.answers.has(socket)) this.reuses++;
    else if (!this.sockets.has(socket)) this.take(socket);
    this.answers.set(socket, response);
    this.running++;
    this.peakRequests = Math.max(this.peakRequests, this.running);
    response.once("close", () => this.running--);
  }

  /** Browsers fetch part of an app on the connections that its worker then uses, so it may still be taken in again. */
  leaveOut(socket: Socket): void {
    if (!this.answers.has(socket) && this.sockets.delete(socket)) this.opened--;
  }

  private take(socket: Socket): void {
    this.opened++;
    this.sockets.add(socket);
    this.peakOpen = Math.max(this.peakOpen, this.open);
  }

  /** The system takes megabytes that no client has seen yet; a client that closes on them mostly resets the connection. */
  private end(last: ServerResponse | undefined, isReset: boolean): void {
    if (last !== undefined && (isReset || !last.writableFinished)) this.abandonedBodies++;
    else if (last === undefined || isLong(last)) this.cutInBuffers++;
  }
}

function isLong(answer: ServerResponse): boolean {
  const lengths = [answer.req.headers["content-length"], answer.getHeader("content-length")];
  return lengths.some((length) => Number(length ?? 0) > longBytes);
}

function listenOnLoopback(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
