import { setImmediate } from "node:timers/promises";
import type { ConnectionCounts } from "../support/counting-server.ts";

/** What one client did with its connections. */
export interface ConnectionFigures {
  /** "holdall", or the command of restic. */
  client: string;
  /** How many operations it may run at once. */
  limit: number;
  requests: number;
  socketsOpened: number;
  /** Requests that came on a connection that had carried another one before. */
  socketsReused: number;
  /** Uploads and answers that the client cut by closing the connection. */
  bodiesAbandoned: number;
  peakConcurrent: number;
  /** Connections that were busy when what used them was over, or open when the program was gone. */
  socketsLeft: number;
}

/** How much the rules for connections allow (DESIGN.md, section 8). */
export interface ConnectionBounds {
  /** Bodies of which so much was still to come that reading on would have cost more than a new connection. */
  bodiesToAbandon: number;
  /** Requests for locks and lists, which go beside the limit. */
  besideLimit: number;
}

/** All that a browser opens to one origin over HTTP/1.1 for requests with one credentials mode. */
const browserSockets = 6;

/** The figures that are not as they have to be, in words. */
export function brokenBounds(figures: ConnectionFigures, allowed: ConnectionBounds): string[] {
  const { limit, socketsOpened, bodiesAbandoned, peakConcurrent, socketsLeft } = figures;
  const bounds: [string, number, number][] = [
    ["sockets opened", socketsOpened, browserSockets + bodiesAbandoned],
    ["bodies abandoned", bodiesAbandoned, allowed.bodiesToAbandon],
    ["requests at once", peakConcurrent, limit + allowed.besideLimit],
    ["sockets left", socketsLeft, 0],
  ];
  return bounds.flatMap(([what, found, most]) => (found <= most ? [] : [`${what}: ${found}, not at most ${most}`]));
}

/** A server hears a little later what a client has done. */
const patienceMs = 500;
const longPatienceMs = 5000;

/** Resolves when nothing is being answered, or is not going to end by itself. */
export async function untilIdle(counts: ConnectionCounts): Promise<void> {
  await until(() => counts.running === 0, patienceMs);
}

export interface CountedClient {
  client: string;
  limit: number;
  /** See socketsLeft. */
  leftBusy?: number;
  /** Connections that were closed so while the program had more to do. */
  cutInBuffers?: number;
}

/** The figures when the client's program is gone. */
export async function finalFigures(
  counts: ConnectionCounts,
  { client, limit, leftBusy = 0, cutInBuffers = 0 }: CountedClient,
): Promise<ConnectionFigures> {
  await until(() => counts.open === 0, longPatienceMs);
  return {
    client,
    limit,
    requests: counts.requests,
    socketsOpened: counts.opened,
    socketsReused: counts.reuses,
    bodiesAbandoned: counts.abandonedBodies + cutInBuffers,
    peakConcurrent: counts.peakRequests,
    socketsLeft: counts.open + leftBusy,
  };
}

async function until(isSo: () => boolean, mostMs: number): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!isSo() && performance.now() < deadline) await setImmediate();
}
