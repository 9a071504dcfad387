import { readFile, realpath } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { authorityOf } from "./authority.ts";
import { type MadeUpLogin, makeUpLogin, ownPasswordFile, prepareDataFolder } from "./data-folder.ts";
import { LoginGate } from "./login-gate.ts";
import type { ServerOptions } from "./options.ts";
import { PasswordFile } from "./password-file.ts";
import { Quota } from "./quota.ts";
import { RepositoryRoutes } from "./repository-routes.ts";
import { RepositoryStore, sweepDataFolder } from "./repository-store.ts";
import { Site, type SiteSurroundings } from "./site.ts";
import { UpstreamProxy } from "./upstream-proxy.ts";

const headersTimeoutMilliseconds = 20_000;
const idleTimeoutMilliseconds = 5 * 60_000; // restic gives up a request that does not move after the same time
const keepAliveMilliseconds = 2 * 60_000; // longer than clients keep idle connections, so that they close first
const closeGraceMilliseconds = 5_000;

export interface RunningServer {
  /** The canonical origin, with the port that was taken. */
  readonly origin: string;
  /** The port that is listened on, also behind a reverse proxy. */
  readonly port: number;
  readonly dataDirectory: string;
  /** Only at the first start on a data folder: the one time the password is known. */
  readonly madeUpLogin: MadeUpLogin | undefined;
  readonly warnings: readonly string[];
  /** Stops listening, lets running requests end for some seconds, then cuts them. May be called twice. */
  close(): Promise<void>;
}

/**
 * Starts the app, the hosted repositories and the proxies on one origin. Rejects if the port is taken, or a file or
 * folder of the options cannot be used.
 */
export async function startServer(options: ServerOptions, around: SiteSurroundings): Promise<RunningServer> {
  const { othersMayRead } = await prepareDataFolder(options.dataDirectory);
  const dataDirectory = await realpath(options.dataDirectory);
  const server = await createListener(options);
  const port = await listen(server, options);
  // The login is made up only now: were the port taken, nobody would ever be shown it.
  const opening = openSite(options, around, { dataDirectory, port });
  // Whoever calls early waits; should opening fail, all connections are cut below.
  const whenOpen = (use: (site: Site) => unknown) => void opening.then(({ site }) => use(site)).catch(() => undefined);
  server.on("request", (request, response) => whenOpen((site) => site.answer(request, response)));
  // Node would answer an unknown Expect header itself, without the security headers; such a wish may be ignored.
  server.on("checkExpectation", (request, response) => whenOpen((site) => site.answer(request, response)));
  server.on("clientError", (error, socket) => whenOpen((site) => site.answerBroken(error, socket)));
  try {
    const { site, madeUpLogin } = await opening;
    return {
      origin: site.authority.canonical,
      port,
      dataDirectory,
      madeUpLogin,
      warnings: othersMayRead ? [`${dataDirectory} can be read by other users of this machine`] : [],
      close: async () => {
        await close(server);
        site.close();
      },
    };
  } catch (error) {
    server.closeAllConnections();
    await close(server);
    throw error;
  }
}

async function openSite(
  options: ServerOptions,
  around: SiteSurroundings,
  { dataDirectory, port }: { dataDirectory: string; port: number },
) {
  const proxies = await openProxies(options);
  const { storedBytes } = await sweepDataFolder(dataDirectory);
  const quota = options.maxBytes === undefined ? undefined : new Quota(options.maxBytes, storedBytes);
  const { gate, madeUpLogin } = await prepareLogin(options, dataDirectory);
  const repositories = new RepositoryRoutes(new RepositoryStore(dataDirectory, quota), { ...options, gate });
  const address = { host: options.host, port, secure: options.tls !== undefined };
  const authority = authorityOf(address, options.publicUrl);
  return { site: new Site(options, around, { authority, repositories, proxies }), madeUpLogin };
}

async function openProxies(options: ServerOptions): Promise<Map<string, UpstreamProxy>> {
  const { upstreams, upstreamCertificateFile: file } = options;
  const authority = file === undefined ? undefined : await readFile(file);
  return new Map(upstreams.map((upstream) => [upstream.name, new UpstreamProxy(upstream, authority)]));
}

async function prepareLogin(options: ServerOptions, dataDirectory: string) {
  if (!options.authentication) return { gate: undefined, madeUpLogin: undefined };
  const madeUpLogin = options.passwordFile === undefined ? await makeUpLogin(dataDirectory) : undefined;
  const passwords = await PasswordFile.open(options.passwordFile ?? ownPasswordFile(dataDirectory));
  return { gate: new LoginGate(passwords), madeUpLogin };
}

async function createListener(options: ServerOptions): Promise<Server> {
  const settings = {
    headersTimeout: headersTimeoutMilliseconds,
    requestTimeout: 0, // an upload may take hours, as long as it moves
    keepAliveTimeout: keepAliveMilliseconds,
    requireHostHeader: false, // examined here, so that this answer too has the security headers
  };
  const { tls } = options;
  const server =
    tls === undefined
      ? createServer(settings)
      : createTlsServer({ ...settings, cert: await readFile(tls.certificateFile), key: await readFile(tls.keyFile) });
  server.timeout = idleTimeoutMilliseconds;
  return server;
}

async function listen(server: Server, options: ServerOptions): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: options.host, port: options.port }, resolve);
  });
  const address = server.address();
  return isAddressInfo(address) ? address.port : options.port;
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === "object" && address !== null;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const cut = setTimeout(() => server.closeAllConnections(), closeGraceMilliseconds);
  // A connection that becomes idle after its last answer would otherwise be kept until its client lets go.
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(sweep);
  clearTimeout(cut);
}
