import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { requirePeer } from "../support/peers.ts";
import { type BesideRestic, besideRestic } from "./two-programs.ts";

/**
 * Holdall backs up in a loop beside a loop of restic's backup, forget, prune and check on one repository:
 * `npx tsx test/interop/beside-restic.ts --minutes 10`. Prints counts, and as its last line whether anything was lost.
 */
async function main(minutes: number, seed: number): Promise<void> {
  const restic = requirePeer("restic-0.18");
  const server = requirePeer("rest-server");
  if (restic === null || server === null) throw new Error("restic and rest-server are needed");
  const outcome = await besideRestic({ restic, server, seed, milliseconds: minutes * 60_000, hurry: 1 });
  console.log(summaryOf(outcome));
  for (const problem of outcome.problems) console.log(`  ${problem}`);
  const verdict = outcome.problems.length === 0 ? "nothing lost, nobody blocked for good" : "FAILED";
  console.log(`beside restic: ${minutes} minutes, seed ${seed}: ${verdict}`);
  process.exitCode = outcome.problems.length === 0 ? 0 : 1;
}

export function summaryOf({ holdall, restic, compared, forgotten }: BesideRestic): string {
  return [
    `Holdall: ${holdall.backups} backups, ${holdall.waits} of them waited for a lock`,
    `restic: ${Object.entries(restic)
      .map(([command, runs]) => `${runs} ${command}`)
      .join(", ")}`,
    `snapshots of Holdall's: ${compared} compared byte for byte, ${forgotten} forgotten by restic`,
  ].join("\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { minutes: { type: "string", default: "10" }, seed: { type: "string", default: "" } },
  });
  await main(Number(values.minutes), Number(values.seed || 1 + (Date.now() % 2 ** 30)));
}
