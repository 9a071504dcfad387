import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuilt } from "../../src/server/fresh-clone.mjs";
import { type Peer, requirePeer } from "../support/peers.ts";
import { type RestServer, startEmbedded, startRclone, startRestServer } from "../support/rest-servers.ts";
import { allLetters, Cell, type CellSources, type CheckResult, type Course } from "./cell.ts";
import { makeChromiumCells } from "./chromium-cells.ts";
import { checkMadeByHoldall } from "./made-by-holdall.ts";
import { checkMadeByRestic } from "./made-by-restic.ts";
import { makeSources } from "./sources.ts";

/** Every restic, server and format is met; the app in Chromium is what test:browser and test:faults drive. */
const fewCells = [
  { restic: "restic-0.18", server: "rest-server", formatVersion: 2 },
  { restic: "restic-0.14", server: "rclone", formatVersion: 1 },
  { restic: "restic-0.18", server: "embedded", formatVersion: 2 },
] as const;

interface Settings {
  cells: string;
  few: boolean;
  report: string | undefined;
}

/**
 * The real restics and the real REST servers against Holdall: every combination is a cell, every check is printed by name
 * with the exit codes of both programs. In two more cells Holdall is the built app in Chromium. `--cells TEXT` runs only
 * those whose name contains it, `--few` three of them, with the engine in Node; `--report FILE` writes
 * the counts as JSON.
 */
async function main({ cells: filter, few, report }: Settings): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "holdall-interop-"));
  const servers = await startServers();
  const results: CheckResult[] = [];
  const note = (result: CheckResult) => {
    results.push(result);
    print(result);
  };
  const chromium = few ? null : await makeChromiumCells(servers, folder, note);
  try {
    const sources = await makeSources(folder, "full");
    const cells = await makeCells(servers, sources, folder, note);
    const courses = chromium === null ? cells.filter(({ cell }) => isOfFew(cell)) : [...chromium.courses, ...cells];
    await runCourses(courses.filter(({ cell }) => cell.name.includes(filter)));
  } finally {
    await chromium?.close();
    await Promise.all(servers.map((server) => server.close()));
    await rm(folder, { recursive: true, force: true });
  }
  const failed = results.filter(({ problems }) => problems.length > 0);
  if (report !== undefined) {
    await writeFile(report, JSON.stringify({ passed: results.length - failed.length, failed: failed.length }));
  }
  console.log(`interop: ${results.length} checks, ${failed.length} failed`);
  // No result at all is no success: the peers are missing.
  process.exitCode = failed.length === 0 && results.length > 0 ? 0 : 1;
}

async function startServers(): Promise<RestServer[]> {
  const servers = [startEmbedded()];
  const restServer = requirePeer("rest-server");
  if (restServer !== null) servers.push(startRestServer(restServer));
  const rclone = requirePeer("rclone");
  if (rclone !== null) servers.push(startRclone(rclone));
  return Promise.all(servers);
}

async function makeCells(
  servers: readonly RestServer[],
  sources: CellSources,
  parent: string,
  report: (result: CheckResult) => void,
): Promise<Course[]> {
  const restics = [requirePeer("restic-0.14"), requirePeer("restic-0.18")].filter(
    (peer): peer is Peer => peer !== null,
  );
  const courses: Course[] = [];
  for (const restic of restics) {
    for (const server of servers) {
      for (const formatVersion of [1, 2] as const) {
        const folder = join(parent, `cell-${courses.length}`);
        await mkdir(folder);
        const letters = allLetters;
        const cell = new Cell({ restic, server, formatVersion, sources, folder, letters, defect: null, report });
        const stages = [
          { what: "makes and fills a repository", run: checkMadeByHoldall },
          { what: "reads a repository of restic's", run: checkMadeByRestic },
        ];
        courses.push({ cell, stages });
      }
    }
  }
  return courses;
}

function isOfFew({ settings: { restic, server, formatVersion } }: Cell): boolean {
  return fewCells.some(
    (few) => few.restic === restic.name && few.server === server.name && few.formatVersion === formatVersion,
  );
}

/** Four at a time: each is a chain of programs that waits for the disk and for the other side. */
async function runCourses(courses: readonly Course[]): Promise<void> {
  const queue = courses.values();
  const runNext = async () => {
    for (const { cell, stages } of queue) {
      try {
        for (const { what, run } of stages) await guard(cell, what, run);
      } finally {
        await cell.close();
      }
    }
  };
  await Promise.all([runNext(), runNext(), runNext(), runNext()]);
}

/** What fails between the checks fails the cell, not the run. */
async function guard(cell: Cell, what: string, work: (cell: Cell) => Promise<void>): Promise<void> {
  try {
    await work(cell);
  } catch (error) {
    await cell.check("a", `Holdall ${what}`, async () => {
      throw error;
    });
  }
}

function print(result: CheckResult): void {
  const { cell, letter, what, problems, milliseconds, holdallOutcome } = result;
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  const codes = `restic ${codeOf(result.resticExitCode)}, holdall ${holdallOutcome ?? codeOf(result.holdallExitCode)}`;
  console.log(`${verdict} ${cell} | ${letter}) ${what} | exit codes: ${codes} | ${milliseconds} ms`);
  for (const problem of problems) console.log(problem.replace(/^/gm, "         "));
}

/** "-" for a program that had no part in the check. */
function codeOf(exitCode: number | null | undefined): string {
  return exitCode === undefined ? "-" : String(exitCode ?? "killed");
}

const { values } = parseArgs({
  options: {
    cells: { type: "string", default: "" },
    few: { type: "boolean", default: false },
    report: { type: "string" },
  },
});
ensureBuilt();
await main({ ...values, report: values.report });
