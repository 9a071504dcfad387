import { mkdtemp, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { BenchApp } from "./bench-app.ts";
import {
  alternate,
  type BenchWorld,
  benchPassword,
  initRepository,
  measureApp,
  measureRestic,
  openNative,
} from "./bench-world.ts";
import { type Figure, figureOf } from "./figures.ts";
import { memoryFolder } from "./memory-folder.ts";
import type { NativeRestic, ResticCost } from "./native-restic.ts";

const repository = "read";

/** What both sides do with a repository, and count as one figure. */
interface Reading {
  name: string;
  holdall(app: BenchApp): Promise<number>;
  restic(program: NativeRestic): Promise<ResticCost>;
}

/** Every pack read and checked, beside `restic check --read-data`: of noise, and of a tree of files. */
export function benchVerify(world: BenchWorld): Promise<Figure[]> {
  return benchReading(world, {
    name: "verify",
    holdall: (app) => app.checkData(),
    restic: (program) => program.run(["check", "--read-data"]),
  });
}

/** All that a snapshot holds read, verified and thrown away, beside `restic restore` to memory. */
export async function benchTrialRestore(world: BenchWorld): Promise<Figure[]> {
  const place = await memoryFolder();
  const figures = await benchReading(world, {
    name: "restore-engine",
    holdall: (app) => app.tryRestore(),
    async restic(program) {
      const target = await mkdtemp(join(place, "holdall-bench-restored-"));
      try {
        return await program.run(["restore", "latest", "--target", target]);
      } finally {
        await rm(target, { recursive: true, force: true });
      }
    },
  });
  return figures.map((figure) => ({ ...figure, notes: { "restic restores into": place } }));
}

async function benchReading(world: BenchWorld, reading: Reading): Promise<Figure[]> {
  const { data } = world;
  return [
    await readFolder(world, { ...reading, name: `${reading.name} random` }, await data.random()),
    await readFolder(world, { ...reading, name: `${reading.name} tree` }, await data.tree()),
  ];
}

/** Both read what restic has stored, as if for the first time: in a new browser, and with an empty cache. */
async function readFolder(world: BenchWorld, { name, holdall, restic }: Reading, folder: string): Promise<Figure> {
  world.say(`  ${name}:`);
  await initRepository(world, repository);
  await withProgram(world, (program) => program.run(["backup", "--host", "bench", basename(folder)], dirname(folder)));
  const url = world.server.repositoryUrl(repository);
  const inApp = async (app: BenchApp) => {
    const opened = await app.open(url, benchPassword);
    return opened + (await holdall(app));
  };
  const samples = await alternate(
    world.rounds,
    () => measureApp(world, repository, inApp),
    () => withProgram(world, (program) => measureRestic(world, repository, () => restic(program))),
  );
  return figureOf(name, samples.holdall, samples.restic);
}

async function withProgram<Result>(
  world: BenchWorld,
  work: (program: NativeRestic) => Promise<Result>,
): Promise<Result> {
  await using program = await openNative(world, repository);
  return await work(program);
}
