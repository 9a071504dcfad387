import type { Backend } from "../../src/core/backend/backend.ts";
import { AppBench } from "./app-bench.ts";
import type { Extent, Fault, FaultContext, Injected, Injection } from "./fault.ts";
import { FaultWorld, type WorldPeers } from "./fault-world.ts";
import { Ledger } from "./ledger.ts";
import { SeededRandom } from "./seeded-random.ts";

export interface FaultRunSettings {
  peers: WorldPeers;
  faults: readonly Fault[];
  extent: Extent;
  seed: number;
  /** All faults of the list: then there must be as many injections as promised. */
  isWhole: boolean;
  defect?: ((backend: Backend) => Backend) | undefined;
  say(line: string): void;
}

export interface FaultRunResult {
  injected: number;
  lost: number;
  rejected: number;
  /** Injections after which everything was right. */
  passed: number;
  /** Everything else that is wrong with the run. */
  failed: number;
  failures: readonly string[];
}

const leastInjections: Readonly<Record<Extent, number>> = { full: 500, quick: 60 };
/** A run may be over before a fault's moment comes; then it is tried again. */
const attempts = 12;
/** Each injection is mostly restic; the engine's are two at a time, those in a browser have the machine to themselves. */
const lanesOfEngine = 2;

/** One run through a list of faults. */
export class FaultRun {
  private readonly ledger = new Ledger();
  private readonly problems: string[] = [];

  constructor(private readonly settings: FaultRunSettings) {}

  async toEnd(): Promise<FaultRunResult> {
    const { peers, faults, extent, seed, isWhole, defect, say } = this.settings;
    say(`seed ${seed}, ${extent} run`);
    const world = await FaultWorld.make(peers);
    let bench: Promise<AppBench> | null = null;
    const theBench = () => {
      bench ??= AppBench.start(world);
      return bench;
    };
    try {
      const context: FaultContext = { world, extent, random: new SeededRandom(seed), bench: theBench, defect };
      for (const fault of faults) await this.injectAll(fault, context);
    } finally {
      await this.closeBench(bench);
      await world.close();
    }
    say(this.ledger.table());
    for (const missed of this.ledger.missed) this.problem(missed);
    const { injected, lost, rejected } = this.ledger.totals;
    if (isWhole && injected < leastInjections[extent]) {
      this.problem(`${injected} injections, ${leastInjections[extent]} at least are wanted`);
    }
    const failures = this.problems;
    const failed = failures.length;
    return { injected, lost, rejected, failed, failures, passed: Math.max(0, injected - failed) };
  }

  private async closeBench(bench: Promise<AppBench> | null): Promise<void> {
    await (await bench)?.close();
  }

  private async injectAll(fault: Fault, context: FaultContext): Promise<void> {
    const { say, extent } = this.settings;
    const started = performance.now();
    const injections = await fault.plan(context);
    this.ledger.plan(fault, injections.length, fault.least[extent]);
    const queue = injections.values();
    const lane = async () => {
      for (const injection of queue) await this.injectOne(fault, injection);
    };
    await Promise.all(Array.from({ length: fault.driver === "engine" ? lanesOfEngine : 1 }, lane));
    say(`${fault.name}: ${injections.length} in ${Math.round((performance.now() - started) / 100) / 10} s`);
  }

  private async injectOne(fault: Fault, injection: Injection): Promise<void> {
    try {
      let injected: Injected = await injection.run();
      for (let attempt = 1; !injected.fired && attempt < attempts; attempt++) injected = await injection.run();
      for (const problem of this.ledger.note(fault, injection, injected)) this.problem(problem);
    } catch (error) {
      this.problem(`${fault.name}, ${injection.where}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }

  private problem(text: string): void {
    this.problems.push(text);
    this.settings.say(text);
  }
}
