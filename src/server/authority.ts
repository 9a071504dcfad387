import type { IncomingMessage } from "node:http";

/** The names under which this server answers. Every other name, also one that leads here by DNS, is foreign. */
export interface Authority {
  /** Accepted Host header (lower case) to the origin a browser shows for it. */
  readonly origins: ReadonlyMap<string, string>;
  /** The origin to print, and to fall back to in answers to foreign callers. */
  readonly canonical: string;
}

export interface Refusal {
  readonly status: 400 | 403 | 415 | 421;
  readonly reason: string;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

/** The authority of a listening address: its own name, and `localhost` beside a loopback address. */
export function authorityOf(address: ListenAddress, publicUrl?: string): Authority {
  if (publicUrl !== undefined) return authorityOfOrigins([new URL(publicUrl).origin]);
  const scheme = address.secure ? "https" : "http";
  const names = [bracketed(address.host)];
  if (isLoopback(address.host) && address.host !== "localhost") names.push("localhost");
  return authorityOfOrigins(names.map((name) => new URL(`${scheme}://${name}:${address.port}`).origin));
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

function authorityOfOrigins(list: readonly string[]): Authority {
  const origins = new Map<string, string>();
  for (const origin of list) {
    const url = new URL(origin);
    origins.set(url.host, origin);
    if (url.port === "") origins.set(`${url.host}:${url.protocol === "https:" ? 443 : 80}`, origin);
  }
  return { origins, canonical: list[0] ?? "" };
}

/**
 * Says who calls: the origin if the caller named this server and comes from its own page or from no page at all,
 * else why it is refused. Clients that are no browsers send none of Origin and Sec-Fetch-*, and pass.
 */
export function examineCaller(request: IncomingMessage, authority: Authority): string | Refusal {
  const hosts = headerValues(request, "host");
  const host = hosts[0]?.toLowerCase();
  if (hosts.length !== 1 || host === undefined) return { status: 400, reason: "exactly one Host header is needed" };
  const origin = authority.origins.get(host);
  if (origin === undefined) return { status: 421, reason: "this server does not answer to that host name" };
  const named = request.headers.origin;
  if (named !== undefined && named !== origin)
    return { status: 403, reason: "requests from other origins are refused" };
  const site = request.headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none") {
    return { status: 403, reason: "requests from other sites are refused; enter the address by hand" };
  }
  return origin;
}

const fetchModes: readonly unknown[] = ["cors", "same-origin"];

/** Repository paths are for fetch() and restic alone: no page, frame, image, script or form may point at them. */
export function examineRepositoryCaller(request: IncomingMessage): Refusal | undefined {
  const { "sec-fetch-mode": mode, "sec-fetch-dest": destination, "content-type": type } = request.headers;
  if ((mode !== undefined && !fetchModes.includes(mode)) || (destination !== undefined && destination !== "empty")) {
    return { status: 403, reason: "repository files cannot be opened as a page or embedded" };
  }
  // What a form can send without a script; no repository client sends any of these.
  if (type !== undefined && /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i.test(type)) {
    return { status: 415, reason: "forms are refused" };
  }
  return undefined;
}

/** All values of a header, repeated ones too, which Node folds away in `headers`. */
function headerValues(request: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at + 1 < request.rawHeaders.length; at += 2) {
    const value = request.rawHeaders[at + 1];
    if (request.rawHeaders[at]?.toLowerCase() === name && value !== undefined) values.push(value);
  }
  return values;
}
