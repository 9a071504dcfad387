// `npm test`: brings what the tests need, runs all of them, and ends with the line "N passed, N failed".
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureBuilt, ensureInstalled, runNpm, startNpm } from "../src/server/fresh-clone.mjs";

/** Characters. */
const longestTitle = 300;
const reports = fileURLToPath(new URL("../test-results/reports/", import.meta.url));

ensureInstalled();
ensureBuilt();
let exitCode = runNpm(["exec", "--", "tsx", "test/peers/install.ts"]);

rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });
const runs = [
  vitest("unit"),
  vitest("peers"),
  // Both are chains of programs that wait for one another, and leave a processor to the other.
  ...(await Promise.all([cells(), faults()])),
  playwright(),
];

// Once more at the end, where they are found: the output of a whole run is long, and one failure's may be, too.
for (const { name, failures } of runs) for (const failure of failures) console.log(`FAILED in ${name}: ${failure}`);
for (const { name, failures } of runs) {
  for (const failure of failures) console.log(`failed in ${name}: ${failure.split("\n", 1)[0].slice(0, longestTitle)}`);
}
for (const { name, passed, failed, skipped } of runs) {
  console.log(`${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} SKIPPED` : ""}`);
}
const passed = runs.reduce((sum, run) => sum + run.passed, 0);
const failed = runs.reduce((sum, run) => sum + run.failed, 0);
if (failed > 0) exitCode = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = exitCode;

function vitest(name) {
  const file = `${reports}${name}.json`;
  const code = runNpm([
    "run",
    `test:${name}`,
    "--",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  return counted(name, code, file, (report) => ({
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
    failures: report.testResults.flatMap(({ name: testFile, message, assertionResults }) => [
      ...(message ? [`${testFile}: ${message}`] : []),
      ...assertionResults
        .filter(({ status }) => status === "failed")
        .map(({ fullName, failureMessages }) => `${testFile}: ${fullName}\n${failureMessages.join("\n")}`),
    ]),
  }));
}

/** Holdall against every real restic and server, in both formats; `npm run test:interop` takes each with each. */
async function cells() {
  const file = `${reports}interop.json`;
  const code = await startNpm(["run", "test:interop", "--", "--few", "--report", file]);
  return counted("interop", code, file, ({ passed, failed }) => ({ passed, failed, skipped: 0, failures: [] }));
}

/** Some of each of the faults that `npm run test:faults` injects by the hundred. */
async function faults() {
  const file = `${reports}faults.json`;
  const code = await startNpm(["run", "test:faults", "--", "--quick", "--report", file]);
  return counted("faults", code, file, ({ passed, failed, failures }) => ({ passed, failed, skipped: 0, failures }));
}

/** All but what says with other settings what another test says, and takes its time: `npm run test:browser` has all. */
function playwright() {
  const file = `${reports}browser.json`;
  const code = runNpm(["run", "test:browser"], { HOLDALL_LONG_TESTS: "no", PLAYWRIGHT_JSON_OUTPUT_FILE: file });
  return counted("browser", code, file, ({ stats, suites }) => ({
    passed: stats.expected,
    failed: stats.unexpected + stats.flaky,
    skipped: stats.skipped,
    failures: suites.flatMap(browserFailures),
  }));
}

function browserFailures({ file, specs = [], suites = [] }) {
  const own = specs.flatMap(({ title, ok, tests }) => {
    const messages = tests.flatMap(({ results }) =>
      results.flatMap(({ errors }) => errors.map((error) => error.message)),
    );
    return ok ? [] : [`${file}: ${title}\n${messages.join("\n")}`];
  });
  return [...own, ...suites.flatMap(browserFailures)];
}

/** A run that failed as a whole (no report, or a file that could not even be loaded) counts as one failure. */
function counted(name, code, file, read) {
  const counts = readReport(file, read);
  return { name, ...counts, failed: code !== 0 ? Math.max(1, counts.failed) : counts.failed };
}

function readReport(file, read) {
  try {
    return read(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    console.error(`no report of the run: ${error.message}`);
    return { passed: 0, failed: 1, skipped: 0, failures: [] };
  }
}
