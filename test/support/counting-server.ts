import type { RequestListener, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a server saw of its clients' connections. */
export interface ConnectionCounts {
  /** Connections ever opened. */
  readonly opened: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Most connections that were open at one moment. */
  readonly peakOpen: number;
  /** Requests that came on a connection that had carried another one before. */
  readonly reuses: number;
  /** Most requests that were being answered at one moment. */
  readonly peakRequests: number;
  /** Answers whose connection the client closed before all of it was sent. */
  readonly abandonedBodies: number;
}

export interface CountingServer {
  /** The origin, without a slash at its end. */
  readonly origin: string;
  readonly counts: ConnectionCounts;
  close(): Promise<void>;
}

/** An HTTP server on loopback, at a port that the system chose, which counts what clients do with connections. */
export async function startCountingServer(listener: RequestListener): Promise<CountingServer> {
  const counter = new ConnectionCounter();
  const server = createServer((request, response) => {
    counter.begin(request.socket, response);
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
  opened = 0;
  open = 0;
  peakOpen = 0;
  reuses = 0;
  peakRequests = 0;
  abandonedBodies = 0;
  private running = 0;
  private readonly used = new WeakSet<Socket>();

  connect(socket: Socket): void {
    this.opened++;
    this.open++;
    this.peakOpen = Math.max(this.peakOpen, this.open);
    socket.once("close", () => this.open--);
  }

  begin(socket: Socket, response: ServerResponse): void {
    if (this.used.has(socket)) this.reuses++;
    this.used.add(socket);
    this.running++;
    this.peakRequests = Math.max(this.peakRequests, this.running);
    response.once("close", () => {
      this.running--;
      if (!response.writableFinished) this.abandonedBodies++;
    });
  }
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
