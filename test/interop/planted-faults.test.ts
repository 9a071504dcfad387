import { describe, expect, test } from "vitest";
import { deathFaults } from "../faults/death-faults.ts";
import type { Fault } from "../faults/fault.ts";
import { FaultRun, type FaultRunResult } from "../faults/fault-run.ts";
import { type PlantedBug, plantedBugs } from "../faults/planted-bugs.ts";
import { sleepFaults } from "../faults/sleep-faults.ts";
import { requirePeer } from "../support/peers.ts";

const restic = requirePeer("restic-0.18");
const restServer = requirePeer("rest-server");

/** Every n of the end of a run, where the last index and the snapshot are written. */
const lastDeaths = deathFaults.map((fault) => lastOf(fault, 4));
const pruned = sleepFaults.filter(({ name }) => name.includes("prune")).map((fault) => lastOf(fault, 4));

/** That the same faults do no harm without a bug is what `npm run test:faults` shows. */
describe.skipIf(restic === null || restServer === null)("a bug that is planted makes the faults fail", () => {
  test.each([
    ["snapshot-before-index", lastDeaths],
    ["lock-not-renewed", pruned],
  ] as const)("%s", { timeout: 600_000 }, async (bug, faults) => {
    const planted = await run(faults, bug);
    expect(planted.result.injected).toBeGreaterThanOrEqual(faults.length * 4);
    expect(planted.result.rejected).toBeGreaterThan(0);
    expect(planted.result.failed).toBeGreaterThan(0);
    expect(planted.lines.join("\n")).toMatch(/check-after-fault/);
  });
});

async function run(faults: readonly Fault[], bug: PlantedBug): Promise<{ result: FaultRunResult; lines: string[] }> {
  if (restic === null || restServer === null) throw new Error("peers are missing");
  const lines: string[] = [];
  const defect = plantedBugs[bug];
  const settings = { peers: { restic, restServer }, faults, extent: "full", seed: 4, isWhole: false, defect } as const;
  const result = await new FaultRun({ ...settings, say: (line) => lines.push(line) }).toEnd();
  return { result, lines };
}

function lastOf(fault: Fault, count: number): Fault {
  return {
    ...fault,
    least: { full: count, quick: count },
    plan: async (context) => (await fault.plan(context)).slice(-count),
  };
}
