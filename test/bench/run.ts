import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Peer, type PeerName, requirePeer } from "../support/peers.ts";
import { BenchData, fullSizes, quickSizes } from "./bench-data.ts";
import { jsonLine, machineName, type Setting } from "./bench-report.ts";
import { type BenchServer, startOwnServer, startRestServerBehindNginx } from "./bench-server.ts";
import type { BenchWorld } from "./bench-world.ts";
import { benchmarks } from "./benchmarks.ts";

const usage = `npm run bench -- NAME… [--json] [--quick] [--server rest-server|embedded] [--seed N] [--rounds N]

Measures Holdall in Chromium and native restic in turn, on the same data and the same server, and prints the ratio of
their times (above 1: Holdall is faster). Names: all, ${Object.keys(benchmarks).join(", ")}.
verify checks all data beside restic check --read-data; restore-engine restores into nothing beside restic restore into memory.
  --json     one line of JSON for each benchmark on standard output, nothing else
  --quick    smaller data
memory follows the browser's memory over the time of a backup, main-thread the page's tasks.
Restores are also compared with the browser alone: a page that saves as many bytes out of its memory by the same way.
Data are made below HOLDALL_BENCH_FOLDER (default: a temporary folder's holdall-bench) and kept for the next time.`;

interface Options {
  names: readonly string[];
  json: boolean;
  quick: boolean;
  server: string;
  seed: number;
  rounds: number;
}

function readOptions(): Options {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      server: { type: "string", default: "rest-server" },
      seed: { type: "string", default: "1" },
      rounds: { type: "string", default: "3" },
      help: { type: "boolean", default: false },
    },
  });
  const names = positionals.includes("all") ? Object.keys(benchmarks) : positionals;
  if (values.help || names.length === 0 || names.some((name) => !(name in benchmarks))) {
    console.error(usage);
    process.exit(values.help ? 0 : 2);
  }
  return { ...values, names, seed: Number(values.seed), rounds: Number(values.rounds) };
}

function peer(name: PeerName): Peer {
  const found = requirePeer(name);
  if (found === null) throw new Error(`nothing can be measured without ${name}`);
  return found;
}

function startServer(name: string): Promise<BenchServer> {
  return name === "embedded" ? startOwnServer() : startRestServerBehindNginx(peer("rest-server"), peer("nginx"));
}

async function run({ names, json, quick, server: serverName, seed, rounds }: Options): Promise<void> {
  const folder = process.env["HOLDALL_BENCH_FOLDER"] ?? join(tmpdir(), "holdall-bench");
  await mkdir(folder, { recursive: true });
  const [chromium, restic] = [peer("chromium"), peer("restic-0.18")];
  const server = await startServer(serverName);
  const setting: Setting = {
    versions: { restic: restic.version, chromium: chromium.version, server: server.name, node: process.versions.node },
    machine: machineName(),
  };
  const data = new BenchData(folder, quick ? quickSizes : fullSizes, seed);
  const say = (line: string) => process.stderr.write(`${line}\n`);
  const world: BenchWorld = { data, server, chromium, restic, rounds, say };
  say(
    `${setting.machine}; ${Object.entries(setting.versions)
      .map((pair) => pair.join(" "))
      .join(", ")}; seed ${seed}`,
  );
  try {
    for (const name of names) {
      say(`${name}…`);
      const result = await benchmarks[name]?.(world);
      if (result !== undefined) console.log(json ? jsonLine(name, result, setting) : result.text);
    }
  } finally {
    await server.close();
  }
}

await run(readOptions());
