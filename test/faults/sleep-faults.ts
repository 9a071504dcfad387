import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { injectIntoEngine, type Scene } from "./engine-injection.ts";
import type { Extent, Fault, FaultContext, Injected, Injection } from "./fault.ts";
import { FaultClock } from "./fault-clock.ts";
import type { Disturbance } from "./fault-proxy.ts";
import { requestsOfRun } from "./request-faults.ts";

const sleepMs = 40 * 60_000;

/**
 * The device freezes for 40 minutes of its clock, at its n-th request: the server has it, the answer comes when it wakes up.
 * Its clock is 40 minutes behind before, so that its lock is that old to restic, whose clock nobody moves.
 */
export const sleepFaults: readonly Fault[] = [
  {
    name: "frozen 40 minutes, unlock, prune",
    driver: "engine",
    least: { full: 30, quick: 3 },
    plan: (context) => planSleeps(context, { full: 40, quick: 3 }, (n) => sleepAt(context, n, pruneMeanwhile)),
  },
  {
    name: "frozen 40 minutes, left alone",
    driver: "engine",
    least: { full: 10, quick: 1 },
    plan: (context) => planSleeps(context, { full: 10, quick: 1 }, (n) => sleepAt(context, n, null)),
  },
];

/** While the run holds its lock: from the upload of the lock to the last request but the unlocking. */
async function planSleeps(
  { world, extent, random }: FaultContext,
  count: Record<Extent, number>,
  run: (n: number) => Promise<Injected>,
): Promise<Injection[]> {
  const all = await requestsOfRun(world);
  const locked = all.findIndex(({ path, upload }) => upload > 0 && path.startsWith("locks/"));
  const targets = random.spread(all.slice(locked, -1), count[extent]);
  return targets.map(({ n, method, path }) => ({
    where: `request ${n}, ${method} ${path.slice(0, 20)}`,
    run: () => run(n),
  }));
}

async function sleepAt(
  context: FaultContext,
  n: number,
  meanwhile: ((scene: Scene) => Promise<void>) | null,
): Promise<Injected> {
  const asleep = gate();
  const awake = gate();
  let slept = false;
  return injectIntoEngine(context, {
    clock: () => new FaultClock(-sleepMs),
    network: () => ({
      decide: async (request): Promise<Disturbance> => {
        if (request.n > n) await awake.promise;
        return "none";
      },
      hold: (request) => {
        if (request.n < n) return undefined;
        asleep.resolve();
        return awake.promise;
      },
    }),
    during: async (scene) => {
      const first = await Promise.race([asleep.promise.then(() => null), scene.run.ended]);
      if (first !== null) return first;
      try {
        await meanwhile?.(scene);
        slept = true;
        scene.clock.skip(sleepMs);
      } finally {
        awake.resolve();
      }
      return scene.run.ended;
    },
    fired: () => slept,
    mayEnd: meanwhile === null ? ["stored"] : ["stored", "lock-lost"],
    // What was pruned has to be sent again.
    mostAgain: null,
  });
}

/** What another machine does whose owner finds the lock of a device that seems gone. */
async function pruneMeanwhile({ site: { restic, directory } }: Scene): Promise<void> {
  const locks = async () => (await readdir(join(directory, "locks"))).length;
  if ((await locks()) === 0) throw new Error("the run holds no lock");
  await restic.succeed(["unlock"]);
  if ((await locks()) > 0) throw new Error("restic does not take the lock for a stale one");
  await restic.succeed(["prune"]);
}

/** Something to wait for, which opens once. */
function gate(): { promise: Promise<void>; resolve(): void } {
  let open: () => void = () => {};
  const promise = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { promise, resolve: () => open() };
}
