import { mkdir, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../../src/core/base/clock.ts";
import { NodeTab } from "../support/node-tab.ts";
import type { Peer } from "../support/peers.ts";
import { type RestServer, startRestServer } from "../support/rest-servers.ts";
import { describeRun, Restic, type ResticRun } from "../support/restic.ts";
import { ResticKeys } from "../support/restic-keys.ts";
import { describeTree, differences, type TreeDescription } from "../support/source-tree.ts";
import { Dice, WorkFolder } from "./household-folders.ts";

export interface BesideSettings {
  restic: Peer;
  server: Peer;
  seed: number;
  milliseconds: number;
  /** How many times faster Holdall's longer waits pass than they are meant to. */
  hurry: number;
}

export interface BesideRestic {
  holdall: { backups: number; waits: number };
  /** Runs that ended well, by command. */
  restic: Record<ResticCommand, number>;
  /** Snapshots of Holdall's that came back byte for byte. */
  compared: number;
  /** Those that restic's forget said it removed. */
  forgotten: number;
  problems: string[];
}

const resticCommands = ["backup", "forget", "prune", "check"] as const;
type ResticCommand = (typeof resticCommands)[number];

const repository = "beside-restic";
const password = "side by side";
const holdallHost = "holdall-beside";
const resticHost = "restic-beside";
/** A wait for a lock, and not for the lock to settle. */
const longWaitMs = 5000;
/** After the time is over: for what is under way and what still waits for a lock. */
const graceMs = 150_000;

/** Both programs work on one repository until the time is over; then all that was said to be done is compared. */
export async function besideRestic(settings: BesideSettings): Promise<BesideRestic> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "holdall-beside-restic-")));
  const server = await startRestServer(settings.server);
  const restic = await Restic.open({
    program: settings.restic,
    repository: server.resticRepository(repository),
    password,
  });
  try {
    return await new TwoPrograms(settings, folder, server, restic).run();
  } finally {
    await restic.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

class TwoPrograms {
  private readonly outcome: BesideRestic = {
    holdall: { backups: 0, waits: 0 },
    restic: { backup: 0, forget: 0, prune: 0, check: 0 },
    compared: 0,
    forgotten: 0,
    problems: [],
  };
  /** What each snapshot of Holdall's was made of. */
  private readonly made = new Map<string, TreeDescription>();
  private readonly forgotten = new Set<string>();
  private readonly dice: Dice;
  private endMs = 0;

  constructor(
    private readonly settings: BesideSettings,
    private readonly folder: string,
    private readonly server: RestServer,
    private readonly restic: Restic,
  ) {
    this.dice = new Dice(settings.seed, 100_000);
  }

  async run(): Promise<BesideRestic> {
    const created = await NodeTab.create(this.place, 2);
    await created[Symbol.asyncDispose]();
    await new ResticKeys(this.server, repository).makeCheap([password]);
    this.endMs = Date.now() + this.settings.milliseconds;
    await Promise.all([
      this.guarded("Holdall", () => this.holdallLoop()),
      this.guarded("restic", () => this.resticLoop()),
    ]);
    await this.guarded("comparing", () => this.compareAll());
    await this.guarded("restic", async () => void (await this.restic.succeed(["check", "--read-data"])));
    this.judgeProgress();
    return this.outcome;
  }

  private async holdallLoop(): Promise<void> {
    const source = new WorkFolder(join(this.folder, "Documents"), new Dice(this.settings.seed + 1, 100_000));
    // Two at least, however slow the machine is.
    const goesOn = () => Date.now() < this.endMs || this.outcome.holdall.backups < 2;
    while (goesOn()) {
      // A tab is opened anew now and then, as people do.
      await using tab = await NodeTab.open(this.place, { clock: hurried(this.settings.hurry) });
      for (let runs = 1 + this.dice.roll(4); runs > 0 && goesOn(); runs--) {
        source.work(new Date());
        await this.backUp(tab, source.path);
        await delay(this.dice.roll(700));
      }
    }
  }

  private async backUp(tab: NodeTab, path: string): Promise<void> {
    const contents = await describeTree(path);
    const signal = AbortSignal.timeout(this.endMs + graceMs - Date.now());
    let waited = false;
    const result = await tab.backup(
      { hostname: holdallHost, sources: [tab.folderSource("Documents", path)], waitsForLock: true },
      signal,
      ({ lockedBy }) => {
        waited ||= lockedBy !== null;
      },
    );
    if (result.snapshot === null || result.failures.length > 0) {
      throw new Error(`a backup ended as ${result.outcome}: ${JSON.stringify(result.failures)}`);
    }
    this.made.set(result.snapshot.id, contents);
    this.outcome.holdall.backups++;
    if (waited) this.outcome.holdall.waits++;
  }

  private async resticLoop(): Promise<void> {
    const source = new WorkFolder(join(this.folder, "home"), new Dice(this.settings.seed + 2, 100_000));
    // Each command once at least, however slow the machine is.
    for (let turn = 0; Date.now() < this.endMs || turn < resticCommands.length; turn++) {
      const command = resticCommands[turn % resticCommands.length] ?? "check";
      if (command === "backup") source.work(new Date());
      const run = await this.restic.run(this.commandLine(command), { cwd: this.folder, timeoutMilliseconds: graceMs });
      if (run.exitCode !== 0) this.outcome.problems.push(describeRun(run));
      else this.outcome.restic[command]++;
      if (command === "forget") this.noteForgotten(run);
    }
  }

  private commandLine(command: ResticCommand): string[] {
    const options: Record<ResticCommand, string[]> = {
      backup: ["--host", resticHost, "home"],
      forget: ["--group-by", "host,paths", "--keep-last", "4", "--json"],
      prune: ["--max-unused", "0"],
      check: ["--read-data-subset", "20%"],
    };
    return [command, "--retry-lock", "2m", ...options[command]];
  }

  private noteForgotten({ stdout }: ResticRun): void {
    const groups = JSON.parse(stdout.toString("utf8").trim() || "[]") as { remove: { id: string }[] | null }[];
    for (const { remove } of groups) for (const { id } of remove ?? []) this.forgotten.add(id);
  }

  /** Whatever Holdall called done and restic did not forget is there and whole. */
  private async compareAll(): Promise<void> {
    const listed = (await this.restic.json<{ id: string }[]>(["snapshots", "--host", holdallHost])).flat();
    const there = new Set(listed.map(({ id }) => id));
    for (const [id, contents] of this.made) {
      if (this.forgotten.has(id)) this.outcome.forgotten++;
      else if (!there.has(id)) this.outcome.problems.push(`snapshot ${id} is gone, and nobody forgot it`);
      else await this.compare(id, contents);
    }
  }

  private async compare(id: string, contents: TreeDescription): Promise<void> {
    const target = join(this.folder, id);
    await mkdir(target);
    await this.restic.succeed(["restore", id, "--target", target]);
    const found = differences(contents, await describeTree(join(target, "Documents")));
    if (found.length === 0) this.outcome.compared++;
    else this.outcome.problems.push(`snapshot ${id} differs: ${found.join("; ")}`);
    await rm(target, { recursive: true });
  }

  /** Each side gets on, whatever the other does. */
  private judgeProgress(): void {
    const { holdall, restic, compared, forgotten, problems } = this.outcome;
    if (holdall.backups < 2) problems.push(`Holdall made ${holdall.backups} backups`);
    for (const command of resticCommands) {
      if (restic[command] === 0) problems.push(`restic's ${command} never ended well`);
    }
    if (compared === 0) problems.push("no snapshot was left to be compared");
    if (compared + forgotten < holdall.backups) problems.push(`of ${holdall.backups} snapshots some are missing`);
  }

  private async guarded(who: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const cause = error instanceof Error ? error.stack : error;
      this.outcome.problems.push(`${who}: ${cause}`);
    }
  }

  private get place() {
    return { url: this.server.repositoryUrl(repository), login: this.server.login, password };
  }
}

/** The machine's own time, in which a wait for a lock passes sooner. */
function hurried(times: number): Clock {
  return {
    now: () => Date.now(),
    after: (ms, callback) => systemClock.after(ms >= longWaitMs ? ms / times : ms, callback),
  };
}
