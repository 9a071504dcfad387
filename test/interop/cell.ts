import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Peer } from "../support/peers.ts";
import type { PlantedDefect } from "../support/planted-defects.ts";
import type { RestServer } from "../support/rest-servers.ts";
import { describeRun, Restic, type ResticRun } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import type { TreeDescription } from "../support/source-tree.ts";
import { HoldallProcess, type HoldallRun, type HoldallWriter } from "./holdall-process.ts";

/** The letters of what interoperability is judged by. */
export type Letter = "a" | "b" | "c" | "d" | "e";

/** What a check saw: the runs whose exit codes count, and everything that is not as it must be. */
export interface CheckOutcome {
  restic?: ResticRun;
  holdall?: HoldallRun<unknown>;
  problems: readonly string[];
}

export interface CheckResult {
  cell: string;
  letter: Letter;
  what: string;
  resticExitCode: number | null | undefined;
  holdallExitCode: number | null | undefined;
  /** In place of the exit code where Holdall is an app: what it showed in the end. */
  holdallOutcome: string | undefined;
  /** Empty if the check passed. */
  problems: readonly string[];
  milliseconds: number;
}

/** The folders that cells back up; they are only read. */
export interface CellSources {
  /** Named as the source is in snapshots. */
  source: string;
  sourceContents: TreeDescription;
  /** Something small with bytes of its own. */
  extra: string;
}

/** The app in a browser, where that makes and fills a cell's repositories instead of the engine in Node. */
export interface CellApp {
  readonly name: string;
  /** The app on a repository of the cell's server. */
  on(location: string, password: string): HoldallWriter;
  /** To be called when the cell is done. */
  closeBrowser(): Promise<void>;
}

export interface CellSettings {
  restic: Peer;
  server: RestServer;
  formatVersion: 1 | 2;
  sources: CellSources;
  /** Where the cell may write. */
  folder: string;
  /** Only checks of these letters run. */
  letters: ReadonlySet<Letter>;
  defect: PlantedDefect | null;
  app?: CellApp;
  report(result: CheckResult): void;
}

export const allLetters: ReadonlySet<Letter> = new Set<Letter>(["a", "b", "c", "d", "e"]);

/** A cell and what is done in it, one after the other. */
export interface Course {
  cell: Cell;
  stages: readonly { what: string; run(cell: Cell): Promise<void> }[];
}

/** A repository with both programs on it. */
export interface CellRepository {
  name: string;
  /** By which its server knows it. */
  location: string;
  restic: Restic;
  /** The engine in Node. */
  holdall: HoldallProcess;
  /** Who makes and fills the repository: the engine in Node, or the cell's app. */
  writer: HoldallWriter;
  keys: ResticKeys;
}

/** One combination of restic, server and format: makes repositories, runs checks, reports each by name. */
export class Cell {
  readonly name: string;
  private readonly restics: Restic[] = [];

  constructor(readonly settings: CellSettings) {
    const { restic, server, formatVersion, app } = settings;
    const parts = [`restic ${restic.version}`, server.name, `format ${formatVersion}`];
    this.name = [...parts, ...(app ? [app.name] : [])].join(" x ");
  }

  /** Both programs on the repository of this name; nothing is made yet. */
  async repository(name: string, password: string): Promise<CellRepository> {
    const { restic: program, server, formatVersion, defect, app } = this.settings;
    const repository = [program.name, "format", formatVersion, ...(app ? ["app"] : []), name].join("-");
    const location = server.resticRepository(repository);
    const restic = await Restic.open({ program, repository: location, password });
    this.restics.push(restic);
    const url = server.repositoryUrl(repository);
    const holdall = new HoldallProcess({ url, login: server.login, password }, defect);
    const writer = app?.on(repository, password) ?? holdall;
    return { name, location: repository, restic, holdall, writer, keys: new ResticKeys(server, repository) };
  }

  /** Runs a check if its letter is wanted. An exception is a failed check, not the end of the cell. */
  async check(letter: Letter, what: string, work: () => Promise<CheckOutcome>): Promise<void> {
    if (!this.settings.letters.has(letter)) return;
    const started = performance.now();
    let outcome: CheckOutcome;
    try {
      outcome = await work();
    } catch (error) {
      const run = error instanceof HoldallFailure ? { holdall: error.run } : {};
      outcome = { ...run, problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
    }
    this.settings.report({
      cell: this.name,
      letter,
      what,
      resticExitCode: outcome.restic?.exitCode,
      holdallExitCode: outcome.holdall?.exitCode,
      holdallOutcome: outcome.holdall?.outcome,
      problems: [...failuresOf(outcome), ...outcome.problems],
      milliseconds: Math.round(performance.now() - started),
    });
  }

  wants(...letters: Letter[]): boolean {
    return letters.some((letter) => this.settings.letters.has(letter));
  }

  /** A new empty folder, gone with the cell's own. */
  temporaryFolder(): Promise<string> {
    return mkdtemp(join(this.settings.folder, "folder-"));
  }

  async close(): Promise<void> {
    await this.settings.app?.closeBrowser();
    for (const restic of this.restics) await restic.close();
    await rm(this.settings.folder, { recursive: true, force: true });
  }
}

/** A run that did not end well is a problem whatever else a check looks at. */
function failuresOf({ restic, holdall }: CheckOutcome): string[] {
  const failures: string[] = [];
  if (restic !== undefined && restic.exitCode !== 0) failures.push(describeRun(restic));
  if (holdall !== undefined && holdall.exitCode !== 0) {
    failures.push(`${holdall.command} ended with ${holdall.exitCode ?? "a signal"}:\n${holdall.stderr.slice(0, 4000)}`);
  }
  return failures;
}

/** The result of a run that must have succeeded. */
export function resultOf<T>(run: HoldallRun<T>): T {
  if (run.exitCode === 0 && run.result !== null) return run.result;
  throw new HoldallFailure(run);
}

class HoldallFailure extends Error {
  constructor(readonly run: HoldallRun<unknown>) {
    super(`${run.command} gave no result`);
  }
}

/** `restic check --read-data` and what is wrong with its words: an exit code of 0 alone would also pass for a check of nothing. */
export async function checkAllData(restic: Restic): Promise<CheckOutcome> {
  const run = await restic.run(["check", "--read-data"]);
  const said = run.stdout.toString("utf8");
  const problems = said.includes("no errors were found") ? [] : ["restic check does not say that no errors were found"];
  return { restic: run, problems };
}
