import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { isLoopback } from "./authority.ts";
import type { ServerOptions } from "./options.ts";
import type { Pace } from "./slow-connections.ts";

/** What one client may take of the server's time and memory before it is cut off. */
export interface ListenerLimits {
  /** For a TLS handshake, and for the head of a request from its connection or the answer before it. */
  readonly headMilliseconds: number;
  /** How often the heads are looked at. */
  readonly checkMilliseconds: number;
  /** Without a byte in either direction. */
  readonly idleMilliseconds: number;
  readonly pace: Pace;
  /** The request line and all headers. */
  readonly headBytes: number;
  readonly connections: number;
  /** Of one address; not of this machine's own, where a reverse proxy brings everybody. */
  readonly connectionsOfAddress: number;
  readonly closeGraceMilliseconds: number;
}

export const usualLimits: ListenerLimits = {
  headMilliseconds: 20_000,
  checkMilliseconds: 5_000,
  idleMilliseconds: 5 * 60_000, // restic gives up a request that does not move after the same time
  pace: { leastBytes: 64 * 1024, windowMilliseconds: 5 * 60_000 },
  headBytes: 16 * 1024,
  connections: 1_024,
  connectionsOfAddress: 256,
  closeGraceMilliseconds: 5_000,
};

const keepAliveMilliseconds = 2 * 60_000; // longer than clients keep idle connections, so that they close first

/**
 * It speaks HTTP/1.1 alone, also over TLS: Chromium's uploads to Node's HTTP/2 were a third slower (245 instead of 370
 * MiB a second on one machine, with windows of 4 MiB), and uploads are what a backup waits for.
 */
export async function createListener(options: ServerOptions, limits: ListenerLimits): Promise<Server> {
  const settings = {
    headersTimeout: limits.headMilliseconds,
    connectionsCheckingInterval: limits.checkMilliseconds,
    requestTimeout: 0, // an upload may take hours, as long as it moves
    keepAliveTimeout: keepAliveMilliseconds,
    maxHeaderSize: limits.headBytes,
    requireHostHeader: false, // examined later, so that this answer too has the security headers
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(settings)
      : createTlsServer({
          ...settings,
          handshakeTimeout: limits.headMilliseconds,
          cert: await readFile(tls.certificateFile),
          key: await readFile(tls.keyFile),
        });
  server.timeout = limits.idleMilliseconds;
  // Node would drop further headers without a word, a second Host among them; their bytes are limited as it is.
  server.maxHeadersCount = 0;
  limitConnections(server, limits);
  return server;
}

/** Resolves with the port that was taken. */
export async function listen(server: Server, options: ServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const address = server.address();
  return isAddressInfo(address) ? address.port : options.port;
}

/** Takes no more connections, lets running requests end, and cuts what is left after the time of grace. */
export async function closeListener(server: Server, graceMilliseconds: number): Promise<void> {
  if (!server.listening) return;
  const cut = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
  // A connection that becomes idle after its last answer would otherwise be kept until its client lets go.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cut);
}

function limitConnections(server: Server, limits: ListenerLimits): void {
  server.maxConnections = limits.connections;
  // Those that only wait for another request make room.
  server.on("drop", () => server.closeIdleConnections());
  server.on("connection", limitPerAddress(limits.connectionsOfAddress));
}

type ArrivingSocket = Pick<Socket, "remoteAddress" | "destroy"> & {
  once(event: "close", listener: () => void): unknown;
};

/** What to do with each new connection so that no address but this machine's own has more than `limit`. */
export function limitPerAddress(limit: number): (socket: ArrivingSocket) => void {
  const counts = new Map<string, number>();
  return (socket) => {
    const address = socket.remoteAddress ?? "";
    if (isLoopback(address.replace(/^::ffff:/, ""))) return;
    const count = counts.get(address) ?? 0;
    if (count >= limit) {
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left > 0) counts.set(address, left);
      else counts.delete(address);
    });
  };
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}
