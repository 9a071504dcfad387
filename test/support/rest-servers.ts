import { join } from "node:path";
import { type EmbeddedServerSettings, startEmbeddedServer } from "./embedded-server.ts";
import { startListeningProgram } from "./listening-program.ts";
import type { Peer } from "./peers.ts";

/** A REST server that hosts repositories by name, whoever wrote it. */
export interface RestServer {
  readonly name: RestServerName;
  /** For the server's own HTTP login; null if it asks for none. */
  readonly login: { username: string; password: string } | null;
  /** The repository's URL without credentials, with a slash at its end. */
  repositoryUrl(repository: string): string;
  /** The same place as `restic -r` takes it, credentials included. */
  resticRepository(repository: string): string;
  /** Where its files are on this machine. */
  directory(repository: string): string;
  close(): Promise<void>;
}

export const restServerNames = ["embedded", "rest-server", "rclone"] as const;
export type RestServerName = (typeof restServerNames)[number];

/** Starts Holdall's own server, with its login, inside this process. */
export async function startEmbedded(settings: EmbeddedServerSettings = {}): Promise<RestServer> {
  const server = await startEmbeddedServer({ ...settings, auth: true });
  const { login } = server;
  if (login === undefined) throw new Error("the embedded server made up no login");
  return {
    name: "embedded",
    login: { username: login.user, password: login.password },
    repositoryUrl: (repository) => `${server.url}/repos/${repository}/`,
    resticRepository: (repository) => server.resticLocation(repository),
    directory: (repository) => join(server.dataDirectory, repository),
    close: () => server.close(),
  };
}

/** Starts restic's rest-server on a port that the system chooses; without a login unless a password file is named. */
export function startRestServer(peer: Peer, options: readonly string[] = []): Promise<RestServer> {
  const login = options.includes("--htpasswd-file") ? [] : ["--no-auth"];
  return startProgram("rest-server", peer, (address, folder) => [
    ...login,
    "--listen",
    address,
    "--path",
    folder,
    ...options,
  ]);
}

/** Starts `rclone serve restic` over a local folder. */
export function startRclone(peer: Peer, options: readonly string[] = []): Promise<RestServer> {
  return startProgram("rclone", peer, (address, folder) => ["serve", "restic", "--addr", address, ...options, folder]);
}

type CommandLine = (address: string, folder: string) => string[];

async function startProgram(name: RestServerName, peer: Peer, commandLine: CommandLine): Promise<RestServer> {
  const program = await startListeningProgram(name, peer.path, (port, folder) =>
    commandLine(`127.0.0.1:${port}`, folder),
  );
  const address = `127.0.0.1:${program.port}`;
  return {
    name,
    login: null,
    repositoryUrl: (repository) => `http://${address}/${repository}/`,
    resticRepository: (repository) => `rest:http://${address}/${repository}/`,
    directory: (repository) => join(program.folder, repository),
    close: program.close,
  };
}
