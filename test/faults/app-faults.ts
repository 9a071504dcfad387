import type { Page } from "@playwright/test";
import { giveFolder } from "../browser/driven-worker.ts";
import { inspect } from "./aftermath.ts";
import { type AppBench, type AppRun, AppTab, untilLocked } from "./app-bench.ts";
import type { Extent, Fault, FaultContext, Injected, Injection } from "./fault.ts";
import type { Site } from "./fault-world.ts";
import { mostAgainAfterDeath, mostAgainAfterEnd } from "./sizes.ts";

/** What a fault does at its moment, and who backs up afterwards. */
interface AppFault {
  name: string;
  least: Record<Extent, number>;
  /** Resolves with the tab for the second run, or null for a page in a browser that is started anew. */
  strike(scene: AppScene): Promise<AppTab | null>;
  mayEnd: readonly string[];
  /** The backup goes on, and its end is awaited. */
  survives: boolean;
  mostAgain: number;
}

interface AppScene {
  bench: AppBench;
  site: Site;
  tab: AppTab;
}

const faults: readonly AppFault[] = [
  {
    name: "browser process killed",
    least: { full: 100, quick: 2 },
    strike: async ({ bench }) => {
      await (await bench.browser()).kill();
      return null;
    },
    mayEnd: ["killed"],
    survives: false,
    mostAgain: mostAgainAfterDeath,
  },
  {
    name: "worker killed",
    least: { full: 20, quick: 2 },
    strike: async ({ tab, site }) => {
      await tab.killWorker();
      return tab.reopen(site);
    },
    mayEnd: ["killed"],
    survives: false,
    mostAgain: mostAgainAfterDeath,
  },
  {
    name: "server stopped and started",
    least: { full: 20, quick: 1 },
    strike: async ({ bench, tab }) => {
      await bench.server.kill();
      await bench.server.resume();
      return tab;
    },
    mayEnd: ["stored"],
    survives: true,
    mostAgain: mostAgainAfterEnd,
  },
];

/** The built app in real Chromium with a real folder; its worker is called as its screens call it. */
export const appFaults: readonly Fault[] = faults.map((fault) => ({
  name: fault.name,
  driver: "app, worker",
  least: fault.least,
  plan: (context) => planMoments(context, fault),
}));

async function planMoments(context: FaultContext, fault: AppFault): Promise<Injection[]> {
  const bench = await context.bench();
  const durationMs = await measureBackup(bench, context);
  return Array.from({ length: fault.least[context.extent] }, () => ({
    where: "a random moment",
    run: () => strikeAt(context, fault, context.random.fraction() * durationMs),
  }));
}

const measured = new WeakMap<AppBench, Promise<number>>();

/** How long a backup holds its lock if nothing happens. */
function measureBackup(bench: AppBench, context: FaultContext): Promise<number> {
  const known = measured.get(bench) ?? measure(bench, context);
  measured.set(bench, known);
  return known;
}

async function measure(bench: AppBench, { world }: FaultContext): Promise<number> {
  const site = await bench.site();
  const tab = await AppTab.open(bench, site);
  try {
    const running = tab.backUp(world.source);
    await untilLocked(site);
    const started = performance.now();
    const { ended } = await running;
    if (ended !== "stored") throw new Error(`the undisturbed backup of the app ended with ${ended}`);
    return performance.now() - started;
  } finally {
    await tab.page.close();
    await site.close();
  }
}

async function strikeAt(context: FaultContext, fault: AppFault, momentMs: number): Promise<Injected> {
  const { world } = context;
  const bench = await context.bench();
  const site = await bench.site();
  const opened: Page[] = [];
  try {
    const tab = await AppTab.open(bench, site);
    opened.push(tab.page);
    const folder = await giveFolder(tab.page, world.source);
    const run = watched(tab.backUpGiven(folder));
    await untilLocked(site);
    await new Promise((resolve) => setTimeout(resolve, momentMs));
    const wasRunning = run.last === null;
    const after = await fault.strike({ bench, site, tab });
    // What had ended before it was struck has said so by now.
    const fired = wasRunning && (fault.survives || run.last === null || run.last.ended === "killed");
    const { ended, result } = fault.survives ? await run.end : { ended: "killed", result: null };
    if (!fired) return { fired, ended, aftermath: { findings: [], packsAgain: 0 } };
    const aftermath = await inspect({
      world,
      site,
      source: world.source,
      mostAgain: fault.mostAgain,
      run: { result, sourceStates: [world.contents] },
      secondRun: async () => {
        const second = after ?? (await AppTab.open(bench, site));
        opened.push(second.page);
        const { ended: secondEnd, result: secondResult } = await second.backUp(world.source);
        return { ended: secondEnd, failures: secondResult?.failures ?? [] };
      },
    });
    if (!fault.mayEnd.includes(ended)) {
      const detail = `${ended} instead of ${fault.mayEnd.join(" or ")}`;
      aftermath.findings.push({ kind: "lost", reason: "unexpected-end", detail });
    }
    return { fired, ended, aftermath };
  } finally {
    for (const page of new Set(opened)) await page.close().catch(() => {});
    await site.close();
  }
}

interface WatchedRun {
  end: Promise<AppRun>;
  /** How it ended; null while it runs. */
  last: AppRun | null;
}

function watched(end: Promise<AppRun>): WatchedRun {
  const run: WatchedRun = { end, last: null };
  run.end = end.then((ended) => {
    run.last = ended;
    return ended;
  });
  return run;
}
