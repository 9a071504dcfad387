import { benchFirstBackup, benchManyFiles, benchNextBackup } from "./backup-benchmarks.ts";
import { type BenchResult, resultOf } from "./bench-report.ts";
import type { BenchWorld } from "./bench-world.ts";
import { benchConnections } from "./connection-benchmark.ts";
import type { Figure } from "./figures.ts";
import { benchMainThread } from "./main-thread-benchmark.ts";
import { benchMemory } from "./memory-benchmark.ts";
import { benchOpening } from "./opening-benchmark.ts";
import { benchTrialRestore, benchVerify } from "./reading-benchmarks.ts";
import { benchRestoreDownload, benchRestoreFolder } from "./restore-benchmarks.ts";

type Benchmark = (world: BenchWorld) => Promise<BenchResult>;

/** All benchmarks by name, in the order in which "all" runs them. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  "backup-random": first("backup-random", ({ data }) => data.random()),
  "backup-text": first("backup-text", ({ data }) => data.text()),
  "backup-tree": figure(async (world) => benchManyFiles(world, "backup-tree", await world.data.tree())),
  "backup-small": figure(async (world) => benchManyFiles(world, "backup-small", await world.data.small())),
  "backup-again": figure(async (world) => benchNextBackup(world, "backup-again", await world.data.tree())),
  "backup-edit": figure(async (world) => {
    const edit = (round: number) => world.data.editTree(round);
    return benchNextBackup(world, "backup-edit", await world.data.tree(), edit);
  }),
  verify: async (world) => resultOf(await benchVerify(world)),
  "restore-engine": async (world) => resultOf(await benchTrialRestore(world)),
  "restore-download": async (world) => resultOf([await benchRestoreDownload(world)]),
  "restore-folder": async (world) => resultOf(await benchRestoreFolder(world)),
  open: async (world) => resultOf(await benchOpening(world)),
  connections: benchConnections,
  memory: benchMemory,
  "main-thread": benchMainThread,
};

function first(name: string, folderOf: (world: BenchWorld) => Promise<string>): Benchmark {
  return figure(async (world) => benchFirstBackup(world, name, await folderOf(world)));
}

function figure(measure: (world: BenchWorld) => Promise<Figure>): Benchmark {
  return async (world) => resultOf([await measure(world)]);
}
