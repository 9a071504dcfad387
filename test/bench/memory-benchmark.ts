import { basename } from "node:path";
import { BenchApp } from "./bench-app.ts";
import type { BenchResult } from "./bench-report.ts";
import { type BenchWorld, benchPassword, initRepository } from "./bench-world.ts";
import { ProcessMeter } from "./process-meter.ts";

const repository = "memory";
/** Rows of a table. */
const rows = 20;

interface Look {
  seconds: number;
  bytes: number;
}

interface MemoryCourse {
  name: string;
  seconds: number;
  /** What all processes of the browser had when the repository was open. */
  beforeBytes: number;
  peakBytes: number;
  /** From the press on "Back up" to its end. */
  course: Look[];
}

/** What all processes of the browser have, over the time of a backup: of one very large file, and of very many small ones. */
export async function benchMemory(world: BenchWorld): Promise<BenchResult> {
  const courses = [
    await followBackup(world, "one file", await world.data.sparse()),
    await followBackup(world, "many files", await world.data.many()),
  ];
  const lines = courses.map(({ name, seconds, beforeBytes, peakBytes, course }) => {
    const told = { seconds, beforeBytes, peakBytes, growthBytes: peakBytes - beforeBytes, course };
    return [name, told] as const;
  });
  return { text: courses.map(courseText).join("\n"), line: { ratio: null, figures: Object.fromEntries(lines) } };
}

async function followBackup(world: BenchWorld, name: string, folder: string): Promise<MemoryCourse> {
  const { server, chromium, say } = world;
  say(`  ${name}:`);
  await initRepository(world, repository);
  await using app = await BenchApp.start(chromium, server.address);
  await app.open(server.repositoryUrl(repository), benchPassword);
  const looks: Look[] = [];
  const startMs = performance.now();
  const meter = ProcessMeter.start(app.browser.pid, (bytes) => {
    looks.push({ seconds: (performance.now() - startMs) / 1000, bytes });
  });
  const seconds = await app.backUp(folder, basename(folder));
  const { peakBytes } = meter.stop();
  return { name, seconds, beforeBytes: looks[0]?.bytes ?? 0, peakBytes, course: thinned(looks) };
}

/** Some of the looks at even distances, each the largest of those that it stands for. */
function thinned(looks: readonly Look[]): Look[] {
  const each = Math.ceil(looks.length / rows);
  return Array.from({ length: Math.ceil(looks.length / each) }, (_, row) => {
    const meant = looks.slice(row * each, (row + 1) * each);
    return { seconds: meant[0]?.seconds ?? 0, bytes: Math.max(...meant.map(({ bytes }) => bytes)) };
  });
}

function courseText({ name, seconds, beforeBytes, peakBytes, course }: MemoryCourse): string {
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  const growth = megabytes(peakBytes - beforeBytes);
  return [
    `memory, ${name}: ${growth} MB more than the ${megabytes(beforeBytes)} MB before, in ${seconds.toFixed(1)} s`,
    ...course.map((look) => `  ${look.seconds.toFixed(0).padStart(5)} s  ${megabytes(look.bytes)} MB`),
  ].join("\n");
}
