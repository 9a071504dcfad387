import type { Page } from "@playwright/test";
import { inspect } from "./aftermath.ts";
import { type AppBench, untilLocked } from "./app-bench.ts";
import { type AppRun, type AppTab, ScreenTab, WorkerTab } from "./app-tab.ts";
import type { Driver, Extent, Fault, FaultContext, Injected, Injection } from "./fault.ts";
import type { Site } from "./fault-world.ts";
import { mostAgainAfterDeath, mostAgainAfterEnd } from "./sizes.ts";

/** What a fault does at its moment, and who backs up afterwards. */
interface AppFault {
  name: string;
  driver: Driver;
  least: Record<Extent, number>;
  open(bench: AppBench, site: Site): Promise<AppTab>;
  /** Makes ready, before the backup begins, what is then done at the moment. */
  arm(scene: AppScene): Promise<Strike>;
  mayEnd: readonly string[];
  /** The backup goes on, and its end is awaited. */
  survives: boolean;
  mostAgain: number | null;
}

/** Resolves with the tab for the second run, or null for a new page. */
type Strike = () => Promise<AppTab | null>;

interface AppScene {
  bench: AppBench;
  site: Site;
  tab: AppTab;
  source: string;
}

const byWorker = { driver: "app, worker", open: WorkerTab.open } as const;

const faults: readonly AppFault[] = [
  {
    ...byWorker,
    name: "browser process killed",
    least: { full: 100, quick: 2 },
    arm: async ({ bench }) => {
      const browser = await bench.browser();
      return async () => {
        await browser.kill();
        return null;
      };
    },
    mayEnd: ["killed"],
    survives: false,
    mostAgain: mostAgainAfterDeath,
  },
  {
    ...byWorker,
    name: "worker killed",
    least: { full: 20, quick: 1 },
    arm:
      async ({ tab, site }) =>
      async () => {
        if (!(tab instanceof WorkerTab)) throw new RangeError("a tab with a worker of ours is wanted");
        await tab.killWorker();
        return tab.reopen(site);
      },
    mayEnd: ["killed"],
    survives: false,
    mostAgain: mostAgainAfterDeath,
  },
  {
    name: "page reloaded",
    driver: "app, screens",
    least: { full: 20, quick: 1 },
    open: ScreenTab.open,
    arm:
      async ({ bench, tab, site }) =>
      async () => {
        if (!(tab instanceof ScreenTab)) throw new RangeError("a tab with screens is wanted");
        return tab.reload(bench, site);
      },
    mayEnd: ["killed"],
    survives: false,
    // The screens make packs of 16 MiB: all of this small run is less than an interval.
    mostAgain: null,
  },
  {
    ...byWorker,
    name: "server stopped and started",
    least: { full: 20, quick: 1 },
    arm:
      async ({ bench, tab }) =>
      async () => {
        await bench.server.kill();
        await bench.server.resume();
        return tab;
      },
    mayEnd: ["stored"],
    survives: true,
    mostAgain: mostAgainAfterEnd,
  },
  {
    ...byWorker,
    name: "folder permission revoked",
    least: { full: 10, quick: 1 },
    arm: armRevoking,
    // Dropping the folder again, as the second run does, is what reconnects it.
    mayEnd: ["stored", "source-unreadable", "permission-lapsed", "source-shrunk"],
    survives: true,
    mostAgain: null,
  },
  {
    ...byWorker,
    name: "two tabs at once",
    least: { full: 10, quick: 1 },
    arm: armSecondTab,
    mayEnd: ["stored"],
    survives: true,
    mostAgain: mostAgainAfterEnd,
  },
];

/** As its owner does in the browser's settings. */
async function armRevoking({ bench, tab }: AppScene): Promise<Strike> {
  const settings = await (await bench.browser()).context.newPage();
  await settings.goto("chrome://settings/content/filesystem");
  const origin = new URL(bench.address).origin;
  return async () => {
    await settings.evaluate(`chrome.send("revokeFileSystemGrants", [${JSON.stringify(origin)}])`);
    await settings.close();
    return tab;
  };
}

/** The other tab wants to back up, too; then it is loaded anew and closed. */
async function armSecondTab({ bench, site, tab, source }: AppScene): Promise<Strike> {
  const other = await WorkerTab.open(bench, site);
  return async () => {
    const { ended } = await other.backUp(source);
    await other.page.reload();
    await other.page.close();
    // Stored: the first one was done by the time that the folder was dropped.
    if (!["writer-elsewhere", "stored"].includes(ended)) throw new Error(`the second tab ended with ${ended}`);
    return tab;
  };
}

/** The built app in real Chromium with a real folder. */
export const appFaults: readonly Fault[] = faults.map((fault) => ({
  name: fault.name,
  driver: fault.driver,
  least: fault.least,
  plan: (context) => planMoments(context, fault),
}));

async function planMoments(context: FaultContext, fault: AppFault): Promise<Injection[]> {
  const bench = await context.bench();
  const durationMs = await measureBackup(bench, context, fault);
  return Array.from({ length: fault.least[context.extent] }, () => ({
    where: "a random moment",
    run: () => strikeAt(context, fault, context.random.fraction() * durationMs),
  }));
}

const measured = new WeakMap<AppBench, Map<Driver, Promise<number>>>();

/** How long a backup takes from its lock on if nothing happens; measured once. */
function measureBackup(bench: AppBench, context: FaultContext, fault: AppFault): Promise<number> {
  const ofBench = measured.get(bench) ?? new Map<Driver, Promise<number>>();
  measured.set(bench, ofBench);
  const known = ofBench.get(fault.driver) ?? measure(bench, context, fault);
  ofBench.set(fault.driver, known);
  return known;
}

async function measure(bench: AppBench, { world }: FaultContext, fault: AppFault): Promise<number> {
  const site = await bench.site();
  const tab = await fault.open(bench, site);
  try {
    const running = tab.backUp(world.source);
    await Promise.race([untilLocked(site), running]);
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
    const tab = await fault.open(bench, site);
    opened.push(tab.page);
    const strike = await fault.arm({ bench, site, tab, source: world.source });
    const run = watched(tab.backUp(world.source));
    await Promise.race([untilLocked(site), run.end]);
    await new Promise((resolve) => setTimeout(resolve, momentMs));
    const wasRunning = run.last === null;
    const after = await strike();
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
        const second = after ?? (await fault.open(bench, site));
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
