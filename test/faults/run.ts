import { randomInt } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../../src/server/fresh-clone.mjs";
import { requirePeer } from "../support/peers.ts";
import { allFaults } from "./all-faults.ts";
import { FaultRun } from "./fault-run.ts";
import { isPlantedBug, plantedBugs } from "./planted-bugs.ts";

/**
 * Drives the app and its engine through a fixed list of faults and looks at what each left behind. `--quick` injects some of
 * each, `--only TEXT` those faults whose name or driver contains it, `--seed N` the moments of an earlier run; `--report FILE`
 * writes the counts as JSON. `--planted NAME` plants a defect into the engine's runs, which then have to fail.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      seed: { type: "string" },
      report: { type: "string" },
      planted: { type: "string" },
    },
  });
  const restic = requirePeer("restic-0.18");
  const restServer = requirePeer("rest-server");
  if (restic === null || restServer === null) throw new Error("restic and rest-server are needed");
  const chosen = allFaults.filter(({ name, driver }) => `${name} (${driver})`.includes(values.only));
  if (chosen.some(({ driver }) => driver !== "engine")) ensureBuilt();
  const run = new FaultRun({
    peers: { restic, restServer },
    faults: chosen,
    extent: values.quick ? "quick" : "full",
    seed: values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed),
    isWhole: chosen.length === allFaults.length,
    defect: plantedFault(values.planted),
    say: (line) => console.log(line),
  });
  const { injected, lost, rejected, passed, failed, failures } = await run.toEnd();
  if (values.report !== undefined) await writeFile(values.report, JSON.stringify({ passed, failed, failures }));
  console.log(`faults: ${injected} injected, ${lost} lost, ${rejected} rejected by restic`);
  process.exitCode = failed === 0 ? 0 : 1;
}

function plantedFault(name: string | undefined) {
  if (name === undefined) return undefined;
  if (isPlantedBug(name)) return plantedBugs[name];
  throw new RangeError(`there is no planted bug ${name}: ${Object.keys(plantedBugs).join(", ")}`);
}

await main();
// What dead runs still wait for in vain, and idle connections, would keep the process.
process.exit();
