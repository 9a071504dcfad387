import { resolve } from "node:path";
import { checkFloors, formatViolation } from "./check-floors.ts";
import { floors } from "./floors.ts";

const violations = checkFloors(resolve(import.meta.dirname, "../.."), floors);
for (const violation of violations) console.error(formatViolation(violation));
console.log(violations.length === 0 ? "floors: every import goes down" : `floors: ${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
