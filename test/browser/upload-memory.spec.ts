import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { runText } from "../../src/ui/text/run.ts";
import { snapshotsText } from "../../src/ui/text/snapshots.ts";
import { browserProcess } from "./browser-process.ts";
import { expect, test } from "./fixture.ts";
import { writeNoise } from "./noise-file.ts";
import { createRepository, installShell, startBackup } from "./steps.ts";

/** Enough to tell "all of it" from "what is on its way"; HOLDALL_UPLOAD_MEBIBYTES asks for more. */
const uploadMebibytes = Number(process.env["HOLDALL_UPLOAD_MEBIBYTES"] ?? "512");

// Chromium's browser process holds whatever a worker uploads that a service worker controls.
for (const { name, prepare, isHeld, tag } of [
  { name: "with the app's shell", prepare: installShell, isHeld: false, tag: [] },
  // Were it otherwise, the other one would show nothing.
  { name: "were the workers controlled by the shell", prepare: controlEverything, isHeld: true, tag: "@control" },
]) {
  const title = `${name}, the browser ${isHeld ? "would hold" : "does not hold"} what is uploaded`;
  test(title, { tag }, async ({ page, server, workFolder }) => {
    test.skip(process.platform !== "linux", "processes are measured by /proc");
    const source = join(workFolder, "Documents");
    await mkdir(source);
    await writeNoise(join(source, "noise"), uploadMebibytes);
    await page.goto("/");
    await prepare(page);
    await createRepository(page, server, "upload-memory", "password of this test");
    await page.getByRole("link", { name: snapshotsText.emptyAction }).click();

    const browser = browserProcess();
    const before = heldMebibytes(browser);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, heldMebibytes(browser))), 200);
    await startBackup(page, source, "kitchen-browser");
    await expect(page.getByRole("heading", { name: runText.done("Documents") })).toBeVisible({ timeout: 250_000 });
    clearInterval(watch);

    const figures = `${uploadMebibytes} MiB uploaded ${name}: the browser process grew by ${most - before} MiB`;
    console.log(figures);
    if (isHeld) expect(most - before, figures).toBeGreaterThan(uploadMebibytes * 0.7);
    else expect(most - before, figures).toBeLessThan(uploadMebibytes * 0.6);
  });
}

/** The page's registration alone, as it would be without the one that keeps the assets to itself. */
async function controlEverything(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await navigator.serviceWorker.register("sw.js", { scope: "./" });
    await navigator.serviceWorker.ready;
  });
}

/** Its share of memory, as Linux counts it. */
function heldMebibytes(pid: number): number {
  const [, kibibytes] = /^Pss: +(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1")) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}
