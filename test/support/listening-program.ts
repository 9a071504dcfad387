import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A program of somebody else's that listens on 127.0.0.1. */
export interface ListeningProgram {
  readonly port: number;
  /** Its home and its data, removed by close(). */
  readonly folder: string;
  close(): Promise<void>;
}

/** Writes what the program needs into its folder, and gives its command line. */
export type Prepare = (port: number, folder: string) => readonly string[] | Promise<readonly string[]>;

const attempts = 5;
const startTimeoutMilliseconds = 15_000;

/** Starts a program on a port that the system chooses, and waits until it listens. */
export async function startListeningProgram(
  name: string,
  program: string,
  prepare: Prepare,
): Promise<ListeningProgram> {
  const folder = await mkdtemp(join(tmpdir(), `holdall-${name}-`));
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const started = start(program, await prepare(port, folder), folder);
    if (await isListening(started, port)) {
      const close = async () => {
        await stop(started.child);
        await rm(folder, { recursive: true, force: true });
      };
      return { port, folder, close };
    }
    await stop(started.child);
    // Between our look and its start somebody else can have taken the port.
    if (attempt === attempts) throw new Error(`${name} did not start: ${started.stderr()}`);
  }
}

interface StartedProgram {
  child: ChildProcess;
  stderr(): string;
}

function start(program: string, args: readonly string[], folder: string): StartedProgram {
  const environment = { PATH: process.env["PATH"], HOME: folder, RCLONE_CONFIG: "/dev/null", TMPDIR: tmpdir() };
  const child = spawn(program, args, { cwd: folder, env: environment, stdio: ["ignore", "ignore", "pipe"] });
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

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Below those that a system gives to whoever asks for any, to connect from or to listen on. */
const firstKept = 20_000;
const keptPorts = 10_000;

/** A port that stays free while its server is down, as nobody is given it in between. */
export async function portToKeep(): Promise<number> {
  for (;;) {
    const port = firstKept + randomInt(keptPorts);
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
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
