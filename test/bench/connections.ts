import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Peer } from "../support/peers.ts";
import { AnswerFaults, allFaults } from "./answer-faults.ts";
import { brokenBounds, type ConnectionFigures, finalFigures } from "./connection-figures.ts";
import { ConnectionSource, type SourceShape } from "./connection-source.ts";
import { ConnectionTab } from "./connection-tab.ts";
import { ConnectionWork, callsBesideLimit, type WorkSettings } from "./connection-work.ts";
import { CountedSite } from "./counted-site.ts";
import { countRestic } from "./restic-connections.ts";

export interface ConnectionSettings {
  chromium: Peer;
  restic: Peer;
  /** For each limit. */
  requests: number;
  limits: readonly number[];
  seed: number;
}

export interface ConnectionComparison {
  /** The built app in Chromium, once for each limit. */
  holdall: TabConnections[];
  /** restic on the same server, command by command. */
  restic: ConnectionFigures[];
}

export interface TabConnections extends ConnectionFigures {
  /** What breaks the rules for connections, in words; empty if they hold. */
  broken: string[];
  /** Calls that ended with an error, by its code: the faults' doing, or cancelled. */
  failures: Record<string, number>;
}

const shape: SourceShape = { folders: 12, filesInFolder: 10 };

/** Counts what the built app and restic do with connections to one server, the app with each limit. */
export async function measureConnections(settings: ConnectionSettings): Promise<ConnectionComparison> {
  const { requests, limits, seed, chromium, restic } = settings;
  const holdall: TabConnections[] = [];
  for (const limit of limits) holdall.push(await countTab(chromium, { limit, requests, seed }));
  return { holdall, restic: await countRestic(restic, seed) };
}

/** The built app in a browser of its own, on a new repository. */
export async function countTab(chromium: Peer, settings: WorkSettings): Promise<TabConnections> {
  const { limit, seed } = settings;
  const folder = await mkdtemp(join(tmpdir(), "holdall-connections-"));
  const faults = new AnswerFaults(allFaults, seed);
  try {
    await using site = await CountedSite.start(faults);
    const source = new ConnectionSource(folder, shape, seed);
    const { work, ...seen } = await workInTab(chromium, site, source, settings);
    const figures = await finalFigures(site.counts, { client: "holdall", limit, ...seen });
    const atOnce = limit + callsBesideLimit;
    const bodiesToAbandon = work.cancelledJobs * atOnce + faults.count("brokenAtLength");
    const broken = brokenBounds(figures, { bodiesToAbandon, besideLimit: callsBesideLimit });
    return { ...figures, broken, failures: Object.fromEntries(work.failures) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function workInTab(chromium: Peer, site: CountedSite, source: ConnectionSource, settings: WorkSettings) {
  await using tab = await ConnectionTab.start(chromium, `${site.origin}/`);
  const work = new ConnectionWork(site, tab, source, settings);
  await work.run();
  return { work, leftBusy: work.leftBusy, cutInBuffers: site.counts.cutInBuffers };
}
