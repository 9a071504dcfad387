import { readFileSync, truncateSync } from "node:fs";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { builtApp, startPlainNginx } from "../support/front-servers.ts";
import { type ListeningProgram, startListeningProgram } from "../support/listening-program.ts";
import type { Peer } from "../support/peers.ts";
import { memoryFolder } from "./memory-folder.ts";

/** What a server saw of its clients since the last look; null where it cannot tell. */
export interface Traffic {
  requests: number | null;
  sockets: number | null;
}

/** The app and repositories on one origin, which both sides use alike. */
export interface BenchServer {
  /** For the results: what it consists of. */
  readonly name: string;
  /** Where the app is, with a slash at the end. */
  readonly address: string;
  repositoryUrl(repository: string): string;
  /** As `restic -r` takes it. */
  resticRepository(repository: string): string;
  /** Bytes of all files of a repository. */
  storedBytes(repository: string): Promise<number>;
  removeRepository(repository: string): Promise<void>;
  takeTraffic(): Traffic;
  close(): Promise<void>;
}

/** As the README deploys it: rest-server behind nginx, which serves the app. Both sides go through nginx, which counts. */
export async function startRestServerBehindNginx(restServer: Peer, nginx: Peer): Promise<BenchServer> {
  const folder = await repositoriesFolder();
  const behind = await startListeningProgram("rest-server", restServer.path, (port) => [
    ...["--no-auth", "--listen", `127.0.0.1:${port}`, "--path", folder],
  ]);
  const log = join(folder, "requests.log");
  const front = await startPlainNginx(nginx, "nginx-rest-server", {
    appDirectory: builtApp,
    behind: `127.0.0.1:${behind.port}`,
    log: `log_format traffic '$connection';\naccess_log ${log} traffic;`,
  });
  return benchServer({
    name: `rest-server ${restServer.version} behind nginx ${nginx.version}`,
    origin: front.origin,
    folder,
    takeTraffic: () => takeTraffic(log),
    programs: [front, behind],
  });
}

/** Holdall's own server. */
export async function startOwnServer(): Promise<BenchServer> {
  const folder = await repositoriesFolder();
  const program = fileURLToPath(new URL("../../dist/server/main.js", import.meta.url));
  const own = await startListeningProgram("holdall", process.execPath, (port) => [
    ...[program, "--no-auth", "--listen", `127.0.0.1:${port}`, "--data", folder],
  ]);
  return benchServer({
    name: "Holdall's own server",
    origin: `http://127.0.0.1:${own.port}`,
    folder,
    takeTraffic: () => ({ requests: null, sockets: null }),
    programs: [own],
  });
}

interface ServerParts {
  name: string;
  origin: string;
  folder: string;
  takeTraffic(): Traffic;
  programs: readonly ListeningProgram[];
}

function benchServer({ name, origin, folder, takeTraffic, programs }: ServerParts): BenchServer {
  return {
    name,
    address: `${origin}/`,
    repositoryUrl: (repository) => `${origin}/repos/${repository}/`,
    resticRepository: (repository) => `rest:${origin}/repos/${repository}/`,
    storedBytes: (repository) => lengthOf(join(folder, repository)),
    removeRepository: (repository) => rm(join(folder, repository), { recursive: true, force: true }),
    takeTraffic,
    close: async () => {
      for (const program of programs) await program.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function repositoriesFolder(): Promise<string> {
  return mkdtemp(join(await memoryFolder(), "holdall-bench-"));
}

/** A line is a request, and names its connection by number. */
function takeTraffic(log: string): Traffic {
  const lines = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line !== "");
  truncateSync(log);
  return { requests: lines.length, sockets: new Set(lines).size };
}

async function lengthOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const lengths = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(lengths)).reduce((sum, length) => sum + length, 0);
}
