import type { SourceFolder } from "../../src/core/base/ports.ts";
import { NodeFolderSource } from "../support/node-folder-source.ts";
import type { TreeDescription } from "../support/source-tree.ts";
import { type Aftermath, inspect } from "./aftermath.ts";
import { EngineDevice, type EngineRun, type StartedRun } from "./engine-device.ts";
import type { FaultContext, Injected } from "./fault.ts";
import { FaultClock } from "./fault-clock.ts";
import { FaultProxy, type ProxySettings } from "./fault-proxy.ts";
import type { ServerKind, Site } from "./fault-world.ts";
import { mostAgainAfterEnd } from "./sizes.ts";

/** What can be touched while a run is disturbed. */
export interface Scene {
  readonly site: Site;
  readonly clock: FaultClock;
  readonly proxy: FaultProxy;
  /** The folder that is backed up. */
  readonly source: string;
  readonly run: StartedRun;
}

export interface EngineDisturbance {
  server?: ServerKind;
  /** What the proxy does; made anew for each run, with what the run needs. */
  network?(scene: () => Scene): Partial<ProxySettings>;
  /** The folder as the run sees it; `copies`: in a copy of its own, which may be changed on the disk. */
  folder?(source: string): SourceFolder;
  copiesSource?: boolean;
  /** Before the second run: what was in the way is taken out of it. */
  repair?(scene: Scene): Promise<void>;
  clock?: () => FaultClock;
  /** Where the repository is; by default on the server of that kind. */
  site?(): Promise<Site>;
  /** Runs beside the backup. Resolves with what the run came to, by default its own end. */
  during?(scene: Scene): Promise<EngineRun>;
  /** Every state that a file of the folder had; by default the one. */
  sourceStates?(scene: Scene): Promise<readonly TreeDescription[]>;
  /** Whether the fault happened; by default: the proxy disturbed a request. */
  fired?(scene: Scene): boolean;
  /** The ends that are right. */
  mayEnd: readonly string[];
  /** By default that of a run that ends in order; null where it cannot be told. */
  mostAgain?: number | null;
}

/** A run gets this long: no fault here takes real minutes. */
const patienceMs = 60_000;
/** A transfer is given up after five minutes without a byte, and the slowest upload of a pack here within some seconds more. */
const stallMs = 6 * 60_000;

/** One run of the engine with something in its way, and what it left behind. */
export async function injectIntoEngine(context: FaultContext, disturbance: EngineDisturbance): Promise<Injected> {
  const { world, defect } = context;
  const { folder = (path) => new NodeFolderSource(path) } = disturbance;
  const site = await (disturbance.site?.() ?? world.site(disturbance.server));
  const source = disturbance.copiesSource ? await world.copyOfSource() : world.source;
  const clock = disturbance.clock?.() ?? new FaultClock();
  const device = new EngineDevice();
  let scene: Scene | null = null;
  const proxy = await FaultProxy.start({
    upstream: site.server,
    fraction: () => context.random.fraction(),
    now: () => clock.now(),
    onStalled: () => clock.skip(stallMs),
    ...disturbance.network?.(() => scene ?? notYet()),
  });
  try {
    const settings = { url: `${proxy.url}${site.name}/`, source: folder(source), clock, alter: defect };
    const started = device.start(settings);
    scene = { site, clock, proxy, source, run: started };
    const run = await within(patienceMs, disturbance.during?.(scene) ?? started.ended);
    if (run.ended !== "hung") await proxy.idle();
    const fired = disturbance.fired?.(scene) ?? proxy.disturbed.length > 0;
    if (!fired) return { fired, ended: run.ended, aftermath: { findings: [], packsAgain: 0 } };
    const { repair } = disturbance;
    const sourceStates = (await disturbance.sourceStates?.(scene)) ?? [world.contents];
    const { mostAgain = mostAgainAfterEnd } = disturbance;
    const aftermath = await inspect({
      world,
      site,
      source,
      mostAgain,
      run: { result: run.result, sourceStates },
      secondRun: async () => {
        await repair?.(scene ?? notYet());
        const plain = { url: `${site.server}${site.name}/`, source: new NodeFolderSource(source), alter: defect };
        const second = await within(patienceMs, device.backUp(plain));
        return { ended: second.ended, failures: second.result?.failures ?? [] };
      },
    });
    return { fired, ended: run.ended, aftermath: withEnd(aftermath, run, disturbance.mayEnd) };
  } finally {
    await proxy.close();
    await site.close();
    if (disturbance.copiesSource) await world.drop(source);
  }
}

function withEnd(aftermath: Aftermath, run: EngineRun, mayEnd: readonly string[]): Aftermath {
  if (mayEnd.includes(run.ended)) return aftermath;
  const said = run.error instanceof Error ? `${run.error.message} ${String(run.error.cause ?? "")}` : "";
  const detail = `${run.ended} instead of ${mayEnd.join(" or ")} ${said}`;
  return { ...aftermath, findings: [...aftermath.findings, { kind: "lost", reason: "unexpected-end", detail }] };
}

/** A run that hangs is a finding, not the end of all. */
async function within(ms: number, work: Promise<EngineRun>): Promise<EngineRun> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<EngineRun>((resolve) => {
    timer = setTimeout(() => resolve({ ended: "hung", result: null, error: null }), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function notYet(): never {
  throw new Error("the run has not begun");
}
