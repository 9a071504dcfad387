import { type ServerResponse, STATUS_CODES } from "node:http";

/** The status text and a newline, as rest-server answers everything that has no body of its own. */
export function sendStatus(response: ServerResponse, status: number): void {
  sendText(response, status, STATUS_CODES[status] ?? String(status));
}

/** A line of plain text. */
export function sendText(response: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text}\n`);
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": body.length });
  response.end(body);
}

/** 405 with the list of what would do. */
export function sendMethodNotAllowed(response: ServerResponse, allowed: readonly string[]): void {
  response.setHeader("Allow", allowed.join(", "));
  sendStatus(response, 405);
}

/** Success without content: rest-server answers 200 and no bytes. */
export function sendEmpty(response: ServerResponse, headers: Record<string, string | number> = {}): void {
  response.writeHead(200, { "Content-Length": 0, ...headers });
  response.end();
}
