import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Clock } from "../core/base/clock.ts";

interface Watched {
  readonly request: IncomingMessage;
  readonly socket: Socket;
  movedBytes: number;
  since: number;
}

export interface Pace {
  /** What must move within the window while the server waits for its client. */
  readonly leastBytes: number;
  readonly windowMilliseconds: number;
}

/**
 * Cuts connections whose client sends its body, or takes its answer, byte by byte: each would hold a socket, an open
 * file and room of the quota for as long as it likes. The idle timeout sees none of these, since something moves.
 */
export class SlowConnections {
  private readonly watched = new Set<Watched>();
  private stopTimer: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly pace: Pace,
  ) {}

  start(): void {
    this.stopTimer = this.clock.after(this.pace.windowMilliseconds / 2, () => {
      this.cutSlow();
      this.start();
    });
  }

  stop(): void {
    this.stopTimer();
  }

  watch(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const watched = { request, socket, movedBytes: movedBytesOf(socket), since: this.clock.now() };
    this.watched.add(watched);
    response.once("close", () => this.watched.delete(watched));
  }

  private cutSlow(): void {
    const now = this.clock.now();
    for (const watched of this.watched) {
      const elapsed = now - watched.since;
      if (elapsed >= 0 && elapsed < this.pace.windowMilliseconds) continue;
      const movedBytes = movedBytesOf(watched.socket);
      const isSlow = elapsed >= 0 && movedBytes - watched.movedBytes < this.pace.leastBytes;
      if (isSlow && waitsForClient(watched)) watched.socket.destroy();
      watched.movedBytes = movedBytes;
      watched.since = now;
    }
  }
}

/** Else the server itself is at work, or an upstream is. */
function waitsForClient({ request, socket }: Watched): boolean {
  return !request.complete || socket.writableLength > 0;
}

function movedBytesOf(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten - socket.writableLength;
}
