import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Peer, type PeerName, requirePeer } from "../support/peers.ts";
import type { RestServer } from "../support/rest-servers.ts";
import { allLetters, Cell, type CheckResult, type Course } from "./cell.ts";
import { ChromiumApp } from "./chromium-app.ts";
import { checkMadeByResticInChromium, checkUnreadableNames } from "./chromium-checks.ts";
import { type ChromiumSources, makeChromiumSources } from "./chromium-source.ts";
import { checkMadeByHoldall } from "./made-by-holdall.ts";

interface Ground {
  app: ChromiumApp;
  server: RestServer;
  restic: PeerName;
  formatVersion: 1 | 2;
}

/**
 * The cells in which Holdall is the built app in Chromium: on Holdall's own server, and on restic's rest-server behind the
 * proxy of Holdall's. They differ in restic and format as well, so that both of each are met.
 */
export async function makeChromiumCells(
  servers: readonly RestServer[],
  parent: string,
  report: (result: CheckResult) => void,
): Promise<{ courses: Course[]; close(): Promise<void> }> {
  const grounds = await openGrounds(requirePeer("chromium"), servers);
  const close = async () => void (await Promise.all(grounds.map(({ app }) => app.close())));
  if (grounds.length === 0) return { courses: [], close };
  const sources = await makeChromiumSources(join(parent, "chromium-sources"));
  const courses: Course[] = [];
  for (const { app, server, restic: name, formatVersion } of grounds) {
    const restic = requirePeer(name);
    if (restic === null) continue;
    const folder = join(parent, `chromium-cell-${courses.length}`);
    await mkdir(folder);
    const settings = { restic, server, formatVersion, sources, folder, letters: allLetters, defect: null, app, report };
    courses.push({ cell: new Cell(settings), stages: stagesOf(app, sources) });
  }
  return { courses, close };
}

async function openGrounds(program: Peer | null, servers: readonly RestServer[]): Promise<Ground[]> {
  if (program === null) return [];
  const { app, server } = await ChromiumApp.besideRepositories(program);
  const grounds: Ground[] = [{ app, server, restic: "restic-0.18", formatVersion: 2 }];
  const restServer = servers.find(({ name }) => name === "rest-server");
  if (restServer !== undefined) {
    const front = await ChromiumApp.inFrontOf(program, restServer);
    grounds.push({ app: front, server: restServer, restic: "restic-0.14", formatVersion: 1 });
  }
  return grounds;
}

function stagesOf(app: ChromiumApp, sources: ChromiumSources): Course["stages"] {
  return [
    { what: "makes and fills a repository in Chromium", run: checkMadeByHoldall },
    { what: "says in Chromium what it cannot read", run: (cell) => checkUnreadableNames(cell, app, sources) },
    {
      what: "reads a repository of restic's in Chromium",
      run: (cell) => checkMadeByResticInChromium(cell, app, sources),
    },
  ];
}
