import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  alone,
  type BenchWorld,
  benchPassword,
  initRepository,
  inTurn,
  measureApp,
  measureRestic,
  openNative,
} from "./bench-world.ts";
import { BrowserCeiling } from "./browser-ceiling.ts";
import { type Figure, figureOf, type Sample, sideOf } from "./figures.ts";
import type { NativeRestic } from "./native-restic.ts";

/** A first backup of a folder, into a new repository each time. */
export async function benchFirstBackup(world: BenchWorld, name: string, folder: string): Promise<Figure> {
  const samples = await inTurn(world.rounds, firstBackups(world, folder));
  return figureOf(name, samples.holdall, samples.restic);
}

/** The same of very many files, beside the browser alone: a page that opens and reads them all, and does nothing with them. */
export async function benchManyFiles(world: BenchWorld, name: string, folder: string): Promise<Figure> {
  await using ceiling = await BrowserCeiling.start(world.chromium, world.data.seed);
  const bytes = await bytesIn(folder);
  const samples = await inTurn(world.rounds, {
    ...firstBackups(world, folder),
    ceiling: () => alone(world, ceiling.read(folder, bytes)),
  });
  return figureBesideBrowser(name, samples);
}

function figureBesideBrowser(name: string, samples: Record<"holdall" | "restic" | "ceiling", Sample[]>): Figure {
  const figure = figureOf(name, samples.holdall, samples.restic);
  const browser = sideOf(samples.ceiling);
  return { ...figure, ceiling: browser, ofCeiling: browser.seconds.median / figure.holdall.seconds.median };
}

function firstBackups(world: BenchWorld, folder: string): Record<"holdall" | "restic", () => Promise<Sample>> {
  return {
    async holdall() {
      await initRepository(world, "holdall");
      return backUpInApp(world, folder);
    },
    async restic() {
      await initRepository(world, "restic");
      await using program = await openNative(world, "restic");
      return backUpNatively(world, program, folder);
    },
  };
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/**
 * A backup of what each side has backed up before; `edit` changes it for both. Beside it the browser alone: a page that asks
 * for the size and time of every file, and reads none.
 */
export async function benchNextBackup(
  world: BenchWorld,
  name: string,
  folder: string,
  edit: (round: number) => Promise<void> = async () => {},
): Promise<Figure> {
  await initRepository(world, "holdall");
  await initRepository(world, "restic");
  await using program = await openNative(world, "restic");
  world.say("  the first backup of each, which does not count:");
  await backUpInApp(world, folder);
  await backUpNatively(world, program, folder);
  let edited = -1;
  const editOnce = async (round: number) => {
    if (edited !== round) await edit(round);
    edited = round;
  };
  const holdall = async (round: number) => {
    await editOnce(round);
    return backUpInApp(world, folder);
  };
  const restic = async (round: number) => {
    await editOnce(round);
    return backUpNatively(world, program, folder);
  };
  await using ceiling = await BrowserCeiling.start(world.chromium, world.data.seed);
  const list = async (round: number) => {
    await editOnce(round);
    return alone(world, ceiling.list(folder, await bytesIn(folder)));
  };
  return figureBesideBrowser(name, await inTurn(world.rounds, { holdall, restic, ceiling: list }));
}

/** Like a command of restic, it begins at the password: opening the repository counts. */
function backUpInApp(world: BenchWorld, folder: string): Promise<Sample> {
  return measureApp(world, "holdall", async (app) => {
    const opened = await app.open(world.server.repositoryUrl("holdall"), benchPassword);
    return opened + (await app.backUp(folder, basename(folder)));
  });
}

function backUpNatively(world: BenchWorld, program: NativeRestic, folder: string): Promise<Sample> {
  return measureRestic(world, "restic", () =>
    program.run(["backup", "--host", "bench", basename(folder)], dirname(folder)),
  );
}
