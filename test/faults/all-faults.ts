import { appFaults } from "./app-faults.ts";
import { deathFaults } from "./death-faults.ts";
import type { Fault } from "./fault.ts";
import { requestFaults } from "./request-faults.ts";
import { serverFaults } from "./server-faults.ts";
import { sleepFaults } from "./sleep-faults.ts";
import { sourceFaults } from "./source-faults.ts";

/** The fixed list. */
export const allFaults: readonly Fault[] = [
  ...appFaults,
  ...deathFaults,
  ...requestFaults,
  ...serverFaults,
  ...sourceFaults,
  ...sleepFaults,
];
