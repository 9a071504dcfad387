import { NodeFolderSource } from "../support/node-folder-source.ts";
import { EngineDevice } from "./engine-device.ts";
import { type EngineDisturbance, injectIntoEngine } from "./engine-injection.ts";
import type { Extent, Fault, FaultContext, Injection } from "./fault.ts";
import { type Disturbance, FaultProxy, type SeenRequest } from "./fault-proxy.ts";
import type { FaultWorld, ServerKind } from "./fault-world.ts";

interface RequestFault {
  name: string;
  disturbance: Disturbance;
  least: Record<Extent, number>;
  /** Which of a run's requests it can happen to; by default to every one. */
  applies?(request: SeenRequest): boolean;
  server?: ServerKind;
  mayEnd?: readonly string[];
}

const isUpload = ({ upload }: SeenRequest) => upload > 0;
const isPackUpload = ({ upload, path }: SeenRequest) => upload > 0 && path.startsWith("data/");
const hasAnswer = ({ method, answerLength }: SeenRequest) => method === "GET" && (answerLength ?? 0) > 0;

const faults: readonly RequestFault[] = [
  { name: "request n dropped", disturbance: "drop", least: { full: 35, quick: 4 } },
  { name: "answer n lost", disturbance: "lose-answer", least: { full: 35, quick: 3 } },
  { name: "request n stalled", disturbance: "stall", least: { full: 35, quick: 4 } },
  { name: "answer n stalled half-way", disturbance: "stall-answer", least: { full: 8, quick: 2 }, applies: hasAnswer },
  { name: "answer n cut half-way", disturbance: "cut-answer", least: { full: 8, quick: 2 }, applies: hasAnswer },
  { name: "upload n corrupted", disturbance: "corrupt-upload", least: { full: 23, quick: 3 }, applies: isUpload },
  {
    name: "answer n corrupted",
    disturbance: "corrupt-answer",
    least: { full: 8, quick: 3 },
    applies: hasAnswer,
    // A listing has nothing to check it by: one that names a key or an index that is not there ends the run in order.
    mayEnd: ["stored", "not-found", "wrong-password"],
  },
  { name: "answer to upload n lost", disturbance: "lose-answer", least: { full: 23, quick: 3 }, applies: isUpload },
  {
    name: "the same, append-only server",
    disturbance: "lose-answer",
    least: { full: 23, quick: 3 },
    applies: isUpload,
    server: "append-only",
  },
  { name: "500 at request n", disturbance: { status: 500 }, least: { full: 35, quick: 2 } },
  {
    name: "507 at upload n",
    disturbance: { status: 507 },
    least: { full: 23, quick: 3 },
    applies: isUpload,
    mayEnd: ["storage-full"],
  },
  {
    name: "413 at pack n",
    disturbance: { status: 413 },
    least: { full: 20, quick: 2 },
    applies: isPackUpload,
    mayEnd: ["too-large"],
  },
  {
    name: "login page at request n",
    disturbance: "login-page",
    least: { full: 35, quick: 3 },
    mayEnd: ["stored", "not-a-rest-server"],
  },
];

/** Faults of the network, the server and what is between, one at the n-th request, for every n of a small run. */
export const requestFaults: readonly Fault[] = faults.map((fault) => ({
  name: fault.name,
  driver: "engine",
  least: fault.least,
  plan: (context) => planRequests(context, fault),
}));

async function planRequests(context: FaultContext, fault: RequestFault): Promise<Injection[]> {
  const { extent, random, world } = context;
  const { applies = () => true, disturbance, server = "plain", mayEnd = ["stored"] } = fault;
  const all = (await requestsOfRun(world)).filter(applies);
  const targets = extent === "full" ? all : random.spread(all, fault.least.quick);
  return targets.map((target) => ({
    where: `request ${target.n}, ${target.method} ${target.path.slice(0, 20)}`,
    run: () => injectIntoEngine(context, atRequest(target, { disturbance, server, mayEnd })),
  }));
}

function atRequest(
  { n }: SeenRequest,
  { disturbance, server, mayEnd }: { disturbance: Disturbance; server: ServerKind; mayEnd: readonly string[] },
): EngineDisturbance {
  return { server, mayEnd, network: () => ({ decide: (request) => (request.n === n ? disturbance : "none") }) };
}

const traces = new WeakMap<FaultWorld, Promise<readonly SeenRequest[]>>();

/** The requests of a run that nothing disturbs; measured once. */
export function requestsOfRun(world: FaultWorld): Promise<readonly SeenRequest[]> {
  const known = traces.get(world) ?? traceRun(world);
  traces.set(world, known);
  return known;
}

async function traceRun(world: FaultWorld): Promise<readonly SeenRequest[]> {
  const site = await world.site();
  const proxy = await FaultProxy.start({ upstream: site.server });
  try {
    const url = `${proxy.url}${site.name}/`;
    const run = await new EngineDevice().backUp({ url, source: new NodeFolderSource(world.source) });
    if (run.ended !== "stored") throw new Error("the undisturbed run failed", { cause: run.error });
    return proxy.requests;
  } finally {
    await proxy.close();
    await site.close();
  }
}
