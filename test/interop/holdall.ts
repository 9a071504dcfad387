import { alterationsOf, type PlantedDefect } from "../support/planted-defects.ts";
import { type BackupRequest, Engine, type EngineLocation } from "./engine.ts";

/** What the program is asked: its one argument, as JSON. */
export type HoldallRequest = { location: EngineLocation; defect?: PlantedDefect } & HoldallCommand;

export type HoldallCommand =
  | { command: "create"; formatVersion: 1 | 2 }
  | { command: "backup"; backup: BackupRequest }
  | { command: "snapshots" }
  | { command: "hash"; snapshots: string[] }
  | { command: "restore"; snapshot: string; target: string }
  | { command: "trees" };

/** As restic's: something could not be read or written, everything else was. */
const partialExitCode = 3;

/**
 * The engine as a program, so that the interop checks compare exit codes of two programs: prints its result as JSON, says
 * what failed on stderr.
 */
async function main(request: HoldallRequest): Promise<number> {
  const { location } = request;
  const engine =
    request.command === "create"
      ? await Engine.create(location, request.formatVersion)
      : await Engine.open(location, request.defect ? await alterationsOf(request.defect, location) : {});
  try {
    const { result, failures } = await perform(engine, request);
    process.stdout.write(JSON.stringify(result));
    for (const failure of failures) process.stderr.write(`${failure}\n`);
    return failures.length > 0 ? partialExitCode : 0;
  } finally {
    engine.close();
  }
}

async function perform(engine: Engine, request: HoldallCommand): Promise<{ result: unknown; failures: string[] }> {
  switch (request.command) {
    case "create":
      return { result: null, failures: [] };
    case "backup": {
      const result = await engine.backup(request.backup);
      return { result, failures: result.failures };
    }
    case "snapshots":
      return { result: await engine.listSnapshots(), failures: [] };
    case "hash": {
      const result: Record<string, [string, string][]> = {};
      for (const snapshot of request.snapshots) result[snapshot] = [...(await engine.hashFiles(snapshot))];
      return { result, failures: [] };
    }
    case "restore":
      return { result: null, failures: await engine.restoreAll(request.snapshot, request.target) };
    case "trees":
      return { result: await engine.allTrees(), failures: [] };
  }
}

async function run(): Promise<number> {
  try {
    return await main(JSON.parse(process.argv[2] ?? "") as HoldallRequest);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    return 1;
  }
}

const exitCode = await run();
// Idle connections would keep the process for some seconds more. What was printed is on its way first.
process.stdout.write("", () => process.stderr.write("", () => process.exit(exitCode)));
