import { benchFirstBackup, benchNextBackup } from "./backup-benchmarks.ts";
import type { BenchWorld } from "./bench-world.ts";
import type { Figure } from "./figures.ts";
import { benchOpening } from "./opening-benchmark.ts";

type Benchmark = (world: BenchWorld) => Promise<Figure[]>;

/** All benchmarks by name, in the order in which "all" runs them. Each gives one figure or several. */
export const benchmarks: Readonly<Record<string, Benchmark>> = {
  "backup-random": async (world) => [await benchFirstBackup(world, "backup-random", await world.data.random())],
  "backup-text": async (world) => [await benchFirstBackup(world, "backup-text", await world.data.text())],
  "backup-tree": async (world) => [await benchFirstBackup(world, "backup-tree", await world.data.tree())],
  "backup-small": async (world) => [await benchFirstBackup(world, "backup-small", await world.data.small())],
  "backup-again": async (world) => [await benchNextBackup(world, "backup-again", await world.data.tree())],
  "backup-edit": async (world) => [
    await benchNextBackup(world, "backup-edit", await world.data.tree(), (round) => world.data.editTree(round)),
  ],
  open: benchOpening,
};
