import { defineConfig } from "@playwright/test";

/** Run by `npm run test:browser`, on the built app: `npm run build` comes first. */
export default defineConfig({
  testDir: ".",
  outputDir: "../../test-results/browser",
  // Real folders, real servers and scrypt: one at a time is quicker than two that wait for each other.
  workers: 1,
  timeout: 300_000,
  expect: { timeout: 30_000 },
  forbidOnly: process.env["CI"] === "true",
  // A test that passes only the second time is a failing test.
  retries: 0,
  // The report that test/run.mjs counts goes where PLAYWRIGHT_JSON_OUTPUT_FILE says.
  reporter: [["list"], ...(process.env["PLAYWRIGHT_JSON_OUTPUT_FILE"] ? [["json"] as ["json"]] : [])],
  use: { actionTimeout: 30_000, trace: "retain-on-failure", screenshot: "only-on-failure" },
});
