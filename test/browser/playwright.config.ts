import { defineConfig } from "@playwright/test";

/** Tests of the tests: what is not seen without a fault is seen with it. `npm run test:planted` runs them. */
const controls = /@control/;
/**
 * `npm test` leaves out what says with other settings what another test says. A filter on the command line would not do it:
 * it does not reach the tests that others wait for.
 */
const leftOut = process.env["HOLDALL_LONG_TESTS"] === "no" ? /@control|@long/ : controls;
const alone = /(memory|two-tabs)\.spec\.ts$/;

/** Run by `npm run test:browser`, on the built app: `npm run build` comes first. */
export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results/browser",
  // Each file has servers, folders and a browser of its own. One more than there are processors: some always wait.
  workers: 3,
  projects: [
    { name: "screens", testIgnore: alone, grepInvert: leftOut },
    // What measures the whole browser's memory, or needs every moment in time, has the machine for itself.
    { name: "alone", testMatch: alone, grepInvert: leftOut, workers: 1, dependencies: ["screens"] },
    { name: "controls", grep: controls, workers: 1 },
  ],
  timeout: 300_000,
  expect: { timeout: 30_000 },
  forbidOnly: process.env["CI"] === "true",
  // A test that passes only the second time is a failing test.
  retries: 0,
  // The report that test/run.mjs counts goes where PLAYWRIGHT_JSON_OUTPUT_FILE says.
  reporter: [["list"], ...(process.env["PLAYWRIGHT_JSON_OUTPUT_FILE"] ? [["json"] as ["json"]] : [])],
  // To see how a test came to fail: --trace retain-on-failure. It costs a good part of the time of every test.
  use: { actionTimeout: 30_000, trace: "off", screenshot: "only-on-failure" },
});
