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

/** Tells what the browser alone took. */
export async function alone({ say }: BenchWorld, measuring: Promise<Sample>): Promise<Sample> {
  const sample = await measuring;
  say(`  browser ${sample.seconds.toFixed(2)} s, cpu ${sample.cpuSeconds.toFixed(1)} s`);
  return sample;
}

type Measured = (round: number) => Promise<Sample>;

/** Measures both sides in turn, and another one first each time. */
export function alternate(
  rounds: number,
  holdall: Measured,
  restic: Measured,
): Promise<{ holdall: Sample[]; restic: Sample[] }> {
  return inTurn(rounds, { holdall, restic });
}

/** Measures several sides in turn, and another one first each time. */
export async function inTurn<Side extends string>(
  rounds: number,
  sides: Record<Side, Measured>,
): Promise<Record<Side, Sample[]>> {
  const names = Object.keys(sides) as Side[];
  const samples = Object.fromEntries(names.map((name): [string, Sample[]] => [name, []])) as Record<Side, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) samples[name].push(await sides[name](round));
  }
  return samples;
}

async function sampleOf({ server }: BenchWorld, repository: string, cost: ResticCost): Promise<Sample> {
  const traffic = server.takeTraffic();
  return { ...cost, ...traffic, storedBytes: await server.storedBytes(repository) };
}
