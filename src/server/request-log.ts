import type { IncomingMessage, ServerResponse } from "node:http";

export type WriteLine = (line: string) => void;

/**
 * Writes a line per answered request: time, address, method, path, status, bytes, milliseconds. Queries and headers are
 * left out, and so are targets that are no paths, since these can carry a login.
 */
export function logRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: { readonly write: WriteLine; readonly everything: boolean },
): void {
  const started = performance.now();
  const address = request.socket.remoteAddress ?? "-";
  response.once("close", () => {
    const failed = response.statusCode >= 500 || response.statusCode === 401 || refused.has(response.statusCode);
    if (!options.everything && !failed) return;
    const status = response.writableFinished ? response.statusCode : `${response.statusCode} cut`;
    const took = Math.round(performance.now() - started);
    options.write(
      `${new Date().toISOString()} ${address} ${request.method} ${shownPath(request.url)} ${status} ${took} ms`,
    );
  });
}

const refused = new Set([400, 403, 415, 421]);
const longestPath = 300;

function shownPath(target = ""): string {
  if (!target.startsWith("/")) return "(no path)";
  const path = target.split("?")[0] ?? "";
  return path.replace(/[^\x21-\x7e]/g, "?").slice(0, longestPath);
}
