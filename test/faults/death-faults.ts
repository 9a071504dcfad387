import { injectIntoEngine, type Scene } from "./engine-injection.ts";
import type { Extent, Fault, FaultContext, Injection } from "./fault.ts";
import type { Disturbance, ProxySettings, SeenRequest } from "./fault-proxy.ts";
import { requestsOfRun } from "./request-faults.ts";
import { mostAgainAfterDeath } from "./sizes.ts";

/** The engine dies at its n-th request, for every n: nothing that it does from then on reaches anybody. */
export const deathFaults: readonly Fault[] = [
  deathFault("dies before request n", "drop", { full: 35, quick: 4 }),
  deathFault("dies after request n", "lose-answer", { full: 35, quick: 4 }),
];

function deathFault(name: string, how: Disturbance, least: Record<Extent, number>): Fault {
  return { name, driver: "engine", least, plan: (context) => planDeaths(context, how, least.quick) };
}

async function planDeaths(context: FaultContext, how: Disturbance, quickCount: number): Promise<Injection[]> {
  const { extent, random, world } = context;
  const all = await requestsOfRun(world);
  const targets = extent === "full" ? all : random.spread(all, quickCount);
  return targets.map((target) => ({
    where: `request ${target.n}, ${target.method} ${target.path.slice(0, 20)}`,
    run: () => {
      const death = deathAt(target, how);
      return injectIntoEngine(context, { ...death, mayEnd: ["killed"], mostAgain: mostAgainAfterDeath });
    },
  }));
}

function deathAt({ n }: SeenRequest, how: Disturbance) {
  let strike: () => void = () => {};
  const struck = new Promise<void>((resolve) => {
    strike = resolve;
  });
  const network = (): Partial<ProxySettings> => ({
    decide: (request) => {
      if (request.n < n) return "none";
      strike();
      return request.n === n ? how : "drop";
    },
  });
  const during = async ({ proxy, run }: Scene) => {
    const first = await Promise.race([struck.then(() => null), run.ended]);
    if (first !== null) return first;
    // What it had been sent is done by the server first, as it would be.
    await proxy.settled(n);
    await proxy.close();
    run.die();
    return { ended: "killed", result: null, error: null };
  };
  return { network, during };
}
