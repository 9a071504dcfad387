import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type EmbeddedServerSettings, startEmbeddedServer } from "./embedded-server.ts";
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

const attempts = 5;
const startTimeoutMilliseconds = 15_000;

async function startProgram(name: RestServerName, peer: Peer, commandLine: CommandLine): Promise<RestServer> {
  const folder = await mkdtemp(join(tmpdir(), `holdall-${name}-`));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const address = `127.0.0.1:${port}`;
    const started = start(peer.path, commandLine(address, folder), folder);
    if (await isListening(started, port)) return serverOf(name, address, folder, started.child);
    await stop(started.child);
    // Between our look and its start somebody else can have taken the port.
    if (attempt === attempts) throw new Error(`${name} did not start: ${started.stderr()}`);
  }
}

function serverOf(name: RestServerName, address: string, folder: string, child: ChildProcess): RestServer {
  return {
    name,
    login: null,
    repositoryUrl: (repository) => `http://${address}/${repository}/`,
    resticRepository: (repository) => `rest:http://${address}/${repository}/`,
    directory: (repository) => join(folder, repository),
    close: async () => {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface StartedProgram {
  child: ChildProcess;
  stderr(): string;
}

function start(program: string, args: string[], folder: string): StartedProgram {
  const environment = { PATH: process.env["PATH"], HOME: folder, RCLONE_CONFIG: "/dev/null", TMPDIR: tmpdir() };
  const child = spawn(program, args, { env: environment, stdio: ["ignore", "ignore", "pipe"] });
  // Without a reader of "error" a missing program would end the whole test run.
  child.once("error", () => undefined);
  const parts: Buffer[] = [];
  child.stderr?.on("data", (bytes: Buffer) => {
    if (parts.length < 200) parts.push(bytes);
  });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  child.once("exit", () => process.removeListener("exit", killWithUs));
  return { child, stderr: () => Buffer.concat(parts).toString("utf8") };
}

async function isListening({ child }: StartedProgram, port: number): Promise<boolean> {
  const deadline = performance.now() + startTimeoutMilliseconds;
  while (performance.now() < deadline) {
    if (child.pid === undefined || hasEnded(child)) return false;
    if (await accepts(port)) return !hasEnded(child);
    await delay(10);
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const settle = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", () => settle(true));
    socket.once("error", () => settle(false));
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || hasEnded(child)) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(patience);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
