import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describeTree, differences, type TreeDescription } from "../support/source-tree.ts";
import type { BenchApp } from "./bench-app.ts";
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
import type { CeilingFile } from "./ceiling-scripts.ts";
import { type Figure, figureOf, type Sample, sideOf, spreadOf } from "./figures.ts";
import type { NativeRestic } from "./native-restic.ts";

const repository = "restored";

/** One file out of a snapshot, into the browser's downloads. */
export async function benchRestoreDownload(world: BenchWorld): Promise<Figure> {
  const folder = await world.data.random();
  const source = await describeTree(folder);
  const file = await onlyFile(folder);
  await using program = await backUpOnce(world, folder);
  await using ceiling = await BrowserCeiling.start(world.chromium, world.data.seed);
  const expected = ceiling.hashOf(file.length);
  const savingSeconds: number[] = [];
  const samples = await inTurn(world.rounds, {
    holdall: () =>
      measureApp(world, repository, async (app) => {
        const shown = await show(world, app, folder);
        const { seconds, path } = await app.download(basename(folder), file.name);
        savingSeconds.push(seconds);
        await checkFile(path, source.get(file.name));
        return shown + seconds;
      }),
    restic: () => restoreNatively(world, program, source),
    ceiling: () =>
      alone(
        world,
        ceiling.download(file.length, (path) => checkFile(path, expected)),
      ),
  });
  return restoreFigure("restore-download", samples, savingSeconds);
}

/** A folder out of a snapshot, into a folder of the disk: one of a large file, and one of many small ones. */
export async function benchRestoreFolder(world: BenchWorld): Promise<Figure[]> {
  world.say("  one file:");
  const large = await benchFolder(world, "large", await world.data.random());
  world.say("  small files:");
  const small = await benchFolder(world, "small", await world.data.small());
  return [large, small];
}

async function benchFolder(world: BenchWorld, name: string, folder: string): Promise<Figure> {
  const source = await describeTree(folder);
  const rootName = basename(folder);
  await using program = await backUpOnce(world, folder);
  await using ceiling = await BrowserCeiling.start(world.chromium, world.data.seed);
  const files = await filesOf(folder, source);
  const expected = expectedOf(ceiling, files);
  const savingSeconds: number[] = [];
  const samples = await inTurn(world.rounds, {
    holdall: () =>
      intoFolder(source, (target) =>
        measureApp(world, repository, async (app) => {
          const shown = await show(world, app, folder);
          const { planSeconds, seconds } = await app.restore(rootName, target);
          savingSeconds.push(seconds);
          return shown + planSeconds + seconds;
        }),
      ),
    restic: () => restoreNatively(world, program, source),
    ceiling: () => intoFolder(expected, (target) => alone(world, ceiling.write(files, target))),
  });
  return restoreFigure(name, samples, savingSeconds);
}

/** A repository with one snapshot of a folder, made by restic. */
async function backUpOnce(world: BenchWorld, folder: string): Promise<NativeRestic> {
  await initRepository(world, repository);
  const program = await openNative(world, repository);
  await program.run(["backup", "--host", "bench", basename(folder)], dirname(folder));
  return program;
}

/** Like a command of restic, it begins at the password: all until the snapshot is shown counts. */
async function show(world: BenchWorld, app: BenchApp, folder: string): Promise<number> {
  const opened = await app.open(world.server.repositoryUrl(repository), benchPassword);
  return opened + (await app.look(basename(folder)));
}

function restoreNatively(world: BenchWorld, program: NativeRestic, source: TreeDescription): Promise<Sample> {
  const restore = (target: string) => program.run(["restore", "latest", "--target", target]);
  return intoFolder(source, (target) => measureRestic(world, repository, () => restore(target)));
}

function restoreFigure(
  name: string,
  { holdall, restic, ceiling }: Record<"holdall" | "restic" | "ceiling", readonly Sample[]>,
  savingSeconds: readonly number[],
): Figure {
  const browser = sideOf(ceiling);
  const saving = spreadOf(savingSeconds);
  return {
    ...figureOf(name, holdall, restic),
    ceiling: browser,
    ofCeiling: browser.seconds.median / saving.median,
    notes: { "of which saving, which the browser alone is compared with": `${saving.median.toFixed(2)} s` },
  };
}

/** Has something fill a new folder of the disk; what is in the one folder below must be as expected. */
async function intoFolder(expected: TreeDescription, fill: (target: string) => Promise<Sample>): Promise<Sample> {
  const target = await mkdtemp(join(tmpdir(), "holdall-bench-restored-"));
  try {
    const sample = await fill(target);
    const [root = "", ...more] = await readdir(target);
    if (more.length > 0) throw new Error(`more than one folder was restored: ${more.join(", ")}`);
    const wrong = differences(expected, await describeTree(join(target, root)));
    if (wrong.length > 0) throw new Error(`not what was to be restored: ${wrong.join("\n")}`);
    return sample;
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

async function checkFile(path: string, expectedHash: string | undefined): Promise<void> {
  const hash = (await describeTree(dirname(path))).get(basename(path));
  if (hash === undefined || hash !== expectedHash) throw new Error(`${path} is not the file that was to be saved`);
}

async function onlyFile(folder: string): Promise<{ name: string; length: number }> {
  const [name = "", ...more] = await readdir(folder);
  if (more.length > 0) throw new Error(`${folder} holds more than one file`);
  return { name, length: (await stat(join(folder, name))).size };
}

/** The files of the source, to be written below a folder of its name. */
async function filesOf(folder: string, source: TreeDescription): Promise<CeilingFile[]> {
  const names = [...source].filter(([, what]) => what !== "folder").map(([name]) => name);
  const found = names.map(async (name) => {
    const { size } = await stat(join(folder, name));
    return { path: [basename(folder), ...name.split("/")], length: size };
  });
  return Promise.all(found);
}

/** What the ceiling makes of such files. */
function expectedOf(ceiling: BrowserCeiling, files: readonly CeilingFile[]): TreeDescription {
  const expected: TreeDescription = new Map();
  for (const [number, { path, length }] of files.entries()) {
    const below = path.slice(1);
    for (let depth = 1; depth < below.length; depth++) expected.set(below.slice(0, depth).join("/"), "folder");
    expected.set(below.join("/"), ceiling.hashOf(length, number));
  }
  return expected;
}
