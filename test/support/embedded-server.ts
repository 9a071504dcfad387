import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MadeUpLogin } from "../../src/server/data-folder.ts";
import { type ServerSurroundings, startServer } from "../../src/server/embedded-server.ts";
import { parseOptions } from "../../src/server/options.ts";

export interface EmbeddedServerSettings {
  /** Ask for a login (a made-up one, see `login`). Default false. */
  readonly auth?: boolean;
  /** Upstream REST servers by name, shown at `/up/<name>/`. */
  readonly proxies?: Readonly<Record<string, string>>;
  /** The built app; default: none, `/` answers 404. */
  readonly appDirectory?: string;
  /** Kept after close(); default: a new folder that close() removes. */
  readonly dataDirectory?: string;
  /** More of the command line, such as `["--append-only"]`. */
  readonly options?: readonly string[];
  readonly limits?: ServerSurroundings["limits"];
  readonly clock?: ServerSurroundings["clock"];
}

export interface EmbeddedServer {
  /** The origin without a slash, such as `http://127.0.0.1:40123`; repositories are at `${url}/repos/<name>/`. */
  readonly url: string;
  /** On 127.0.0.1; differs from the one in `url` only with --public-url. */
  readonly port: number;
  readonly dataDirectory: string;
  /** With `auth` and a new data folder only. */
  readonly login: MadeUpLogin | undefined;
  /** What the server wrote to its log so far. */
  readonly log: readonly string[];
  /** `rest:` location of a hosted repository for the restic program, login included. */
  resticLocation(repository: string): string;
  close(): Promise<void>;
}

/** Starts the real embedded server inside this process, on a port the system chooses. */
export async function startEmbeddedServer(settings: EmbeddedServerSettings = {}): Promise<EmbeddedServer> {
  const folder = settings.dataDirectory ?? (await mkdtemp(join(tmpdir(), "holdall-server-")));
  const log: string[] = [];
  const options = parseOptions(commandLine(folder, settings));
  if (options === "help") throw new Error("--help starts no server");
  const server = await startServer(options, {
    appDirectory: settings.appDirectory ?? join(folder, "no-app"),
    writeLine: (line) => log.push(line),
    ...(settings.limits && { limits: settings.limits }),
    ...(settings.clock && { clock: settings.clock }),
  });
  const login = server.madeUpLogin;
  return {
    url: server.origin,
    port: server.port,
    dataDirectory: server.dataDirectory,
    login,
    log,
    resticLocation: (repository) => {
      const user = login === undefined ? "" : `${login.user}:${login.password}@`;
      return `rest:${server.origin.replace("://", `://${user}`)}/repos/${repository}/`;
    },
    close: async () => {
      await server.close();
      if (settings.dataDirectory === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

function commandLine(folder: string, settings: EmbeddedServerSettings): string[] {
  const proxies = Object.entries(settings.proxies ?? {}).flatMap(([name, url]) => ["--proxy", `${name}=${url}`]);
  const auth = settings.auth === true ? [] : ["--no-auth"];
  return ["--data", folder, "--listen", "127.0.0.1:0", ...auth, ...proxies, ...(settings.options ?? [])];
}
