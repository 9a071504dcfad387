import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { isLoopback } from "./authority.ts";
import { defaultDataFolder } from "./data-folder.ts";

export interface Upstream {
  readonly name: string;
  /** Ends with a slash, carries no login. */
  readonly url: string;
}

export interface ServerOptions {
  readonly dataDirectory: string;
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | undefined;
  /** The origin under which a reverse proxy shows this server; then the only one it answers to. */
  readonly publicUrl: string | undefined;
  /** Undefined: the one in the data folder, made at the first start. */
  readonly passwordFile: string | undefined;
  readonly authentication: boolean;
  readonly appendOnly: boolean;
  readonly privateRepositories: boolean;
  readonly maxBytes: number | undefined;
  readonly upstreams: readonly Upstream[];
  readonly upstreamCertificateFile: string | undefined;
  readonly connectSources: readonly string[];
  readonly appDirectory: string | undefined;
  readonly logRequests: boolean;
}

/** Thrown for a command line that cannot be followed; the message says what to write instead. */
export class OptionError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "OptionError";
  }
}

export const defaultPort = 4653; // "HOLD" on a telephone

export const usage = `Holdall: the app and a restic REST server, on one origin.

  --data DIR              where repositories are kept (default: your data folder, see the first lines printed)
  --listen HOST:PORT      default 127.0.0.1:${defaultPort}
  --tls-cert FILE         serve https with this certificate chain (PEM), together with
  --tls-key FILE            its private key
  --public-url URL        the address shown by a reverse proxy in front; the only one answered to
  --htpasswd FILE         users (bcrypt or {SHA}); default: .htpasswd in the data folder, made at the first start
  --no-auth               everybody who reaches the server may use it
  --append-only           nothing but locks can be deleted
  --private-repos         users reach only repositories below their own name
  --max-size SIZE         upper limit of all stored files, such as 500G
  --proxy NAME=URL        show another REST server at /up/NAME/ (may be repeated); its own login applies
  --upstream-ca FILE      trust this certificate authority (PEM) for https upstreams
  --insecure-upstream     allow plain http to upstreams beyond this machine
  --connect-src ORIGIN    another origin the app may talk to (may be repeated)
  --app DIR               the built app
  --log-requests          a line for every request, not only for failures
  --help
`;

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;

/** Reads the command line; `"help"` if that is what was asked for. Throws OptionError. */
export function parseOptions(argv: readonly string[]): ServerOptions | "help" {
  const values = readArguments(argv);
  if (values.help === true) return "help";
  const listen = parseListen(values.listen ?? `127.0.0.1:${defaultPort}`);
  const publicUrl = values["public-url"] === undefined ? undefined : parsePublicUrl(values["public-url"]);
  if (publicUrl === undefined && isWildcard(listen.host)) {
    throw new OptionError(
      `--listen ${listen.host} has no address of its own: say --public-url, or listen on one address`,
    );
  }
  const authentication = values["no-auth"] !== true;
  if (!authentication && values.htpasswd !== undefined)
    throw new OptionError("--no-auth and --htpasswd exclude each other");
  if (!authentication && values["private-repos"] === true)
    throw new OptionError("--private-repos needs authentication");
  return {
    ...listen,
    publicUrl,
    authentication,
    dataDirectory: values.data ?? defaultDataFolder(),
    tls: parseTls(values["tls-cert"], values["tls-key"]),
    passwordFile: values.htpasswd,
    appendOnly: values["append-only"] === true,
    privateRepositories: values["private-repos"] === true,
    maxBytes: values["max-size"] === undefined ? undefined : parseSize(values["max-size"]),
    upstreams: parseUpstreams(values.proxy ?? [], values["insecure-upstream"] === true),
    upstreamCertificateFile: values["upstream-ca"],
    connectSources: (values["connect-src"] ?? []).map(parseConnectSource),
    appDirectory: values.app,
    logRequests: values["log-requests"] === true,
  };
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        data: text,
        listen: text,
        "tls-cert": text,
        "tls-key": text,
        "public-url": text,
        htpasswd: text,
        "no-auth": flag,
        "append-only": flag,
        "private-repos": flag,
        "max-size": text,
        proxy: list,
        "upstream-ca": text,
        "insecure-upstream": flag,
        "connect-src": list,
        app: text,
        "log-requests": flag,
        help: flag,
      },
    }).values;
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}

function parseListen(value: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(value);
  const host = (match?.[1] ?? match?.[2] ?? "").toLowerCase();
  const port = Number(match?.[3]);
  if (host === "" || !(port <= 65535))
    throw new OptionError(`--listen ${value}: write HOST:PORT, such as 127.0.0.1:${defaultPort}`);
  return { host, port };
}

function isWildcard(host: string): boolean {
  return isIP(host) !== 0 && /^[0:.]+$/.test(host);
}

function parsePublicUrl(value: string): string {
  const url = parseHttpUrl(value, "--public-url");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new OptionError("--public-url: the app needs a host name of its own, not a path beside other pages");
  }
  return url.origin;
}

function parseTls(certificateFile: string | undefined, keyFile: string | undefined): ServerOptions["tls"] {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile === undefined || keyFile === undefined)
    throw new OptionError("--tls-cert and --tls-key belong together");
  return { certificateFile, keyFile };
}

/** Bytes; K, M, G and T are powers of 1024. */
function parseSize(value: string): number {
  const match = /^(\d{1,12})([kmgt]?)(?:i?b)?$/i.exec(value);
  const unit = " kmgt".indexOf((match?.[2] || " ").toLowerCase());
  const size = Number(match?.[1]) * 1024 ** unit;
  if (match === null || !Number.isSafeInteger(size))
    throw new OptionError(`--max-size ${value}: write a size such as 500G`);
  return size;
}

function parseUpstreams(values: readonly string[], insecure: boolean): Upstream[] {
  const upstreams = values.map((value) => parseUpstream(value, insecure));
  if (new Set(upstreams.map((upstream) => upstream.name)).size !== upstreams.length) {
    throw new OptionError("--proxy: two upstreams have the same name");
  }
  return upstreams;
}

function parseUpstream(value: string, insecure: boolean): Upstream {
  const match = /^([a-z0-9][a-z0-9_-]{0,62})=(.+)$/i.exec(value);
  const [, name = "", address = ""] = match ?? [];
  // The value itself is not repeated: it may hold a password.
  if (match === null) throw new OptionError("--proxy: write NAME=URL, the name in letters and digits");
  const url = parseHttpUrl(address, `--proxy ${name}`);
  if (url.search !== "" || url.hash !== "") throw new OptionError(`--proxy ${name}: a URL without ? and #`);
  if (url.protocol === "http:" && !isLoopback(url.hostname.replace(/^\[|\]$/g, "")) && !insecure) {
    throw new OptionError(`--proxy ${name}: logins would travel in the clear; use https, or say --insecure-upstream`);
  }
  return { name, url: url.href.endsWith("/") ? url.href : `${url.href}/` };
}

function parseConnectSource(value: string): string {
  const url = parseHttpUrl(value, "--connect-src");
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    throw new OptionError("--connect-src: an origin such as https://bucket.example, without a path");
  }
  return url.origin;
}

function parseHttpUrl(value: string, option: string): URL {
  let url: URL;
  try {
    url = new URL(value);
  } catch {
    throw new OptionError(`${option}: not a URL`);
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") throw new OptionError(`${option}: an http or https URL`);
  // The URL parser lets through what would end a CSP directive or an HTTP header.
  if (!/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/.test(url.hostname)) throw new OptionError(`${option}: not a host name`);
  if (url.username !== "" || url.password !== "") throw new OptionError(`${option}: a URL without user and password`);
  return url;
}
