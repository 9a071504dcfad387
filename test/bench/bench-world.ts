import type { Peer } from "../support/peers.ts";
import { BenchApp } from "./bench-app.ts";
import type { BenchData } from "./bench-data.ts";
import type { BenchServer } from "./bench-server.ts";
import type { Sample } from "./figures.ts";
import { NativeRestic, type ResticCost } from "./native-restic.ts";
import { ProcessMeter } from "./process-meter.ts";

/** What every benchmark is given. */
export interface BenchWorld {
  data: BenchData;
  server: BenchServer;
  chromium: Peer;
  restic: Peer;
  /** How often each side is measured. */
  rounds: number;
  /** Is told what goes on, for whoever waits. */
  say(line: string): void;
}

export const benchPassword = "a password for measuring";

/** A new repository, made by restic for both sides alike: the keys cost the same. */
export async function initRepository({ restic, server }: BenchWorld, name: string): Promise<void> {
  await server.removeRepository(name);
  await using program = await openNative({ restic, server }, name);
  await program.run(["init"]);
  server.takeTraffic();
}

export function openNative(
  { restic, server }: Pick<BenchWorld, "restic" | "server">,
  name: string,
): Promise<NativeRestic> {
  return NativeRestic.open(restic, server.resticRepository(name), benchPassword);
}

/** Does something in a new browser that has the app's first screen open; what it returns are the seconds that count. */
export async function measureApp(
  world: BenchWorld,
  repository: string,
  work: (app: BenchApp) => Promise<number>,
): Promise<Sample> {
  const { server, chromium, say } = world;
  await using app = await BenchApp.start(chromium, server.address);
  server.takeTraffic();
  const meter = ProcessMeter.start(app.browser.pid);
  const seconds = await work(app);
  const cost = { seconds, ...meter.stop() };
  say(`  Holdall ${seconds.toFixed(2)} s, cpu ${cost.cpuSeconds.toFixed(1)} s`);
  return sampleOf(world, repository, cost);
}

export async function measureRestic(
  world: BenchWorld,
  repository: string,
  work: () => Promise<ResticCost>,
): Promise<Sample> {
  world.server.takeTraffic();
  const cost = await work();
  world.say(`  restic  ${cost.seconds.toFixed(2)} s, cpu ${cost.cpuSeconds.toFixed(1)} s`);
  return sampleOf(world, repository, cost);
}

/** Measures both sides in turn, and another one first each time. */
export async function alternate(
  rounds: number,
  holdall: (round: number) => Promise<Sample>,
  restic: (round: number) => Promise<Sample>,
): Promise<{ holdall: Sample[]; restic: Sample[] }> {
  const samples = { holdall: [] as Sample[], restic: [] as Sample[] };
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 1) samples.restic.push(await restic(round));
    samples.holdall.push(await holdall(round));
    if (round % 2 === 0) samples.restic.push(await restic(round));
  }
  return samples;
}

async function sampleOf({ server }: BenchWorld, repository: string, cost: ResticCost): Promise<Sample> {
  const traffic = server.takeTraffic();
  return { ...cost, ...traffic, storedBytes: await server.storedBytes(repository) };
}
