import { readFile, realpath } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { type Clock, systemClock } from "../core/base/clock.ts";
import { authorityOf } from "./authority.ts";
import { type MadeUpLogin, makeUpLogin, ownPasswordFile, prepareDataFolder } from "./data-folder.ts";
import { closeListener, createListener, type ListenerLimits, listen, usualLimits } from "./listener.ts";
import { LoginGate } from "./login-gate.ts";
import type { ServerOptions } from "./options.ts";
import { PasswordFile } from "./password-file.ts";
import { Quota } from "./quota.ts";
import { RepositoryRoutes } from "./repository-routes.ts";
import { RepositoryStore, sweepDataFolder } from "./repository-store.ts";
import { Site, type SiteSurroundings } from "./site.ts";
import { SlowConnections } from "./slow-connections.ts";
import { UpstreamProxy } from "./upstream-proxy.ts";

/** Beside what the site needs: what tests set. */
export interface ServerSurroundings extends SiteSurroundings {
  readonly limits?: Partial<ListenerLimits>;
  readonly clock?: Clock;
}

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
export async function startServer(options: ServerOptions, around: ServerSurroundings): Promise<RunningServer> {
  const { othersMayRead } = await prepareDataFolder(options.dataDirectory);
  const dataDirectory = await realpath(options.dataDirectory);
  const limits = { ...usualLimits, ...around.limits };
  const clock = around.clock ?? systemClock;
  const server = await createListener(options, limits);
  const port = await listen(server, options);
  // The login is made up only now: were the port taken, nobody would ever be shown it.
  const opening = openSite(options, around, { dataDirectory, port, clock });
  // Whoever calls early waits; should opening fail, all connections are cut below.
  const whenOpen = (use: (site: Site) => unknown) => void opening.then(({ site }) => use(site)).catch(() => undefined);
  const slow = new SlowConnections(clock, limits.pace);
  slow.start();
  const close = async () => {
    await closeListener(server, limits.closeGraceMilliseconds);
    slow.stop();
  };
  const answer: RequestListener = (request, response) => {
    slow.watch(request, response);
    whenOpen((site) => site.answer(request, response));
  };
  server.on("request", answer);
  // Node would answer an unknown Expect header itself, without the security headers; such a wish may be ignored.
  server.on("checkExpectation", answer);
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
        await close();
        site.close();
      },
    };
  } catch (error) {
    server.closeAllConnections();
    await close();
    throw error;
  }
}

async function openSite(
  options: ServerOptions,
  around: SiteSurroundings,
  { dataDirectory, port, clock }: { dataDirectory: string; port: number; clock: Clock },
) {
  const proxies = await openProxies(options);
  const { storedBytes } = await sweepDataFolder(dataDirectory);
  const quota = options.maxBytes === undefined ? undefined : new Quota(options.maxBytes, storedBytes);
  const { gate, madeUpLogin } = await prepareLogin(options, dataDirectory, clock);
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

async function prepareLogin(options: ServerOptions, dataDirectory: string, clock: Clock) {
  if (!options.authentication) return { gate: undefined, madeUpLogin: undefined };
  const madeUpLogin = options.passwordFile === undefined ? await makeUpLogin(dataDirectory) : undefined;
  const passwords = await PasswordFile.open(options.passwordFile ?? ownPasswordFile(dataDirectory));
  return { gate: new LoginGate(passwords, clock), madeUpLogin };
}
