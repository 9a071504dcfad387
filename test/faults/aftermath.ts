import { rm } from "node:fs/promises";
import type { BackupResult } from "../../src/workers/repository-api.ts";
import { describeRun } from "../support/restic.ts";
import { describeTree, differences, type TreeDescription } from "../support/source-tree.ts";
import { below, type FaultWorld, type Site, storedLocks, storedPacks, storedSnapshots } from "./fault-world.ts";
import { fileBytes, rootName } from "./sizes.ts";

/** Data that is not there, or work that is done in vain. */
export type LostReason =
  | "earlier-snapshot" // it no longer restores, or to something else
  | "new-snapshot" // one that the disturbed run stored does not hold what the folder held
  | "unnamed-file" // missing in the new snapshot without a word
  | "second-run" // it does not complete
  | "second-snapshot"
  | "sent-again" // more than one flush interval
  | "unexpected-end" // the disturbed run ended as it must not
  | "hung";

export type RejectedReason = "check-after-fault" | "check-after-second-run" | "lock-left";

export type Finding =
  | { kind: "lost"; reason: LostReason; detail: string }
  | { kind: "rejected"; reason: RejectedReason; detail: string };

export interface Aftermath {
  findings: Finding[];
  /** Packs' worth of data that the second run sent although it had been sent before. */
  packsAgain: number;
}

export interface DisturbedRun {
  /** Null if the run stored no snapshot, or nobody knows. */
  result: BackupResult | null;
  /** What the folder held while it ran: every one of these states of a file is right. */
  sourceStates: readonly TreeDescription[];
}

export interface AftermathSettings {
  world: FaultWorld;
  site: Site;
  run: DisturbedRun;
  /** The folder as the second run finds it. */
  source: string;
  /** On the device of the first run, with nothing in its way. Returns how it ended. */
  secondRun(): Promise<{ ended: string; failures: readonly unknown[] }>;
  /** The most packs that may be sent again; null where it cannot be told: the folder or the repository was changed. */
  mostAgain: number | null;
}

/** The four checks after a fault. restic is asked on the files themselves, as no server stands between then. */
export async function inspect(settings: AftermathSettings): Promise<Aftermath> {
  const findings: Finding[] = [];
  await checkRepository(settings.site, ["--no-lock"], "check-after-fault", findings);
  await checkEarlier(settings, findings);
  await checkNew(settings, findings);
  const left = await storedLocks(settings.site.directory);
  const packsAgain = await checkSecondRun(settings, findings);
  // Without --no-lock: a lock that is still there keeps restic out.
  await checkRepository(settings.site, [], "check-after-second-run", findings);
  findings.push(...(await locksLeft(settings.site, left)));
  return { findings, packsAgain };
}

async function locksLeft({ directory }: Site, ofDisturbedRun: readonly string[]): Promise<Finding[]> {
  const names = await storedLocks(directory);
  const details = names.map((name) => `${name} of the ${ofDisturbedRun.includes(name) ? "disturbed" : "second"} run`);
  return details.map((detail) => ({ kind: "rejected", reason: "lock-left", detail }));
}

async function checkRepository(
  { restic }: Site,
  options: readonly string[],
  reason: RejectedReason,
  findings: Finding[],
): Promise<void> {
  const run = await restic.run(["check", "--read-data", ...options]);
  if (run.exitCode !== 0) findings.push({ kind: "rejected", reason, detail: describeRun(run) });
}

async function checkEarlier({ world, site }: AftermathSettings, findings: Finding[]): Promise<void> {
  for (const { id, contents } of world.earlier) {
    const problems = await restoredDifferences(world, site, id, (restored) => differences(contents, restored));
    if (problems.length > 0) findings.push({ kind: "lost", reason: "earlier-snapshot", detail: problems.join("; ") });
  }
}

/** A snapshot that the disturbed run stored is whole, whether or not the run came to say so. */
async function checkNew(settings: AftermathSettings, findings: Finding[]): Promise<void> {
  const { world, site, run } = settings;
  const earlier = new Set(world.earlier.map(({ id }) => id));
  const named = new Set(run.result?.failures.map(({ path }) => path.replace(/^\//, "")) ?? []);
  for (const id of await storedSnapshots(site.directory)) {
    if (earlier.has(id)) continue;
    const states = run.sourceStates.map((state) => below(rootName, state));
    const problems = await restoredDifferences(world, site, id, (restored) => strayFrom(states, named, restored));
    for (const detail of problems) findings.push({ kind: "lost", reason: "new-snapshot", detail });
  }
  const { result } = run;
  if (result?.snapshot && !(await storedSnapshots(site.directory)).includes(result.snapshot.id)) {
    findings.push({ kind: "lost", reason: "new-snapshot", detail: "the run names a snapshot that is not there" });
  }
}

async function checkSecondRun(settings: AftermathSettings, findings: Finding[]): Promise<number> {
  const { world, site, source, mostAgain } = settings;
  const before = await storedPacks(site.directory);
  const known = new Set(await storedSnapshots(site.directory));
  const { ended, failures } = await settings.secondRun();
  const packsAgain = mostAgain === null ? 0 : await sentAgain(settings, before);
  if (ended !== "stored" || failures.length > 0) {
    findings.push({ kind: "lost", reason: "second-run", detail: `${ended}, ${failures.length} failures` });
    return packsAgain;
  }
  if (mostAgain !== null && packsAgain > mostAgain) {
    findings.push({ kind: "lost", reason: "sent-again", detail: `${packsAgain} packs, ${mostAgain} at most` });
  }
  const [id, another] = (await storedSnapshots(site.directory)).filter((one) => !known.has(one));
  const contents = below(rootName, await describeTree(source));
  const problems =
    id === undefined || another !== undefined
      ? ["it did not store one snapshot"]
      : await restoredDifferences(world, site, id, (restored) => differences(contents, restored));
  if (problems.length > 0) findings.push({ kind: "lost", reason: "second-snapshot", detail: problems.join("; ") });
  return packsAgain;
}

/** In packs: what is stored now beyond what a run without a fault stores, which is what was stored twice. */
async function sentAgain({ world, site }: AftermathSettings, before: ReadonlyMap<string, number>): Promise<number> {
  const base = await storedPacks(world.base);
  const after = await storedPacks(site.directory);
  const sum = (packs: ReadonlyMap<string, number>) => [...packs.values()].reduce((all, length) => all + length, 0);
  const sentBySecond = sum(after) - sum(before);
  const stored = sum(before) - sum(base);
  const again = sentBySecond - Math.max(0, world.newBytes - stored);
  // Headers differ by some bytes from run to run.
  return Math.max(0, Math.round(again / fileBytes));
}

async function restoredDifferences(
  world: FaultWorld,
  { restic }: Site,
  snapshot: string,
  compare: (restored: TreeDescription) => string[],
): Promise<string[]> {
  const target = await world.emptyFolder();
  try {
    const run = await restic.run(["restore", "--no-lock", snapshot, "--target", target]);
    if (run.exitCode !== 0) return [describeRun(run)];
    return compare(await describeTree(target));
  } finally {
    await rm(target, { recursive: true, force: true });
  }
}

/** What a snapshot holds that the folder never held, or lacks without naming it. */
function strayFrom(
  states: readonly TreeDescription[],
  named: ReadonlySet<string>,
  restored: TreeDescription,
): string[] {
  const lines: string[] = [];
  for (const [path, what] of restored) {
    if (!states.some((state) => state.get(path) === what)) lines.push(`${path}: ${what} was never there`);
  }
  // What was there when the run began is in the snapshot, or among what the run says it could not read.
  for (const path of states[0]?.keys() ?? []) {
    if (!restored.has(path) && !isNamed(path, named)) lines.push(`${path}: missing, and nobody says so`);
  }
  return lines.slice(0, 10);
}

/** Itself, or a folder above it. */
function isNamed(path: string, named: ReadonlySet<string>): boolean {
  const parts = path.split("/");
  return parts.some((_, i) => named.has(parts.slice(0, i + 1).join("/")));
}
