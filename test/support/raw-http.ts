import { connect } from "node:net";

export interface RawAnswer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface RawRequest {
  readonly method: string;
  readonly target: string;
  /** In this order and spelling, repeated ones too. Nothing is added. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: Buffer | string;
  /** Half-close after the body, as a client does that has no more to say. */
  readonly endEarly?: boolean;
}

/** Sends exactly these bytes and reads one answer: for requests that fetch() and node:http refuse to make. */
export function sendRaw(origin: string, request: RawRequest): Promise<RawAnswer> {
  const url = new URL(origin);
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port), allowHalfOpen: true });
    socket.on("error", reject);
    socket.on("data", (piece) => {
      pieces.push(piece);
      const answer = parseAnswer(Buffer.concat(pieces), request.method === "HEAD");
      if (answer === undefined) return;
      resolve(answer);
      socket.destroy();
    });
    socket.on("end", () => {
      socket.destroy();
      reject(new Error(`the server closed after ${Buffer.concat(pieces).length} bytes`));
    });
    // In one piece: a second write would fail where the server refuses and closes before it has come, answer or not.
    const head = Buffer.from(`${request.method} ${request.target} HTTP/1.1\r\n${lines}\r\n`);
    socket.write(Buffer.concat([head, Buffer.from(request.body ?? "")]));
    if (request.endEarly === true) socket.end();
  });
}

/** Undefined until the answer is there as a whole. */
function parseAnswer(bytes: Buffer, withoutBody: boolean): RawAnswer | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const status = Number(statusLine.split(" ")[1]);
  const length = withoutBody || status === 304 ? 0 : Number(headers.get("content-length"));
  const body = bytes.subarray(end + 4);
  return body.length < length ? undefined : { status, headers, body: body.subarray(0, length) };
}
