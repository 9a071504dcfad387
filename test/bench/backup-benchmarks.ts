import { basename, dirname } from "node:path";
import {
  alternate,
  type BenchWorld,
  benchPassword,
  initRepository,
  measureApp,
  measureRestic,
  openNative,
} from "./bench-world.ts";
import { type Figure, figureOf, type Sample } from "./figures.ts";
import type { NativeRestic } from "./native-restic.ts";

/** A first backup of a folder, into a new repository each time. */
export async function benchFirstBackup(world: BenchWorld, name: string, folder: string): Promise<Figure> {
  const holdall = async () => {
    await initRepository(world, "holdall");
    return backUpInApp(world, folder);
  };
  const restic = async () => {
    await initRepository(world, "restic");
    await using program = await openNative(world, "restic");
    return backUpNatively(world, program, folder);
  };
  const samples = await alternate(world.rounds, holdall, restic);
  return figureOf(name, samples.holdall, samples.restic);
}

/** A backup of what each side has backed up before; `edit` changes it for both. */
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
  const samples = await alternate(world.rounds, holdall, restic);
  return figureOf(name, samples.holdall, samples.restic);
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
