import type { Backend } from "../../src/core/backend/backend.ts";
import type { Aftermath } from "./aftermath.ts";
import type { AppBench } from "./app-bench.ts";
import type { FaultWorld } from "./fault-world.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** Who backs up while the fault happens. */
export type Driver =
  | "engine" // the repository worker's service in Node
  | "app, worker" // the built app's worker in Chromium, called from a page of the app
  | "app, screens"; // the built app in Chromium, used as a person does

export interface Fault {
  readonly name: string;
  readonly driver: Driver;
  /** How often it has to happen at least, in a full run and in a quick one. */
  readonly least: Readonly<Record<Extent, number>>;
  /** What is to be done, one by one. */
  plan(context: FaultContext): Promise<Injection[]>;
}

export type Extent = "full" | "quick";

export interface FaultContext {
  readonly world: FaultWorld;
  readonly extent: Extent;
  readonly random: SeededRandom;
  /** The built app in its browser, started with the first fault that needs it. */
  bench(): Promise<AppBench>;
  /** A planted defect: stands before the server of every run of the engine. */
  readonly defect?: ((backend: Backend) => Backend) | undefined;
}

/** One planned occurrence of a fault. */
export interface Injection {
  /** At what: "request 17, POST data/ab12…". */
  readonly where: string;
  run(): Promise<Injected>;
}

export interface Injected {
  /** Proved by who injects: the request was disturbed, the process was alive and its backup not done. */
  readonly fired: boolean;
  /** How the disturbed run ended: "stored", or the code of what it failed with. */
  readonly ended: string;
  readonly aftermath: Aftermath;
}
